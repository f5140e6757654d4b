// What a claim says of its holder, whoever wrote it.

#include "fuzz.h"

#include "lock/claims.h"

using namespace mdimappend;
using fuzzing::expect;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    const std::string text(reinterpret_cast<const char *>(bytes), size);
    const Claim claim = parseClaim(7, text);
    expect(claim.number == 7, "the number is not the text's");
    expect(claim.lease >= shortestLease && claim.lease <= longestLease,
           "a lease ends");
    expect(parseClaim(7, toText(claim)) == claim,
           "it is read as it is written");
    expect(!endOf(claim).empty() && !claim.holder.describe().empty(),
           "it can be told");
    return 0;
}

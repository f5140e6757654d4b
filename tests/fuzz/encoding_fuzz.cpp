// Texts of --encoding, one on each line: what is understood is shown in the
// names of a settings file, and means the same when it is read again.

#include "fuzz.h"

#include "settings/encoding.h"
#include "settings/settings.h"

using namespace mdimappend;
using fuzzing::expect;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    auto rest = fuzzing::inputText(bytes, size);
    Encodings encodings;
    while (!rest.empty())
    {
        const auto parsed =
            parseEncoding(std::string(fuzzing::takeLine(rest)), encodings);
        if (!parsed)
            return 0;
    }
    for (const auto &[name, encoding] : encodings)
    {
        const Json shown = encodingJson(encoding);
        ArrayEncoding again;
        std::vector<std::string> warnings;
        EncodingReading reading{again, warnings};
        const auto read = readEncoding(Value(shown, "shown"), reading);
        expect(bool(read), read.message().c_str());
        expect(sameJson(encodingJson(again), shown),
               "what is shown means the same");
    }
    return 0;
}

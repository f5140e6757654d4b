// What a slice's name says of the file that it is in.

#include "fuzz.h"

#include "slice/slice_name.h"

using namespace mdimappend;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    const std::string name(fuzzing::inputText(bytes, size));
    parseNetcdfName(name);
    archiveOf(fileOf(name));
    return 0;
}

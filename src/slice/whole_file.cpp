// Reads a document of a slice as a whole, if it is no longer than documents
// are.

#include "slice/whole_file.h"

#include "storage/storage.h"

#include <cpl_vsi.h>

#include <memory>

namespace mdimappend
{

std::optional<std::string> readWholeFile(const std::string &path)
{
    GByte *bytes = nullptr;
    vsi_l_offset size = 0;
    if (!VSIIngestFile(nullptr, path.c_str(), &bytes, &size,
                       static_cast<GIntBig>(largestDocument)))
        return std::nullopt;
    const std::unique_ptr<GByte, decltype(&VSIFree)> owned(bytes, VSIFree);
    return std::string(reinterpret_cast<const char *>(bytes), size);
}

}  // namespace mdimappend

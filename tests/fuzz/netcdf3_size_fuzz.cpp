// The size that the header of a classic netCDF file gives.

#include "fuzz.h"

#include "slice/netcdf3_size.h"

#include <cpl_vsi.h>

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    const char *const path = "/vsimem/header.nc";
    VSIFCloseL(VSIFileFromMemBuffer(path, const_cast<GByte *>(bytes), size,
                                    /* bTakeOwnership = */ FALSE));
    mdimappend::netcdf3Size(path);
    VSIUnlink(path);
    return 0;
}

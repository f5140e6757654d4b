// Tells GDAL's deletion of what a copy replaces from one that somebody asked
// for.

#include "deletion_before_copy.h"

#include "target_name.h"

#include <cpl_error.h>

#include <string>

namespace mdimappend
{

namespace
{

struct Announced
{
    std::string name{};
    bool lookedFor = false;
};

thread_local Announced announced;

}  // namespace

bool isOpenedBeforeCopy(const GDALOpenInfo &info)
{
    const bool opened = info.IsSingleAllowedDriver(DRIVER_NAME) &&
                        (info.nOpenFlags & GDAL_OF_VERBOSE_ERROR) == 0 &&
                        CPLGetErrorHandler(nullptr) == CPLQuietErrorHandler;
    if (opened)
        announced = {info.pszFilename, false};
    return opened;
}

bool isLookedForBeforeCopy(const GDALOpenInfo &info)
{
    announced.lookedFor = announced.name == info.pszFilename;
    if (!announced.lookedFor)
        announced = {};
    return announced.lookedFor;
}

bool isDeletedBeforeCopy(const char *name)
{
    const bool expected = announced.lookedFor && announced.name == name;
    announced = {};
    return expected;
}

}  // namespace mdimappend

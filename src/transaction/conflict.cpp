// What a human is told of a conflict before anything was changed.

#include "transaction/conflict.h"

namespace mdimappend
{

Status conflict(const std::string &what)
{
    return {Failure::Conflict,
            "conflict: " + what +
                ". Somebody else wrote to the store meanwhile. Nothing was "
                "changed, and nothing will be. Look at it; then `gdal driver "
                "mdimappend recover --set-aside` lets appending go on with "
                "the store as it is"};
}

}  // namespace mdimappend

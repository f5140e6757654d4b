// As Linux tells it.

#include "storage/boot_id.h"

#include <fstream>

namespace mdimappend
{

std::string bootId()
{
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(file, id);
    return id;
}

}  // namespace mdimappend

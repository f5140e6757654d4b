// Takes the prefix of a driver from a target's name.

#include "storage/target_name.h"

#include <cpl_string.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace mdimappend
{

namespace
{

/// Of "cube.zarr:/air" without quotation marks, where the array begins; the
/// colon of a scheme is followed by two slashes.
std::size_t arrayIn(const std::string &path)
{
    auto colon = path.find(":/");
    while (colon != path.npos && path.compare(colon, 3, "://") == 0)
        colon = path.find(":/", colon + 1);
    return colon;
}

bool isWord(std::string_view text)
{
    return std::ranges::all_of(text,
                               [](char c)
                               {
                                   return (c >= 'a' && c <= 'z') ||
                                          (c >= 'A' && c <= 'Z') || c == '_';
                               });
}

/// The path in "file:///d/cube.zarr".
std::string withoutScheme(const std::string &name)
{
    constexpr std::string_view scheme = "file://";
    return EQUALN(name.c_str(), scheme.data(), scheme.size()) &&
                   name.substr(scheme.size()).starts_with('/')
               ? name.substr(scheme.size())
               : name;
}

/// A folder of such a name is hardly meant: "NETCDF:a.nc", "file:cube.zarr".
Status checkNoPrefix(const std::string &name)
{
    const auto colon = name.find(':');
    std::error_code code;
    if (colon == name.npos || name.find('/') < colon || colon < 2 ||
        name.compare(colon, 3, "://") == 0 || !isWord(name.substr(0, colon)) ||
        std::filesystem::exists(name, code))
        return Status::ok();
    return {Failure::Usage,
            "the target '" + name + "' has the prefix '" +
                name.substr(0, colon + 1) +
                "', which is none of a target (ZARR:, MDIMAPPEND:, file:///, "
                "s3:// and other schemes). './" +
                name + "' is a folder of that name. Nothing was written."};
}

}  // namespace

Result<DriverName> parseDriverName(const std::string &name, std::size_t prefix)
{
    DriverName parts;
    parts.path = name.substr(prefix);
    if (!parts.path.starts_with('"'))
        return parts;
    const auto end = parts.path.find('"', 1);
    if (end == std::string::npos)
        return Status(Failure::Usage, "'" + name + "' lacks a quotation mark");
    parts.array = parts.path.substr(end + 1);
    parts.path = parts.path.substr(1, end - 1);
    return parts;
}

Result<std::string> targetPath(const std::string &name)
{
    constexpr std::array<std::string_view, 2> prefixes = {"ZARR:",
                                                          "MDIMAPPEND:"};
    for (const auto prefix : prefixes)
    {
        if (!EQUALN(name.c_str(), prefix.data(), prefix.size()))
            continue;
        MDIMAPPEND_ASSIGN(const DriverName parts,
                          parseDriverName(name, prefix.size()));
        if (parts.path.empty())
            return Status(Failure::Usage, "the target '" + name +
                                              "' names no store. Nothing was "
                                              "written.");
        const auto inner = arrayIn(parts.path);
        if (!parts.array.empty() || inner != parts.path.npos)
            return Status(Failure::Usage,
                          "the target '" + name +
                              "' is an array of a store. Name the store alone, "
                              "'" +
                              parts.path.substr(0, inner) +
                              "', and its groups by --group. Nothing was "
                              "written.");
        // Earlier versions made folders of such names.
        std::error_code code;
        if (std::filesystem::exists(name, code))
            return Status(
                Failure::Usage,
                "the target '" + name + "' means the store '" + parts.path +
                    "', but there is also a folder of that whole "
                    "name. Say which: '" +
                    parts.path + "' or './" + name + "'. Nothing was written.");
        return targetPath(parts.path);
    }
    MDIMAPPEND_RETURN_IF_ERROR(checkNoPrefix(name));
    return withoutScheme(name);
}

}  // namespace mdimappend

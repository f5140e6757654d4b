// Takes the names of slices apart: the file in a subdataset's name, the archive
// around a file.

#include "slice/slice_name.h"

#include "vsi/paths.h"

#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>

#include <array>
#include <memory>
#include <regex>
#include <string_view>

namespace mdimappend
{

namespace
{

/// What is longer is content, not a name; std::regex recurses on its length.
constexpr std::size_t longestName = 8192;

/// What the driver that made the name knows of it.
std::string fileOfSubdataset(const std::string &name)
{
    const std::unique_ptr<GDALSubdatasetInfo,
                          decltype(&GDALDestroySubdatasetInfo)>
        parts(GDALGetSubdatasetInfo(name.c_str()), GDALDestroySubdatasetInfo);
    if (!parts)
        return {};
    char *file = GDALSubdatasetInfoGetPathComponent(parts.get());
    std::string path = file ? file : "";
    CPLFree(file);
    return path;
}

/// ZARR:"file", ZARR:/file, ZARR:file, and others whose drivers keep what they
/// know of their names to themselves.
std::string fileAfterPrefix(const std::string &name)
{
    static const std::regex form(
        "[A-Za-z0-9_]{2,}:(?:\"([^\"]+)\".*|(/[^/:?\"][^:?\"]*))");
    static const std::regex relative("ZARR:([^/:?\"][^:?\"]*)",
                                     std::regex::icase);
    std::smatch match;
    if (std::regex_match(name, match, relative))
        return match[1];
    if (!std::regex_match(name, match, form))
        return {};
    return match[1].matched ? match[1] : match[2];
}

/// "a.zip" of "a.zip/b.nc" and of "{a.zip}/b.nc". Told by its extension, as
/// GDAL does: it need not be there yet.
std::string outermostArchive(std::string path)
{
    if (path.starts_with('{'))
        return path.substr(1, path.find('}') - 1);
    static const std::regex extension(
        "\\.(zip|kmz|dwf|ods|xls[xm]|tar|tgz|tar\\.gz|7z|[lm]pkx?|rar)(?=/)",
        std::regex::icase);
    std::smatch match;
    if (std::regex_search(path, match, extension))
        path.resize(
            static_cast<std::size_t>(match.position() + match.length()));
    // GDAL takes /vsizip/vsicurl/... as well as /vsizip//vsicurl/...
    return path.starts_with("vsi") ? "/" + path : path;
}

}  // namespace

std::optional<NetcdfName> parseNetcdfName(const std::string &name)
{
    const std::string prefix = "NETCDF:";
    const std::size_t colon = name.rfind(':');
    if (!STARTS_WITH_CI(name.c_str(), prefix.c_str()) || colon < prefix.size())
        return {};
    std::string file = name.substr(prefix.size(), colon - prefix.size());
    if (file.size() > 1 && file.front() == '"' && file.back() == '"')
        file = file.substr(1, file.size() - 2);
    return NetcdfName{file, name.substr(colon + 1)};
}

Status checkNotInside(const std::string &name)
{
    // Two slashes after a colon are an address's.
    static const std::regex form("ZARR:(?:\"([^\"]+)\"|([^:\"]+)):(/[^/].*)",
                                 std::regex::icase);
    std::smatch match;
    if (name.size() > longestName || !std::regex_match(name, match, form))
        return Status::ok();
    const std::string store = match[1].matched ? match[1] : match[2];
    std::string inside = match[3];
    while (inside.ends_with('/'))
        inside.pop_back();
    const auto slash = inside.rfind('/');
    return refused("it names something inside a store, and a slice is a whole "
                   "group. Name the folder of the group, '" +
                   store + inside + "'; or, if that is an array, '" + store +
                   inside.substr(0, slash) + "' with --array " +
                   inside.substr(slash + 1) + ".");
}

bool isPlainName(const std::string &name)
{
    return !name.empty() && name.size() <= longestName &&
           name.find(':') == std::string::npos && !name.starts_with("/vsi");
}

std::string fileOf(const std::string &name)
{
    if (name.size() > longestName)
        return name;
    std::string file;
    if (const auto netcdf = parseNetcdfName(name))
        file = netcdf->file;
    if (file.empty())
        file = fileOfSubdataset(name);
    if (file.empty())
        file = fileAfterPrefix(name);
    file = vsiPath(file.empty() ? name : file);
    while (file.size() > 1 && file.back() == '/')
        file.pop_back();
    return file;
}

std::string archiveOf(const std::string &file)
{
    constexpr std::array<std::string_view, 5> archives = {
        "/vsizip/", "/vsitar/", "/vsigzip/", "/vsi7z/", "/vsirar/"};
    for (const std::string_view prefix : archives)
        if (file.starts_with(prefix) && file.size() <= longestName)
        {
            const std::string inside =
                outermostArchive(file.substr(prefix.size()));
            const std::string outer = archiveOf(inside);
            return outer.empty() ? inside : outer;
        }
    return {};
}

}  // namespace mdimappend

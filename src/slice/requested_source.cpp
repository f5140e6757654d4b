// Spells a request out, and opens the source.

#include "slice/requested_source.h"

#include "slice/fingerprint.h"
#include "slice/open_source.h"
#include "slice/slice_name.h"
#include "slice/source_group.h"
#include "slice/zarr_fetch.h"
#include "vsi/paths.h"
#include "zarr/array_document.h"

#include <string_view>

namespace mdimappend
{

namespace
{

constexpr const char *nothingWritten = " Nothing was written.";

/// What joins the name of a slice and what is wrong with it.
const char *jointTo(std::string_view what)
{
    if (what.starts_with("array '"))
        return ", ";
    const auto verb = what.substr(0, what.find(' '));
    return verb == "cannot" || verb == "has" || verb == "is" ? " " : ": ";
}

/// Whether GDAL is to read the files through ours.
bool isChecked(const SourceAddress &address)
{
    return CheckedFiles::areNeeded(address.file) &&
           !CheckedFiles(address.file, nullptr).nameFor(address.path).empty();
}

RequestedSource spellOut(const SliceRequest &request)
{
    RequestedSource spelled{request};
    SourceAddress &address = spelled.address;
    address.path = request.name;
    address.borrowed = request.dataset;
    if (const auto netcdf = parseNetcdfName(request.name);
        netcdf && !request.dataset)
    {
        address.path = netcdf->file;
        spelled.request.name = netcdf->file;
        spelled.request.arrays.push_back(netcdf->array);
        spelled.request.allowedDrivers = {"netCDF"};
    }
    address.path = vsiPath(address.path);
    address.file = fileOf(request.name);
    for (const std::string &option : request.openOptions)
        address.openOptions.AddString(option.c_str());
    if (spelled.request.name.empty() && request.dataset)
        spelled.request.name = request.dataset->GetDescription();
    return spelled;
}

}  // namespace

Result<RequestedSource> openRequested(const SliceRequest &request)
{
    RequestedSource source = spellOut(request);
    SourceAddress &address = source.address;
    if (!request.dataset)
        MDIMAPPEND_RETURN_IF_ERROR(checkNotInside(source.request.name));
    MDIMAPPEND_ASSIGN(address.group, groupPath(request.group));
    MDIMAPPEND_ASSIGN(address.config,
                      configOf(source.request.name, request.config));
    // One more, so that a text that is cut is found out: by itself the driver
    // cuts at 256, silently.
    address.config.SetNameValue(
        "ZARR_VLEN_STRING_MAX_LENGTH",
        std::to_string(longestVariableText + 1).c_str());
    const SourceConfig configured(address);
    // It is taken before anything is read, so that what changes from here on is
    // noticed.
    FoundState found =
        request.dataset ? FoundState() : stateOf(address.file, address.group);
    if (found.folder)
        fetchDocuments(*found.folder, address.group);
    source.fingerprint = std::move(found.fingerprint);
    address.folder = std::move(found.folder);
    address.seen = std::make_shared<SeenFiles>();
    address.checked = !request.dataset && isChecked(address);
    MDIMAPPEND_ASSIGN(source.dataset,
                      request.dataset
                          ? borrowSource(*request.dataset, address.group)
                          : openFirst(address, source.request.allowedDrivers));
    return source;
}

Status aboutSlice(const Status &status, const std::string &name)
{
    return {status.kind(), "slice '" + name + "'" + jointTo(status.message()) +
                               status.message() + nothingWritten};
}

}  // namespace mdimappend

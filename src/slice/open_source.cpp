// Opens the dataset of a slice with GDAL, for the first time or again, and says
// what a file may be that no driver opens.

#include "slice/open_source.h"

#include "slice/gdal_messages.h"
#include "slice/hdf5_check.h"
#include "slice/hdf5_file.h"
#include "slice/netcdf3_size.h"
#include "slice/netcdf4_file.h"
#include "slice/not_data.h"
#include "slice/zarr_references.h"
#include "trace.h"
#include "vsi/paths.h"

#include <sys/stat.h>

namespace mdimappend
{

namespace
{

/// Opens `address` into `source`, through files of ours where it says so.
void openWith(SourceDataset &source, const SourceAddress &address,
              const std::vector<std::string> &drivers, bool multidim)
{
    source.owned.reset();
    source.files.reset();
    std::string name = address.path;
    if (address.checked)
    {
        source.files = std::make_unique<CheckedFiles>(
            address.file, address.seen, address.folder);
        name = source.files->nameFor(name);
        source.folder = address.folder;
    }
    CPLStringList allowed;
    for (const std::string &driver : drivers)
        allowed.AddString(driver.c_str());
    const unsigned flags =
        (multidim ? GDAL_OF_MULTIDIM_RASTER : GDAL_OF_RASTER) |
        GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR;
    // GDAL's driver does so where it is first used; libhdf5 prints in each
    // thread.
    if (isHdf5ThreadSafe())
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    source.owned.reset(GDALDataset::Open(
        name.c_str(), flags, allowed.empty() ? nullptr : allowed.List(),
        address.openOptions.List(), nullptr));
}

bool saysNothing(const std::string &message)
{
    return message.empty() ||
           message.find("not recognized as") != std::string::npos;
}

/// A file that its own header calls longer is cut off.
Status checkComplete(const std::string &path)
{
    const auto expected = netcdf3Size(path);
    VSIStatBufL state;
    if (!expected || VSIStatL(path.c_str(), &state) != 0 ||
        static_cast<std::uint64_t>(state.st_size) >= *expected)
        return Status::ok();
    return unavailable(
        "is truncated: it has " + std::to_string(state.st_size) + " bytes" +
        (*expected == UINT64_MAX
             ? ", and its header is damaged."
             : ", its header says " + std::to_string(*expected) + "."));
}

/// A device may have no end, and opening a FIFO waits for whoever writes to it.
Status checkIsFile(const std::string &path)
{
    struct stat state;
    if (path.starts_with("/vsi") || ::stat(path.c_str(), &state) != 0 ||
        S_ISREG(state.st_mode) || S_ISDIR(state.st_mode))
        return Status::ok();
    return unavailable("is neither a file nor a folder.");
}

/// Whether the root group, or one in it, is what is meant: classic datasets
/// have none, or one without arrays.
std::shared_ptr<GDALGroup> rootOf(GDALDataset &dataset,
                                  const std::string &group)
{
    auto root = dataset.GetRootGroup();
    if (root && group.empty() && root->GetMDArrayNames().empty() &&
        dataset.GetRasterCount() > 0)
        root.reset();
    return root;
}

void useOwned(SourceDataset &source, bool multidim)
{
    source.dataset = source.owned.get();
    if (multidim)
        source.root = source.dataset->GetRootGroup();
}

/// As GDAL is to open it. Nothing if it was not looked through.
Result<std::optional<CheckedHdf5>>
checkBeforeOpening(const SourceAddress &address)
{
    if (isVirtual(address.file) && !hasNetcdfName(address.file))
        return std::optional<CheckedHdf5>();
    std::unique_ptr<CheckedFiles> files;
    if (address.checked)
        files = std::make_unique<CheckedFiles>(address.file, address.seen);
    auto checked =
        checkHdf5(files ? files->nameFor(address.file) : address.file);
    if (files)
        MDIMAPPEND_RETURN_IF_ERROR(files->failure());
    MDIMAPPEND_ASSIGN(std::optional<CheckedHdf5> known, std::move(checked));
    return known;
}

/// What was opened is complete, and leads to no files elsewhere.
Status accept(SourceDataset &source, SourceAddress &address,
              const GdalMessages &messages)
{
    if (!messages.unreadable().empty())
        return unavailable("is truncated: " + messages.unreadable() + ".");
    if (GDALDriver *driver = source.owned->GetDriver())
        address.driver = driver->GetDescription();
    if (address.driver == "Zarr")
        MDIMAPPEND_RETURN_IF_ERROR(checkReferences(
            address.folder && source.files ? source.files->nameFor(address.file)
                                           : address.file));
    if (callsHdf5(address.driver))
    {
        // A file that was still being written may be complete by now.
        if (!source.hdf5 || source.hdf5->kind == Hdf5Kind::Unopened)
        {
            MDIMAPPEND_ASSIGN(
                source.hdf5,
                checkHdf5(address.checked ? source.files->nameFor(address.file)
                                          : address.file));
        }
        MDIMAPPEND_RETURN_IF_ERROR(checkWasSearched(*source.hdf5));
    }
    useOwned(source, address.multidim);
    trace(address.file, "opened by GDAL's ", address.driver, " driver, ",
          address.multidim ? "multidimensional" : "as a raster",
          address.checked ? ", through files of ours" : "");
    return Status::ok();
}

/// Asks first whom the file's content is for, where GDAL goes by its name.
void openMultidim(SourceDataset &source, const SourceAddress &address,
                  const std::vector<std::string> &drivers)
{
    if (source.hdf5 && source.hdf5->kind == Hdf5Kind::Hdf5 && drivers.empty() &&
        address.path == address.file &&
        isNetcdf4ByAnotherName(address.file, address.group))
    {
        const GdalMessages quiet;
        openWith(source, address, {"netCDF"}, true);
    }
    if (!source.owned)
        openWith(source, address, drivers, true);
}

}  // namespace

Result<SourceDataset> openFirst(SourceAddress &address,
                                const std::vector<std::string> &drivers)
{
    SourceDataset source;
    MDIMAPPEND_RETURN_IF_ERROR(checkIsFile(address.file));
    MDIMAPPEND_RETURN_IF_ERROR(checkMayBeRead(address.file));
    if (!address.folder)
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkComplete(address.file));
        MDIMAPPEND_ASSIGN(source.hdf5, checkBeforeOpening(address));
    }
    GdalMessages messages;
    openMultidim(source, address, drivers);
    MDIMAPPEND_RETURN_IF_ERROR(source.failure());
    if (!source.owned)
    {
        const std::string first = messages.failure("");
        messages.clear();
        address.multidim = false;
        openWith(source, address, drivers, false);
        MDIMAPPEND_RETURN_IF_ERROR(source.failure());
        if (!source.owned && address.checked)
        {
            // Some drivers know remote files by their names, or leave them to
            // a library.
            trace(address.file, "no driver opens it through files of ours; "
                                "asked again with GDAL's own");
            address.checked = false;
            address.multidim = true;
            return openFirst(address, drivers);
        }
        if (!source.owned)
        {
            const std::string second = messages.failure("");
            const std::string why = saysNothing(second) ? first : second;
            return cannotBeOpened(address.file, why);
        }
    }
    MDIMAPPEND_RETURN_IF_ERROR(accept(source, address, messages));
    return source;
}

SourceDataset borrowSource(GDALDataset &dataset, const std::string &group)
{
    SourceDataset source;
    source.dataset = &dataset;
    source.root = rootOf(dataset, group);
    return source;
}

Result<SourceDataset> openSource(const SourceAddress &address)
{
    if (address.borrowed)
        return borrowSource(*address.borrowed, address.group);
    GdalMessages messages;
    SourceDataset source;
    std::vector<std::string> drivers;
    if (!address.driver.empty())
        drivers.push_back(address.driver);
    openWith(source, address, drivers, address.multidim);
    if (auto failure = source.failure(); !failure)
        return std::move(failure).prefixed("slice '" + address.path + "'");
    if (!source.owned)
        return unavailable("slice '" + address.path +
                           "' cannot be opened again: " +
                           messages.failure("no driver knows it") + ".");
    useOwned(source, address.multidim);
    trace(address.file, "opened again by GDAL's ", address.driver, " driver");
    return source;
}

}  // namespace mdimappend

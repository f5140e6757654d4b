// Opens a slice: as multidimensional if a driver can, else as a raster.

#include "slice/fingerprint.h"
#include "slice/gdal_messages.h"
#include "slice/hdf5_file.h"
#include "slice/hdf5_references.h"
#include "slice/netcdf3_size.h"
#include "slice/slice_name.h"
#include "slice/slice_source.h"
#include "slice/zarr_references.h"
#include "vsi/vsi_file.h"

#include <algorithm>
#include <sys/stat.h>

namespace mdimappend
{

namespace
{

constexpr const char *nothingWritten = " Nothing was written.";

Status unavailable(std::string message)
{
    return {Failure::Unavailable, std::move(message)};
}

/// Opens `address` into `source`, through files of ours where it says so.
void openWith(SourceDataset &source, const SourceAddress &address,
              const std::vector<std::string> &drivers, bool multidim)
{
    source.owned.reset();
    source.files.reset();
    std::string name = address.path;
    if (address.checked)
    {
        source.files =
            std::make_unique<CheckedFiles>(address.file, address.seen);
        name = source.files->nameFor(name);
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

/// What a file that no driver opens may be.
std::string hint(const std::string &path)
{
    VSIStatBufL state;
    if (VSIStatL(path.c_str(), &state) == 0 && VSI_ISDIR(state.st_mode))
        return " It is a folder.";
    VsiFile file = VsiFile::open(path);
    GByte start[8] = {};
    if (!file)
        return {};
    if (file.read(start, sizeof start) == 0)
        return " The file is empty.";
    if (std::string_view(reinterpret_cast<char *>(start), 8) ==
        "\x89HDF\r\n\x1a\n")
        return " It begins as an HDF5 or netCDF-4 file: it may be incomplete.";
    return {};
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

/// Whether the root group is what is meant: classic datasets have none, or one
/// without arrays.
std::shared_ptr<GDALGroup> rootOf(GDALDataset &dataset)
{
    auto root = dataset.GetRootGroup();
    if (root && root->GetMDArrayNames().empty() && dataset.GetRasterCount() > 0)
        root.reset();
    return root;
}

/// The first opening, which settles `address`.
Result<SourceDataset> openFirst(SourceAddress &address,
                                const std::vector<std::string> &drivers)
{
    SourceDataset source;
    MDIMAPPEND_RETURN_IF_ERROR(checkIsFile(address.file));
    MDIMAPPEND_RETURN_IF_ERROR(checkComplete(address.file));
    GdalMessages messages;
    openWith(source, address, drivers, true);
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
            address.checked = false;
            address.multidim = true;
            return openFirst(address, drivers);
        }
        if (!source.owned)
        {
            const std::string second = messages.failure("");
            const std::string why = saysNothing(second) ? first : second;
            return unavailable("cannot be opened: " +
                               (why.empty() ? "no driver knows it" : why) +
                               "." + hint(address.file));
        }
    }
    if (!messages.unreadable().empty())
        return unavailable("is truncated: " + messages.unreadable() + ".");
    if (GDALDriver *driver = source.owned->GetDriver())
        address.driver = driver->GetDescription();
    if (address.driver == "Zarr")
        MDIMAPPEND_RETURN_IF_ERROR(checkReferences(address.file));
    MDIMAPPEND_RETURN_IF_ERROR(checkHdf5References(
        address.checked ? source.files->nameFor(address.file) : address.file,
        address.driver));
    source.dataset = source.owned.get();
    if (address.multidim)
        source.root = source.dataset->GetRootGroup();
    return source;
}

Result<SourceDataset> borrow(GDALDataset &dataset)
{
    SourceDataset source;
    source.dataset = &dataset;
    source.root = rootOf(dataset);
    return source;
}

/// Whether GDAL is to read the files through ours.
bool isChecked(const SourceAddress &address)
{
    return CheckedFiles::areNeeded(address.file) &&
           !CheckedFiles(address.file, nullptr).nameFor(address.path).empty();
}

class OpenSlice final : public Slice
{
  public:
    OpenSlice(std::shared_ptr<const SliceState> state,
              AppendDimension dimension, Json attributes,
              std::string fingerprint)
        : m_state(std::move(state)), m_dimension(std::move(dimension)),
          m_attributes(std::move(attributes)),
          m_fingerprint(std::move(fingerprint))
    {
        for (const SourceArray &source : m_state->sources)
            m_arrays.push_back(source.array);
    }

    const std::string &name() const override
    {
        return m_state->name;
    }

    const std::string &appendDim() const override
    {
        return m_dimension.name;
    }

    const std::vector<SliceArray> &arrays() const override
    {
        return m_arrays;
    }

    const Json &attributes() const override
    {
        return m_attributes;
    }

    std::uint64_t size() const override
    {
        return m_dimension.size;
    }

    const std::optional<GivenLabel> &givenLabel() const override
    {
        return m_dimension.label;
    }

    Result<std::unique_ptr<SliceReader>> reader() const override
    {
        if (fingerprint() != m_fingerprint)
            return unavailable("slice '" + name() +
                               "': changed since it was opened.");
        return openReader(m_state);
    }

    void closeFiles() const override
    {
        const std::lock_guard guard(m_state->idleLock);
        m_state->idle.clear();
    }

    std::string fingerprint() const override
    {
        const SourceAddress &address = m_state->address;
        if (address.borrowed)
            return {};
        const SourceConfig configured(address);
        return fingerprintOf(address.file);
    }

    std::string changed() const override
    {
        if (fingerprint() != m_fingerprint)
            return m_state->address.file;
        return m_state->address.seen->changed();
    }

  private:
    std::shared_ptr<const SliceState> m_state;
    AppendDimension m_dimension;
    Json m_attributes;
    std::string m_fingerprint;
    std::vector<SliceArray> m_arrays{};
};

/// `request` with the parts of its name spelled out.
struct Spelled
{
    SliceRequest request;
    SourceAddress address{};
};

Spelled spellOut(const SliceRequest &request)
{
    Spelled spelled{request};
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
    address.path = VSIURIToVSIPath(address.path.c_str());
    address.file = fileOf(request.name);
    for (const std::string &option : request.openOptions)
        address.openOptions.AddString(option.c_str());
    return spelled;
}

Result<std::unique_ptr<Slice>> openSpelled(const Spelled &spelled,
                                           const std::string &name)
{
    auto state = std::make_shared<SliceState>();
    state->name = name;
    state->address = spelled.address;
    const SliceRequest &request = spelled.request;
    MDIMAPPEND_ASSIGN(state->address.config, parseConfig(request.config));
    const SourceConfig configured(state->address);
    // Before anything is read: what changes from here on is noticed.
    const std::string fingerprint =
        request.dataset ? "" : fingerprintOf(state->address.file);
    state->address.seen = std::make_shared<SeenFiles>();
    state->address.checked = !request.dataset && isChecked(state->address);
    MDIMAPPEND_ASSIGN(SourceDataset source,
                      request.dataset
                          ? borrow(*request.dataset)
                          : openFirst(state->address, request.allowedDrivers));
    auto described = source.root ? multidimContents(source, request)
                                 : rasterContents(source, request);
    // What could not be read explains whatever else is wrong.
    MDIMAPPEND_RETURN_IF_ERROR(source.failure());
    MDIMAPPEND_ASSIGN(SourceContents contents, std::move(described));
    MDIMAPPEND_ASSIGN(
        AppendDimension dimension,
        settleAppendDimension(contents, request, *source.dataset));
    MDIMAPPEND_RETURN_IF_ERROR(source.failure());
    state->sources = std::move(contents.arrays);
    if (source.owned)
        state->idle.push_back(std::move(source));
    return std::unique_ptr<Slice>(std::make_unique<OpenSlice>(
        std::move(state), std::move(dimension), std::move(contents.attributes),
        fingerprint));
}

}  // namespace

Result<SourceDataset> openSource(const SourceAddress &address)
{
    if (address.borrowed)
        return borrow(*address.borrowed);
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
                           "': cannot be opened again: " +
                           messages.failure("no driver knows it") + ".");
    source.dataset = source.owned.get();
    if (address.multidim)
        source.root = source.dataset->GetRootGroup();
    return source;
}

bool Slice::mayOpenBesideAnother()
{
    return isHdf5ThreadSafe();
}

Result<std::unique_ptr<Slice>> Slice::open(const SliceRequest &request)
{
    const std::string name = request.name.empty() && request.dataset
                                 ? request.dataset->GetDescription()
                                 : request.name;
    GdalMessages quiet;
    Spelled spelled = spellOut(request);
    if (spelled.request.name.empty())
        spelled.request.name = name;
    auto slice = openSpelled(spelled, name);
    if (!slice)
    {
        const Status status = slice.takeStatus();
        const bool aboutArray = status.message().starts_with("array '");
        return Status(status.kind(), "slice '" + name + "'" +
                                         (aboutArray ? ", " : ": ") +
                                         status.message() + nothingWritten);
    }
    return slice;
}

}  // namespace mdimappend

// Opens a slice: its dataset, then what is in it, then its append dimension.

#include "slice/fingerprint.h"
#include "slice/gdal_messages.h"
#include "slice/hdf5_file.h"
#include "slice/open_source.h"
#include "slice/read_ahead.h"
#include "slice/slice_name.h"
#include "slice/slice_source.h"
#include "slice/zarr_fetch.h"
#include "slice/zarr_references.h"
#include "trace.h"
#include "vsi/paths.h"
#include "zarr/array_document.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <sys/stat.h>

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

/// Whether what GDAL has opened by this name is all in the file of that name:
/// by a driver of files that lead to no others.
bool isInOneFile(const std::string &name, GDALDataset &dataset)
{
    constexpr std::array<std::string_view, 4> drivers = {"netCDF", "HDF5",
                                                         "GTiff", "GRIB"};
    const auto *driver = dataset.GetDriver();
    struct stat file;
    return isPlainName(name) && driver &&
           std::ranges::find(drivers,
                             std::string_view(driver->GetDescription())) !=
               drivers.end() &&
           !areReferencesAllowed() && ::stat(name.c_str(), &file) == 0 &&
           S_ISREG(file.st_mode);
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
              AppendDimension dimension, SourceContents contents,
              std::string fingerprint, bool isOneFile)
        : m_state(std::move(state)), m_dimension(std::move(dimension)),
          m_attributes(std::move(contents.attributes)),
          m_leftOut(std::move(contents.leftOut)),
          m_lostAttributes(std::move(contents.lostAttributes)),
          m_notRenamed(std::move(contents.notRenamed)),
          m_fingerprint(std::move(fingerprint)), m_isOneFile(isOneFile)
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

    const std::string &whyNoLabels() const override
    {
        return m_dimension.whyNoLabels;
    }

    const std::vector<std::string> &leftOut() const override
    {
        return m_leftOut;
    }

    const std::vector<std::string> &lostAttributes() const override
    {
        return m_lostAttributes;
    }

    const std::vector<std::string> &notRenamed() const override
    {
        return m_notRenamed;
    }

    Result<std::unique_ptr<SliceReader>> reader() const override
    {
        // What is fetched of a folder must be what was listed.
        if (!m_state->address.folder && stateNow() != m_fingerprint)
            return unavailable("slice '" + name() +
                               "' has changed since it was opened.");
        return openReader(m_state);
    }

    void readAhead() const override
    {
        if (readAheadWhole(m_state))
            closeIdle();
    }

    void closeFiles() const override
    {
        closeIdle();
        {
            const MutexLock guard(m_state->aheadLock);
            m_state->ahead.clear();
        }
        if (m_state->address.folder)
            m_state->address.folder->forget();
    }

    bool waitsForAnswers() const override
    {
        return m_state->address.folder != nullptr;
    }

    std::string fingerprint() const override
    {
        return m_state->address.folder ? m_fingerprint : stateNow();
    }

    bool isOneFile() const override
    {
        return m_isOneFile;
    }

    std::string changed() const override
    {
        if (stateNow() != m_fingerprint)
            return m_state->address.file;
        return m_state->address.seen->changed();
    }

  private:
    std::string stateNow() const
    {
        const SourceAddress &address = m_state->address;
        if (address.borrowed)
            return {};
        const SourceConfig configured(address);
        return fingerprintOf(address.file);
    }

    void closeIdle() const
    {
        const MutexLock guard(m_state->idleLock);
        m_state->idle.clear();
    }

    std::shared_ptr<const SliceState> m_state;
    AppendDimension m_dimension;
    Json m_attributes;
    std::vector<std::string> m_leftOut;
    std::vector<std::string> m_lostAttributes;
    std::vector<std::string> m_notRenamed;
    std::string m_fingerprint;
    bool m_isOneFile;
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
    address.path = vsiPath(address.path);
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
    if (!request.dataset)
        MDIMAPPEND_RETURN_IF_ERROR(checkNotInside(request.name));
    MDIMAPPEND_ASSIGN(state->address.config,
                      configOf(request.name, request.config));
    // One more, so that a text that is cut is found out: by itself the driver
    // cuts at 256, silently.
    state->address.config.SetNameValue(
        "ZARR_VLEN_STRING_MAX_LENGTH",
        std::to_string(longestVariableText + 1).c_str());
    const SourceConfig configured(state->address);
    // It is taken before anything is read, so that what changes from here on is
    // noticed.
    FoundState found =
        request.dataset ? FoundState() : stateOf(state->address.file);
    if (found.folder)
        fetchDocuments(*found.folder);
    state->address.folder = std::move(found.folder);
    state->address.seen = std::make_shared<SeenFiles>();
    state->address.checked = !request.dataset && isChecked(state->address);
    MDIMAPPEND_ASSIGN(SourceDataset source,
                      request.dataset
                          ? borrowSource(*request.dataset)
                          : openFirst(state->address, request.allowedDrivers));
    auto described = source.root ? multidimContents(source, request)
                                 : rasterContents(source, request);
    // What could not be read explains whatever else is wrong.
    MDIMAPPEND_RETURN_IF_ERROR(source.failure());
    MDIMAPPEND_ASSIGN(SourceContents contents, std::move(described));
    MDIMAPPEND_ASSIGN(AppendDimension dimension,
                      settleAppendDimension(contents, request, source));
    MDIMAPPEND_RETURN_IF_ERROR(source.failure());
    state->sources = std::move(contents.arrays);
    const bool isOneFile = source.owned && isInOneFile(name, *source.dataset);
    if (source.owned)
    {
        const MutexLock lock(state->idleLock);
        state->idle.push_back(std::move(source));
    }
    return std::unique_ptr<Slice>(std::make_unique<OpenSlice>(
        std::move(state), std::move(dimension), std::move(contents),
        std::move(found.fingerprint), isOneFile));
}

}  // namespace

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
        return Status(status.kind(), "slice '" + name + "'" +
                                         jointTo(status.message()) +
                                         status.message() + nothingWritten);
    }
    return slice;
}

}  // namespace mdimappend

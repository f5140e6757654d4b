// Opens a slice: its dataset, then what is in it, then its append dimension.

#include "slice/fingerprint.h"
#include "slice/gdal_messages.h"
#include "slice/hdf5_file.h"
#include "slice/read_ahead.h"
#include "slice/requested_source.h"
#include "slice/slice_name.h"
#include "slice/slice_source.h"
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

class OpenSlice final : public Slice
{
  public:
    OpenSlice(std::shared_ptr<const SliceState> state,
              AppendDimension dimension, SourceContents contents,
              std::string fingerprint, bool isOneFile)
        : m_state(std::move(state)), m_dimension(std::move(dimension)),
          m_attributes(std::move(contents.attributes)),
          m_leftOut(std::move(contents.leftOut)),
          m_groupsLeftOut(std::move(contents.groupsLeftOut)),
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

    const std::vector<std::string> &groupsLeftOut() const override
    {
        return m_groupsLeftOut;
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
        return stateOf(address.file, address.group).fingerprint;
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
    std::vector<std::string> m_groupsLeftOut;
    std::vector<std::string> m_lostAttributes;
    std::vector<std::string> m_notRenamed;
    std::string m_fingerprint;
    bool m_isOneFile;
    std::vector<SliceArray> m_arrays{};
};

Result<SourceContents> contentsOf(const RequestedSource &source)
{
    const auto &root = source.dataset.root;
    const auto &path = source.address.group;
    if (!root && !path.empty())
        return refused("has no group '" + path +
                       "': GDAL opens it as a raster, which has no groups.");
    if (!root)
        return rasterContents(source.dataset, source.request);
    MDIMAPPEND_ASSIGN(const SourceGroup group, openGroup(root, path));
    return multidimContents(source.dataset, group, source.request);
}

Result<std::unique_ptr<Slice>> openNamed(const SliceRequest &asked,
                                         const std::string &name)
{
    MDIMAPPEND_ASSIGN(RequestedSource opened, openRequested(asked));
    SourceDataset &source = opened.dataset;
    const SourceConfig configured(opened.address);
    auto described = contentsOf(opened);
    // What could not be read explains whatever else is wrong.
    MDIMAPPEND_RETURN_IF_ERROR(source.failure());
    MDIMAPPEND_ASSIGN(SourceContents contents, std::move(described));
    MDIMAPPEND_ASSIGN(AppendDimension dimension,
                      settleAppendDimension(contents, opened.request, source));
    MDIMAPPEND_RETURN_IF_ERROR(source.failure());
    auto state = std::make_shared<SliceState>();
    state->name = name;
    state->address = std::move(opened.address);
    state->sources = std::move(contents.arrays);
    const bool isOneFile = source.owned && isInOneFile(name, *source.dataset);
    if (source.owned)
    {
        const MutexLock lock(state->idleLock);
        state->idle.push_back(std::move(source));
    }
    return std::unique_ptr<Slice>(std::make_unique<OpenSlice>(
        std::move(state), std::move(dimension), std::move(contents),
        std::move(opened.fingerprint), isOneFile));
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
    const GdalMessages quiet;
    auto slice = openNamed(request, name);
    return slice ? std::move(slice) : aboutSlice(slice.takeStatus(), name);
}

}  // namespace mdimappend

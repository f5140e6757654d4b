// What an input is made of, before the append dimension is settled: its arrays
// with where their values come from, and the dataset they are read through.
// Internal to this folder.

#pragma once

#include "mutex.h"
#include "slice/cf_references.h"
#include "slice/checked_files.h"
#include "slice/hdf5_blocks.h"
#include "slice/hdf5_check.h"
#include "slice/object_folder.h"
#include "slice/slice.h"
#include "slice/slice_config.h"
#include "slice/source_group.h"

#include <cpl_string.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mdimappend
{

/// How to open (again) what was opened once.
struct SourceAddress
{
    std::string path;  ///< as GDAL wants it
    std::string file;  ///< the file or folder in it (fileOf)
    std::string driver;
    std::string group{};  ///< of groupPath; "" = the root
    CPLStringList openOptions{};
    CPLStringList config{};
    bool multidim = true;
    /// GDAL reads its files through ours.
    bool checked = false;
    std::shared_ptr<SeenFiles> seen{};
    /// Null if it is no folder in an object store.
    std::shared_ptr<const ObjectFolder> folder{};
    GDALDataset *borrowed = nullptr;
};

/// While it lives, GDAL is configured for the slice, and its GRIB driver tells
/// units and values as they are stored. By itself it makes kelvin degrees
/// Celsius, units at opening and values at reading. What the user configures
/// holds, and so does what the caller of a borrowed dataset opened it with.
class SourceConfig
{
  public:
    explicit SourceConfig(const SourceAddress &address)
        : m_config(address.config)
    {
        if (!address.borrowed)
            m_config.setDefault("GRIB_NORMALIZE_UNITS", "NO");
    }

  private:
    ScopedConfig m_config;
};

/// An open dataset. Arrays of it must be gone before it is.
struct SourceDataset
{
    std::unique_ptr<CheckedFiles> files{};  ///< null: GDAL's own
    /// Of a slice that is listed; else null.
    std::shared_ptr<const ObjectFolder> folder{};
    GDALDatasetUniquePtr owned{};
    GDALDataset *dataset = nullptr;
    std::shared_ptr<GDALGroup> root{};  ///< null for a classic raster
    /// What was found before it was opened, or since, if libhdf5 was asked.
    std::optional<CheckedHdf5> hdf5{};
    bool openedAgain = false;  ///< since the slice was looked at

    /// The first failure to read a file; without the slice's name.
    Status failure() const
    {
        return files ? files->failure() : Status::ok();
    }
};

/// How the texts of an array of characters are made of what GDAL reads.
struct CharLayout
{
    /// As GDAL's netCDF driver has it: bytes; or, with two dimensions, texts
    /// along the second, which end at the first NUL.
    bool rows = false;
    /// The last dimension of the file's array is the length of texts; else each
    /// character is a text.
    bool joined = false;
    std::uint64_t width = 1;  ///< of the last dimension
    std::string encoding{};   ///< `_Encoding`, or ""
};

/// A field of two dimensions in an array of the root group.
struct FieldPiece
{
    std::string path;
    std::optional<std::uint64_t> index;  ///< along a dimension before them
    /// What stands for missing values in it, instead of the array's own. The
    /// array is of float64 then.
    std::vector<double> missing{};
};

struct SourceArray
{
    enum class Origin
    {
        Group,   ///< `path` in the source's groups
        Band,    ///< `band` of a classic raster
        Memory,  ///< `bytes`, C order
        Joined,  ///< `pieces`, C order
    };

    SliceArray array{};
    Origin origin = Origin::Memory;
    /// A name in the root group, or the path from "/" on.
    std::string path{};
    int band = 0;
    std::string bytes{};
    std::vector<FieldPiece> pieces{};
    std::optional<CharLayout> chars{};
    /// The append dimension was put in front of what the source has.
    bool dimensionAdded = false;
    /// Why the array cannot be taken; reported only if it is selected.
    Status problem{};
    /// A dimension of size 0: the array has no values.
    std::string emptyDimension{};
};

struct SourceDimension
{
    std::string name;
    std::uint64_t size = 0;
    bool temporal = false;
};

struct SourceContents
{
    std::vector<SourceArray> arrays{};
    std::vector<SourceDimension> dimensions{};
    Json attributes = Json::object();
    /// Of the slice's own, as in SliceArray.
    std::vector<std::string> lostAttributes{};
    /// What was left out without being asked, in words.
    std::vector<std::string> leftOut{};
    std::vector<std::string> groupsLeftOut{};
    /// FROM=TO of which it has neither.
    std::vector<std::string> notRenamed{};

    SourceArray *find(std::string_view name);
    const SourceDimension *findDimension(std::string_view name) const;
    /// "time (2), lat (180), lon (360)"
    std::string listDimensions() const;
};

/// The array that a `grid_mapping` names: "crs" of "crs" and of "crs: x y".
std::string firstName(const std::string &gridMapping);

/// `name` with what cannot be a key ('/', control characters) replaced by '_'.
std::string validKey(std::string_view name);

/// "KEY=VALUE" in two.
std::pair<std::string, std::string> keyAndValue(std::string_view item);

/// Refuses (messages here and below are without the slice's name) types that
/// Zarr cannot hold.
Status checkStorable(const std::string &array,
                     const GDALExtendedDataType &type);

/// The elements' type as readers deliver them.
GDALExtendedDataType nativeType(const GDALExtendedDataType &type);

/// Of the group that is the slice.
Result<SourceContents> multidimContents(const SourceDataset &source,
                                        const SourceGroup &group,
                                        const SliceRequest &request);
Result<SourceContents> rasterContents(const SourceDataset &source,
                                      const SliceRequest &request);

/// Whether one of `request.excludedArrays` is the array, or a pattern of it.
bool isExcluded(const SliceRequest &request, const std::string &array);

/// Whether `request.arrays` names it; if it names none, each is asked for.
bool isAskedFor(const SliceRequest &request, const std::string &array);

/// Keeps the arrays `request.arrays` names and those they need, makes the table
/// of dimensions, and renames. Leaves out arrays that are not named and have no
/// values, by a dimension of size 0 other than the append dimension. Refused if
/// one does not exist, cannot be taken, or if dimensions of one name differ in
/// size.
Status selectArrays(SourceContents &contents, const SliceRequest &request);

/// The slice's own name of what the target calls `name`.
std::string nameInSlice(SourceContents &contents, const SliceRequest &request,
                        const std::string &name);

/// Notes what is to be renamed and is there under neither name.
/// Failure::Usage: a name that no array can have.
Status checkRenamed(SourceContents &contents, const SliceRequest &request);

/// Gives arrays, dimensions, and what CF attributes refer to, their names in
/// the target. Refused if two would have the same.
Status renameArrays(SourceContents &contents, const SliceRequest &request);

/// Opens again what `address` says; Failure::Unavailable.
Result<SourceDataset> openSource(const SourceAddress &address);

/// Finds or adds the append dimension.
struct AppendDimension
{
    std::string name;
    std::uint64_t size = 1;
    std::optional<GivenLabel> label;
    std::string whyNoLabels{};  ///< in words; "" if there are some
};

Result<AppendDimension> settleAppendDimension(SourceContents &contents,
                                              const SliceRequest &request,
                                              const SourceDataset &source);

/// What a slice and its readers share.
struct SliceState
{
    std::string name{};
    SourceAddress address{};
    std::vector<SourceArray> sources{};
    /// Held during each use of a dataset that the caller opened.
    mutable std::mutex borrowedLock{};
    mutable Mutex idleLock{};
    /// Open, and used by no reader now.
    mutable std::vector<SourceDataset> idle MDIMAPPEND_GUARDED_BY(idleLock){};
    mutable Mutex aheadLock{};
    /// Whole arrays that were read ahead, C order.
    mutable std::map<std::size_t, std::shared_ptr<const std::string>>
        ahead MDIMAPPEND_GUARDED_BY(aheadLock){};
    mutable Mutex blocksLock{};
    /// Of each array that was asked for; null: to be read by GDAL.
    mutable std::map<std::size_t, std::shared_ptr<const Hdf5Blocks>>
        blocks MDIMAPPEND_GUARDED_BY(blocksLock){};
};

/// Opens files when it is first asked for what is in them.
std::unique_ptr<SliceReader>
openReader(std::shared_ptr<const SliceState> state);

}  // namespace mdimappend

// One slice: an input dataset, seen as a set of named arrays with named
// dimensions, whatever it was before.
//
// What GDAL opens as multidimensional is taken as it is. A classic raster
// (GeoTIFF, ...) becomes one 2D array per band. If no array has the append
// dimension, it is added in front of each array that is data (see below), with
// a label that is given, or taken from a scalar variable of that name.
//
// Nothing of the source is decoded when it is opened, apart from coordinates.

#pragma once

#include "json/json_text.h"
#include "status.h"
#include "zarr/array_document.h"

#include <gdal_multidim.h>
#include <gdal_priv.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mdimappend
{

/// The value of a label that was given, not read.
struct GivenLabel
{
    std::string text;  ///< as given: a number, a date, or any string
    /// The date that the text is in a form that products have, in ISO 8601; ""
    /// if it is none. What must be a date and is none is here as it stands.
    std::string date{};
};

struct SliceRequest
{
    std::string name;       ///< as the user spelled it
    std::string appendDim;  ///< the target's name; "" = find it
    /// The path of the group that is the slice; "" or "/" = the root.
    std::string group{};
    /// All groups are taken: none is left out.
    bool isAmongOthers = false;
    std::optional<std::string> label;
    std::string labelFrom;  ///< "", "name:PATTERN" or "metadata:ITEM"
    std::vector<std::string> allowedDrivers;
    std::vector<std::string> openOptions;
    /// Only these arrays, and those they need (coordinates, bounds, grid
    /// mapping, label); empty = all. They may have wildcards (name_pattern.h).
    std::vector<std::string> arrays;
    /// Arrays that are not looked at, whatever is wrong with them; with
    /// wildcards, too.
    std::vector<std::string> excludedArrays;
    /// The slice's own name of an array, or of a dimension, and the target's.
    /// A slice that has the target's name already keeps it. The names above are
    /// the slice's own, but for appendDim.
    std::map<std::string, std::string> renamedArrays;
    /// GDAL configuration ("KEY=VALUE") for opening and reading this slice.
    std::vector<std::string> config;
    /// A dataset that is already open (Python, pipelines); it must outlive the
    /// slice, and reads of it are serialised.
    GDALDataset *dataset = nullptr;
};

/// One array of a slice. The shape is the slice's own, the added append
/// dimension (size 1, in front) included.
struct SliceArray
{
    std::string name;
    std::vector<std::string> dimensions;
    std::vector<std::uint64_t> shape;
    /// The source's own blocks, same rank as shape; 0 where unknown.
    std::vector<std::uint64_t> block;
    GDALExtendedDataType type = GDALExtendedDataType::Create(GDT_Unknown);
    std::size_t stringLength = 0;  ///< longest string in characters, for
                                   ///< strings
    std::optional<std::string> missingValue;  ///< one element, native order
    /// Other elements that are missing, too; none without a missingValue.
    std::vector<std::string> alsoMissing{};
    bool truthValues = false;  ///< Zarr's bool: 0 or 1, none of them missing
    bool hasColours = false;   ///< a colour table, which is not passed on
    std::optional<double> scale;
    std::optional<double> offset;
    /// All attributes in the source's order, `units` included, without
    /// _FillValue, scale_factor, add_offset and _ARRAY_DIMENSIONS. int64 and
    /// uint64 exact, NaN kept, JSON-typed attributes nested, UTF-8.
    Json attributes = Json::object();
    /// Those of types that GDAL's drivers do not read; none of bookkeeping.
    std::vector<std::string> lostAttributes{};
    std::string units;    ///< also in attributes, if not empty
    bool labels = false;  ///< 1D along the append dimension, and named as it
    /// Of labels that the slice has under another name: that array's name.
    std::string labelsOf{};
    /// Of an array of a Zarr store that is as the store has it.
    std::shared_ptr<const ArrayDocument> document{};
};

/// Reads from one thread. Get one per thread.
class SliceReader
{
  public:
    virtual ~SliceReader() = default;
    /// Reads the box [start, start + count) of array number `array` into
    /// `buffer`, C order, elements in the array's own `type` (strings as
    /// char*, owned by the caller: CPLFree).
    virtual Status read(std::size_t array, std::span<const std::uint64_t> start,
                        std::span<const std::uint64_t> count, void *buffer) = 0;

    /// The object of a chunk of an array that has a `document`, as it is
    /// stored; nothing if there is none: it is all fill.
    virtual Result<std::optional<std::string>>
    readEncoded(std::size_t array, std::span<const std::uint64_t> chunk) = 0;
};

class Slice
{
  public:
    virtual ~Slice() = default;

    /// Failure::Unavailable: does not exist, cannot be opened, truncated, no
    /// dataset. Failure::Refused: opens, but has no append dimension and no
    /// label, unnamed dimensions, a type that cannot be stored (by name), ...
    static Result<std::unique_ptr<Slice>> open(const SliceRequest &request);

    /// Whether one may be opened while another is read.
    static bool mayOpenBesideAnother();

    virtual const std::string &name() const = 0;
    virtual const std::string &appendDim() const = 0;
    virtual const std::vector<SliceArray> &arrays() const = 0;
    virtual const Json &attributes() const = 0;

    /// Size along the append dimension.
    virtual std::uint64_t size() const = 0;

    /// A label that was given and belongs to an append dimension that was
    /// added: the label array is then not among arrays(). Its encoding is the
    /// target's affair.
    virtual const std::optional<GivenLabel> &givenLabel() const = 0;

    /// Where it has no labels yet: a slice with labels of the kind that will
    /// come. Null if it has its own.
    virtual const Slice *labelsLike() const
    {
        return nullptr;
    }

    virtual Result<std::unique_ptr<SliceReader>> reader() const = 0;

    /// Why no array of times became its labels, in words; "" if it has labels,
    /// or no such array.
    virtual const std::string &whyNoLabels() const
    {
        static const std::string nothing;
        return nothing;
    }

    /// What was left out of it without being asked, in words.
    virtual const std::vector<std::string> &leftOut() const
    {
        static const std::vector<std::string> nothing;
        return nothing;
    }

    /// Of its own attributes, those of types that GDAL's drivers do not read.
    virtual const std::vector<std::string> &lostAttributes() const
    {
        static const std::vector<std::string> nothing;
        return nothing;
    }

    /// Of a slice that is a root: groups below it that have the append
    /// dimension, too.
    virtual const std::vector<std::string> &groupsLeftOut() const
    {
        static const std::vector<std::string> nothing;
        return nothing;
    }

    /// What was to be renamed (FROM=TO), and is there under neither name. It
    /// is a mistake unless other slices have it.
    virtual const std::vector<std::string> &notRenamed() const
    {
        static const std::vector<std::string> nothing;
        return nothing;
    }

    /// Reads what is small enough to be kept until it is asked for, and closes
    /// the files if that is all. What cannot be read is left to readers, who
    /// say why.
    virtual void readAhead() const
    {
    }

    /// Closes files that no reader uses now, and forgets what was read ahead. A
    /// later reader opens them again.
    virtual void closeFiles() const = 0;

    /// Whether reading is mostly waiting for answers, so that many readers at
    /// once are worth it.
    virtual bool waitsForAnswers() const
    {
        return false;
    }

    /// What identifies the file's state (size and time stamp of a local file);
    /// empty where unknown.
    virtual std::string fingerprint() const = 0;

    /// Whether all that it says is in one local file, whose state is the
    /// fingerprint.
    virtual bool isOneFile() const
    {
        return false;
    }

    /// A file of it that is not what it was when the slice was opened or the
    /// file read; "" if none is known. Asked before the decision: a slice that
    /// changed while it was read is not appended. Of a local Zarr store each
    /// chunk that was read counts, and each that was not there.
    virtual std::string changed() const = 0;
};

/// Failure::Unavailable if a file of the slice is not what it was.
Status checkUnchanged(const Slice &slice);

/// Refuses an array that is to be read as a whole (labels, coordinates) and has
/// more elements than anybody's has: a few bytes of a file can claim any
/// number.
Status checkReadWhole(const std::string &array,
                      std::span<const std::uint64_t> shape);

}  // namespace mdimappend

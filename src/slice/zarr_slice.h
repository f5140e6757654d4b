// A slice that is a Zarr store: what its documents say and GDAL's driver does
// not pass on. The driver hides `standard_name` of coordinates and `_CRS`,
// sorts attributes, clamps 64-bit fill values, takes V3's padding for a missing
// value, and leaves out arrays whose type it does not know.

#pragma once

#include "json/json_text.h"
#include "status.h"
#include "zarr/array_document.h"

#include <gdal.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

class ZarrSlice
{
  public:
    /// `root` is the store's folder; `groups`: those whose arrays may be asked
    /// for. Nothing if it holds no documents. Failure::Unavailable: one cannot
    /// be read, or is cut off.
    static Result<std::optional<ZarrSlice>>
    open(const std::string &root, const std::vector<std::string> &groups);

    /// The arrays directly in a group ("" = the root). Here and below, groups
    /// and arrays are called by their keys: "a/b/array".
    std::vector<std::string> arrayNames(const std::string &group) const;

    /// Whether there is an array of that key.
    bool hasArray(const std::string &name) const;

    /// Whether a file (of an array) is in the store.
    bool contains(const std::string &file) const
    {
        return file.starts_with(m_root + "/");
    }

    /// Whether arrays were looked for, for want of consolidated metadata, and
    /// this one was not found.
    bool overlooked(const std::string &name) const;

    /// What the documents say of the array `name`; its path is the folder that
    /// it is in, as the user knows it. Null if they are not understood.
    std::shared_ptr<const ArrayDocument>
    arrayDocument(const std::string &name) const;

    /// A dimension of it that has size 0; "" if none has. GDAL's driver does
    /// not open such arrays.
    std::string emptyDimension(const std::string &name) const;

    /// Its type, as the document spells it.
    std::string typeName(const std::string &name) const;

    /// Attributes of the array or group `name`, or of the root (""); null where
    /// the documents have none.
    const Json *attributes(const std::string &name) const;

    /// As xarray has them, that which stands for all in front. V2: fill_value,
    /// else the attribute `_FillValue`. V3: the attribute alone, for fill_value
    /// is padding. And `missing_value`.
    std::vector<std::string> missingValues(const std::string &name,
                                           GDALDataType type) const;

    /// Whether the array is of Zarr's own type of truth values.
    bool isBool(const std::string &name) const;

    /// What of the array GDAL's driver misreads, silently; "" if nothing. It
    /// takes the order of a transpose codec for its inverse, which most orders
    /// are themselves, and clamps uint64 fill values to int64.
    std::string misread(const std::string &name) const;

  private:
    std::string m_root{};
    bool m_v3 = false;
    bool m_listed = false;
    /// By key below the root: "a/.zarray", "a/.zattrs", "a/zarr.json".
    std::map<std::string, Json> m_documents{};

    void readConsolidated(const Json &root);
    Status readEach(const std::vector<std::string> &groups);
    Status readEachIn(const std::string &group);
    const Json *document(const std::string &key) const;
};

}  // namespace mdimappend

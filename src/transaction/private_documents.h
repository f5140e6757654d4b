// The documents that GDAL's Zarr driver is served for the arrays of a private
// view (zarr/array_document.h, privateDocument).

#pragma once

#include "mutex.h"
#include "transaction/view_array.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mdimappend
{

/// For what the driver opens an array, and which fill value it is shown. It
/// does not write a chunk in which all values are the fill value; one whose
/// first value differs from it is always written. (Sharded arrays keep their
/// own fill value: shards of nothing else must be declared absent.)
enum class OpenMode
{
    Read,       ///< the array's own fill value; the base's chunks
    WriteZero,  ///< fill value 0: for chunks whose first value is not 0
    WriteOne    ///< fill value 1: for chunks whose first value is 0
};

class PrivateDocuments
{
  public:
    /// The arrays outlive it.
    explicit PrivateDocuments(const std::vector<ViewArray> &arrays)
        : m_arrays(arrays)
    {
    }

    /// Null: there is no document with this key.
    std::shared_ptr<const std::string> find(std::size_t array, OpenMode mode,
                                            std::string_view key) const;

    /// The arrays have got other shapes.
    void clear();

  private:
    std::string make(std::size_t array, OpenMode mode) const;

    const std::vector<ViewArray> &m_arrays;
    mutable Mutex m_mutex;
    /// By array and mode: the driver asks for each of them several times.
    mutable std::map<std::pair<std::size_t, OpenMode>,
                     std::shared_ptr<const std::string>>
        m_made MDIMAPPEND_GUARDED_BY(m_mutex){};
};

}  // namespace mdimappend

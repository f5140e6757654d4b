// One array of the target, opened by GDAL's Zarr driver in the private view.
// Not shared between threads.

#pragma once

#include "chunks/chunk_grid.h"
#include "status.h"
#include "transaction/view.h"

#include <cpl_string.h>
#include <gdal_multidim.h>
#include <gdal_priv.h>

#include <memory>

namespace mdimappend
{

class ArrayHandle
{
  public:
    static Result<std::unique_ptr<ArrayHandle>>
    open(const View &view, std::size_t array, OpenMode mode);
    /// Writes out what the driver still holds; failures are in the view.
    ~ArrayHandle();
    ArrayHandle(const ArrayHandle &) = delete;
    ArrayHandle &operator=(const ArrayHandle &) = delete;

    const GDALExtendedDataType &type() const
    {
        return m_array->GetDataType();
    }

    /// Elements in the array's own type; strings as char*, the caller frees.
    Status read(const Extent &start, const Extent &count, void *buffer);
    Status write(const Extent &start, const Extent &count, const void *buffer);

  private:
    ArrayHandle() = default;
    std::string withPlainPaths(std::string text) const;
    Status damaged(const std::string &why) const;

    std::unique_ptr<GDALDataset, GDALDatasetUniquePtrReleaser> m_dataset;
    std::shared_ptr<GDALMDArray> m_array;
    std::string m_name;
    std::string m_path;       ///< in the private view
    std::string m_folder;     ///< of the array, where it really is
    bool m_replaces = false;  ///< its rows can be written anew
    CPLStringList m_config;
};

/// Of an array's elements in memory, as GDAL's driver has them.
GDALExtendedDataType memoryTypeOf(const ArrayDocument &document);

/// A buffer of elements as GDAL has them: plain numbers, or owned strings.
class ElementBuffer
{
  public:
    ElementBuffer(const GDALExtendedDataType &type, std::uint64_t count);
    ~ElementBuffer();
    ElementBuffer(const ElementBuffer &) = delete;
    ElementBuffer &operator=(const ElementBuffer &) = delete;

    void *data()
    {
        return m_bytes.data();
    }

    const void *data() const
    {
        return m_bytes.data();
    }

    std::size_t elementSize() const
    {
        return m_elementSize;
    }

    /// Strings: frees them and sets all to null.
    void clear();

    /// The strings; "" for null. Strings only.
    std::vector<std::string> strings() const;

  private:
    std::size_t m_elementSize;
    bool m_strings;
    std::vector<char> m_bytes;
};

}  // namespace mdimappend

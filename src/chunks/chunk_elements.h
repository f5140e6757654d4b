// The elements of one array as they are in memory, and what a chunk's values
// mean for putting it: nothing but fill (there may be no object for it then), a
// zero in front (which decides what fill value the driver is shown), texts that
// the target cannot hold.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

#include <gdal_multidim.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace mdimappend
{

class ChunkElements
{
  public:
    /// `type`: GDAL's, of the array. `document` must outlive this.
    static Result<ChunkElements> of(const ArrayDocument &document,
                                    const GDALExtendedDataType &type);

    const GDALExtendedDataType &type() const
    {
        return m_type;
    }

    /// Whether they are char*.
    bool areTexts() const
    {
        return m_areTexts;
    }

    /// Of one element, in bytes.
    std::size_t size() const
    {
        return m_size;
    }

    /// Fills with what stands where nobody brings a value: the fill value, or
    /// else zeros.
    void pad(void *values, std::uint64_t count) const;

    bool areAllFill(const void *values, std::uint64_t count) const;

    bool beginWithZero(const void *values) const;

    /// Refuses texts that the driver would cut silently, or never return from.
    Status checkTexts(const void *values, std::uint64_t count) const;

  private:
    ChunkElements(const ArrayDocument &document,
                  const GDALExtendedDataType &type);
    bool areFillAsNumbers(const void *values, std::uint64_t count) const;
    std::size_t longestText() const;

    const ArrayDocument *m_document;
    GDALExtendedDataType m_type;
    bool m_areTexts;
    std::size_t m_size;
    std::optional<std::string> m_fill;
    std::string m_padding;
};

}  // namespace mdimappend

// What a slab brings to some chunks of its array: boxes of values, read from
// the slice and converted, or taken from memory, or made of one element. In one
// thread, of which it holds the slice's reader.

#pragma once

#include "chunks/array_handle.h"
#include "chunks/chunk_elements.h"
#include "chunks/slab.h"
#include "slice/slice.h"

#include <memory>
#include <vector>

namespace mdimappend
{

/// A box of the array, converted, that one run of rows brings.
struct Region
{
    Extent start;
    Extent size;
    std::unique_ptr<ElementBuffer> values;
    std::uint64_t capacity = 0;

    /// Whether it has all of the box at `origin`.
    bool covers(const Extent &origin, const Extent &box) const;

    /// What of it lies in the box at `origin`, into the values of that.
    void copyTo(const Extent &origin, const Extent &box, void *values) const;
};

class RegionReader
{
  public:
    /// `slice` may be null if no slab has an array of it.
    explicit RegionReader(const Slice *slice) : m_slice(slice)
    {
    }

    /// This thread's reader of the slice.
    Result<SliceReader *> reader();

    /// Reads the slab's part of these chunks, in place of what was read before.
    Status read(const Slab &slab, const ArrayDocument &document,
                const ChunkElements &elements, const ChunkBox &chunks);

    /// What was read, in the order of the slab's runs.
    const std::vector<Region> &regions() const
    {
        return m_regions;
    }

    /// Whether one region has all of the box at `origin`.
    bool hasAllOf(const Extent &origin, const Extent &box) const;

    /// Frees what was read. Buffers belong to one array.
    void clear()
    {
        m_regions.clear();
    }

  private:
    struct Target
    {
        const Slab &slab;
        const ArrayDocument &document;
        const ChunkElements &elements;
    };

    Status fill(const Target &target, Region &region, const RowRun &run,
                std::uint64_t inMemory);
    Status readSlice(const Target &target, const Region &region,
                     const RowRun &run);

    const Slice *m_slice;
    std::unique_ptr<SliceReader> m_reader;
    std::vector<Region> m_regions;
    std::vector<char> m_unconverted;
};

}  // namespace mdimappend

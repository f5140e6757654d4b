// Reads an array once, and repeats it for each row that is asked for.

#include "slice/varied_slice.h"

#include "slice/copy_box.h"
#include "slice/wrapped_slice.h"

#include <cpl_conv.h>

#include <cstring>
#include <utility>
#include <vector>

namespace mdimappend
{

namespace
{

/// The first `size` elements of a buffer once more, behind them.
void repeat(void *buffer, std::size_t size, std::uint64_t rows,
            const GDALExtendedDataType &type)
{
    auto *bytes = static_cast<char *>(buffer);
    auto *const texts = static_cast<char **>(buffer);
    for (std::uint64_t row = 1; row < rows; ++row)
    {
        const auto start = static_cast<std::size_t>(row) * size;
        if (type.GetClass() != GEDTC_STRING)
            std::memcpy(bytes + start * type.GetSize(), bytes,
                        size * type.GetSize());
        else
            for (std::size_t i = 0; i < size; ++i)
                texts[start + i] = texts[i] ? CPLStrdup(texts[i]) : nullptr;
    }
}

class VariedReader final : public SliceReader
{
  public:
    VariedReader(std::unique_ptr<SliceReader> reader,
                 const std::vector<SliceArray> &arrays,
                 const std::vector<bool> &isVaried)
        : m_reader(std::move(reader)), m_arrays(arrays), m_isVaried(isVaried)
    {
    }

    Status read(std::size_t array, std::span<const std::uint64_t> start,
                std::span<const std::uint64_t> count, void *buffer) override
    {
        if (!m_isVaried[array])
            return m_reader->read(array, start, count, buffer);
        if (count.front() == 0)
            return Status::ok();
        const auto once = count.subspan(1);
        MDIMAPPEND_RETURN_IF_ERROR(
            m_reader->read(array, start.subspan(1), once, buffer));
        const Extent extent(once.begin(), once.end());
        repeat(buffer, static_cast<std::size_t>(elementCount(extent)),
               count.front(), m_arrays[array].type);
        return Status::ok();
    }

    Result<std::optional<std::string>>
    readEncoded(std::size_t array,
                std::span<const std::uint64_t> chunk) override
    {
        return m_reader->readEncoded(array, chunk);
    }

  private:
    std::unique_ptr<SliceReader> m_reader;
    const std::vector<SliceArray> &m_arrays;
    const std::vector<bool> &m_isVaried;
};

class VariedSlice final : public WrappedSlice
{
  public:
    VariedSlice(std::unique_ptr<Slice> slice,
                const std::set<std::string> &names)
        : WrappedSlice(*slice), m_slice(std::move(slice))
    {
        for (auto &array : m_arrays)
        {
            m_isVaried.push_back(names.contains(array.name));
            if (!m_isVaried.back())
                continue;
            array.dimensions.insert(array.dimensions.begin(),
                                    m_slice->appendDim());
            array.shape.insert(array.shape.begin(), m_slice->size());
            array.block.insert(array.block.begin(), 1);
            array.document.reset();
        }
    }

    Result<std::unique_ptr<SliceReader>> reader() const override
    {
        MDIMAPPEND_ASSIGN(auto reader, m_slice->reader());
        return std::unique_ptr<SliceReader>(std::make_unique<VariedReader>(
            std::move(reader), m_arrays, m_isVaried));
    }

  private:
    std::unique_ptr<Slice> m_slice;
    std::vector<bool> m_isVaried;
};

}  // namespace

std::unique_ptr<Slice> varied(std::unique_ptr<Slice> slice,
                              const std::set<std::string> &names)
{
    if (names.empty())
        return slice;
    return std::make_unique<VariedSlice>(std::move(slice), names);
}

}  // namespace mdimappend

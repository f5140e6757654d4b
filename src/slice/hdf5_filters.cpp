// Decodes what HDF5's filters have made of a block: with GDAL's decompressors,
// and with loops that compilers make vector instructions of.

#include "slice/hdf5_filters.h"

#include <cpl_compressor.h>
#include <cpl_conv.h>
#include <cpl_error.h>

#include <cstdint>
#include <cstring>

namespace mdimappend
{

namespace
{

template <class Word>
void unshuffle(const char *from, char *to, std::size_t count)
{
    const auto *bytes = reinterpret_cast<const unsigned char *>(from);
    for (std::size_t i = 0; i < count; ++i)
    {
        // Compilers make vector instructions of this form.
        Word word = 0;
        for (std::size_t byte = 0; byte < sizeof(Word); ++byte)
            word |= static_cast<Word>(bytes[byte * count + i]) << (8 * byte);
        std::memcpy(to + i * sizeof(Word), &word, sizeof(Word));
    }
}

}  // namespace

bool decompressHdf5(Hdf5Filter filter, const char *from, std::size_t fromSize,
                    char *to, std::size_t size)
{
    const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    std::size_t written = size;
    if (filter == Hdf5Filter::Deflate)
        return CPLZLibInflate(from, fromSize, to, size, &written) != nullptr &&
               written == size;
    const CPLCompressor *zstd = CPLGetDecompressor("zstd");
    void *output = to;
    return zstd &&
           zstd->pfnFunc(from, fromSize, &output, &written, nullptr,
                         zstd->user_data) &&
           written == size;
}

void unshuffleHdf5(const char *from, char *to, std::size_t size,
                   std::size_t elementSize)
{
    const auto count = size / elementSize;
    if (elementSize == 2)
        unshuffle<std::uint16_t>(from, to, count);
    else if (elementSize == 4)
        unshuffle<std::uint32_t>(from, to, count);
    else if (elementSize == 8)
        unshuffle<std::uint64_t>(from, to, count);
    else
        for (std::size_t i = 0; i < count * elementSize; ++i)
            to[i] = from[i % elementSize * count + i / elementSize];
    const auto whole = count * elementSize;
    std::memcpy(to + whole, from + whole, size - whole);
}

}  // namespace mdimappend

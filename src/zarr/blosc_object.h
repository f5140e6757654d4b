// The blocks of what Blosc 1 has made of a chunk: each is encoded by itself, so
// that those which do not change need not be decoded.
//
// Layout (c-blosc, README_CHUNK_FORMAT): 16 bytes of header, the offset of each
// block, the blocks, in whatever order they were ready.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

/// Whether an object has the header of Blosc 1 (versions, flags, size of a
/// type, then the sizes of what it holds, of a block, and of itself, 4 bytes
/// each), and says that it decodes to so many bytes.
bool isWholeBlosc(std::string_view object, std::uint64_t size);

/// Looks at an object that must live longer.
class BloscObject
{
  public:
    /// Nothing if it is not an object that decodes to `size` bytes, or has no
    /// blocks: Blosc keeps what it cannot make smaller as it is.
    static std::optional<BloscObject> parse(std::string_view object,
                                            std::uint64_t size);

    std::uint64_t blocks() const
    {
        return m_blocks.size();
    }

    /// Bytes of a block when decoded; the last one may have fewer.
    std::uint64_t blockSize() const
    {
        return m_blockSize;
    }

    unsigned typeSize() const;

    /// As GDAL's codec names it: NONE, BYTE, BIT.
    const char *shuffle() const;

    /// Whether blocks are encoded byte by byte of their elements.
    bool isSplit() const;

    /// Bytes of the blocks [first, end) when decoded.
    std::uint64_t sizeOf(std::uint64_t first, std::uint64_t end) const;

    /// An object of the blocks [first, end) alone. It must not be the last one
    /// alone: Blosc refuses blocks that are shorter than they say.
    std::string part(std::uint64_t first, std::uint64_t end) const;

    /// With the blocks of `part` in place of those from `first` on. Nothing if
    /// that was encoded in another way.
    std::optional<std::string> withPart(std::uint64_t first,
                                        const BloscObject &part) const;

  private:
    std::string joined(std::uint64_t size,
                       const std::vector<std::string_view> &blocks) const;

    std::string_view m_header;
    std::uint64_t m_size = 0;
    std::uint64_t m_blockSize = 0;
    std::vector<std::string_view> m_blocks;
};

}  // namespace mdimappend

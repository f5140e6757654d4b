#include "zarr/chunk_rows.h"

#include "zarr/blosc_object.h"
#include "zarr/encoded_chunk.h"

#include <cpl_compressor.h>
#include <cpl_error.h>
#include <cpl_string.h>

#include <algorithm>
#include <array>
#include <bit>

namespace mdimappend
{

namespace
{

/// The codec that makes bytes smaller, as the document has it.
const Json &compressor(const ArrayDocument &array)
{
    return array.format == ZarrFormat::V2
               ? member(array.metadata, "compressor")
               : member(member(array.metadata, "codecs").at(1),
                        "configuration");
}

bool liesInMemoryOrder(const ArrayDocument &array)
{
    if (std::endian::native != std::endian::little)
        return false;
    if (array.format == ZarrFormat::V2)
        return textMember(array.metadata, "order") == "C" &&
               !array.dataType.name.starts_with('>');
    const Json &bytes = member(array.metadata, "codecs").at(0);
    return array.dataType.size == 1 ||
           textMember(member(bytes, "configuration"), "endian") == "little";
}

std::optional<std::string> decode(std::string_view object, std::uint64_t size)
{
    const auto *codec = CPLGetDecompressor("blosc");
    std::string decoded(static_cast<std::size_t>(size), '\0');
    void *output = decoded.data();
    std::size_t written = decoded.size();
    if (!codec ||
        !codec->pfnFunc(object.data(), object.size(), &output, &written,
                        nullptr, codec->user_data) ||
        written != size)
        return std::nullopt;
    return decoded;
}

/// Level and compressor of the document, the rest as `like` has it.
std::optional<std::string> encode(std::string_view bytes,
                                  const BloscObject &like,
                                  std::uint64_t blockSize,
                                  const Json &configuration)
{
    const auto *codec = CPLGetCompressor("blosc");
    const Json &level = member(configuration, "clevel");
    if (!codec || !level.is_number_integer())
        return std::nullopt;
    CPLStringList options;
    options.SetNameValue("CNAME", textMember(configuration, "cname").c_str());
    options.SetNameValue("CLEVEL", level.dump().c_str());
    options.SetNameValue("SHUFFLE", like.shuffle());
    options.SetNameValue("TYPESIZE", std::to_string(like.typeSize()).c_str());
    options.SetNameValue("BLOCKSIZE", std::to_string(blockSize).c_str());
    // What Blosc adds to bytes that it cannot make smaller.
    constexpr std::size_t overhead = 16;
    std::string encoded(bytes.size() + overhead, '\0');
    void *output = encoded.data();
    std::size_t written = encoded.size();
    if (!codec->pfnFunc(bytes.data(), bytes.size(), &output, &written,
                        options.List(), codec->user_data))
        return std::nullopt;
    encoded.resize(written);
    return encoded;
}

/// `old` with blocks from `first` on that decode to `bytes`. Where it splits
/// blocks, Blosc makes them larger than it is told, by the size of an element;
/// not all versions do.
std::optional<std::string> withBlocks(const BloscObject &old,
                                      std::uint64_t first,
                                      std::string_view bytes,
                                      const Json &configuration)
{
    std::array<std::uint64_t, 2> sizes = {
        old.blockSize(), old.blockSize() / std::max(1U, old.typeSize())};
    if (old.isSplit())
        std::ranges::reverse(sizes);
    for (const auto size : sizes)
    {
        const auto encoded = encode(bytes, old, size, configuration);
        const auto part =
            encoded ? BloscObject::parse(*encoded, bytes.size()) : std::nullopt;
        if (auto whole = part ? old.withPart(first, *part) : std::nullopt)
            return whole;
    }
    return std::nullopt;
}

}  // namespace

bool mayReplaceRows(const ArrayDocument &array)
{
    return !array.sharded && !array.dataType.isString() && array.rank() > 0 &&
           onlyCompressor(array) == "blosc" && liesInMemoryOrder(array);
}

std::optional<std::string> replaceRows(const ArrayDocument &array,
                                       std::string_view object,
                                       std::uint64_t firstRow,
                                       std::string_view rows)
{
    const auto size = chunkBytes(array.chunk, array.dataType.size);
    const auto old = BloscObject::parse(object, size);
    const auto low = firstRow * (size / array.chunk[0]);
    const auto high = low + rows.size();
    if (!old || rows.empty() || high > size)
        return std::nullopt;
    auto first = low / old->blockSize();
    const auto end = (high - 1) / old->blockSize() + 1;
    if (end == old->blocks() && end - first == 1 && first > 0)
        --first;
    if (2 * (end - first) > old->blocks())
        return std::nullopt;

    const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    auto changed = decode(old->part(first, end), old->sizeOf(first, end));
    if (!changed)
        return std::nullopt;
    changed->replace(low - first * old->blockSize(), rows.size(), rows);
    return withBlocks(*old, first, *changed, compressor(array));
}

}  // namespace mdimappend

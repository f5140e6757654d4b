// Cuts a shard into its inner chunks, and encodes one after the other.

#include "chunks/shard_encoder.h"

#include "slice/copy_box.h"

namespace mdimappend
{

ShardEncoder::ShardEncoder(const ArrayDocument &document,
                           const ShardLayout &layout,
                           const BloscSettings &settings,
                           const ChunkElements &elements, std::string &room)
    : m_document(document), m_settings(settings), m_elements(elements),
      m_room(room), m_innerChunks(layout.innerChunks), m_object(layout),
      m_inner(static_cast<std::size_t>(elementCount(document.innerChunk)) *
              elements.size())
{
}

std::optional<std::string_view> ShardEncoder::encode(const void *whole)
{
    const auto &inner = m_document.innerChunk;
    const Extent begin(inner.size(), 0);
    m_object.clear();
    for (std::size_t i = 0; i < m_innerChunks; ++i)
    {
        copyBox(whole, m_document.chunk, originOf(i), m_inner.data(), inner,
                begin, inner, m_elements.size());
        if (m_elements.areAllFill(m_inner.data(), elementCount(inner)))
            continue;
        const auto encoded =
            bloscEncode(m_settings, {m_inner.data(), m_inner.size()}, m_room);
        if (!encoded)
            return std::nullopt;
        m_object.add(i, *encoded);
    }
    return m_object.finish();
}

/// In elements, from the shard's own origin.
std::vector<std::uint64_t> ShardEncoder::originOf(std::size_t number) const
{
    const auto &inner = m_document.innerChunk;
    std::vector<std::uint64_t> origin(inner.size());
    for (std::size_t i = inner.size(); i > 0; --i)
    {
        const auto along = m_document.chunk[i - 1] / inner[i - 1];
        origin[i - 1] = number % along * inner[i - 1];
        number /= along;
    }
    return origin;
}

}  // namespace mdimappend

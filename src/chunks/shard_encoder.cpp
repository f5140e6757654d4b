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
      m_room(room), m_object(layout),
      m_inner(static_cast<std::size_t>(elementCount(document.innerChunk)) *
              elements.size())
{
    for (std::size_t i = 0; i < document.chunk.size(); ++i)
    {
        m_grid.low.push_back(0);
        m_grid.high.push_back(document.chunk[i] / document.innerChunk[i]);
    }
}

std::optional<std::string_view> ShardEncoder::encode(const void *whole)
{
    const auto &inner = m_document.innerChunk;
    const Extent begin(inner.size(), 0);
    m_object.clear();
    const auto count = static_cast<std::size_t>(m_grid.count());
    for (std::size_t i = 0; i < count; ++i)
    {
        Extent origin = m_grid.at(i);
        for (std::size_t axis = 0; axis < origin.size(); ++axis)
            origin[axis] *= inner[axis];
        copyBox(whole, m_document.chunk, origin, m_inner.data(), inner, begin,
                inner, m_elements.size());
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

}  // namespace mdimappend

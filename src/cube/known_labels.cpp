// A row of labels, and a table of the rows that have each of them, which is
// made when something is looked for.

#include "cube/known_labels.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

namespace mdimappend
{

namespace
{

/// Equal for labels that are the same (isSame).
std::size_t hashOf(const Label &label, Labels::Kind kind)
{
    if (const auto *text = std::get_if<std::string>(&label))
        return std::hash<std::string>{}(*text);
    // Doubles do not tell nanoseconds apart.
    if (kind == Labels::Kind::Date)
        return std::hash<std::uint64_t>{}(
            static_cast<std::uint64_t>(std::get<Instant>(label)));
    // Whole numbers and real ones compare with each other, as real ones.
    return std::hash<double>{}(asDouble(label));
}

}  // namespace

struct KnownLabels::Table
{
    std::vector<Label> values{};
    /// By hash, of the first so many rows.
    std::unordered_multimap<std::size_t, std::size_t> rows{};
    std::size_t indexed = 0;

    void index(Labels::Kind kind)
    {
        for (; indexed < values.size(); ++indexed)
            rows.emplace(hashOf(values[indexed], kind), indexed);
    }
};

KnownLabels::KnownLabels() : m_table(std::make_shared<Table>())
{
}

KnownLabels::KnownLabels(Labels labels)
    : m_kind(labels.kind), m_encoding(labels.encoding),
      m_table(std::make_shared<Table>()), m_size(labels.values.size())
{
    m_table->values = std::move(labels.values);
}

const Label &KnownLabels::at(std::size_t row) const
{
    return m_table->values.at(row);
}

Labels KnownLabels::part(std::size_t first, std::size_t end) const
{
    const auto begin = m_table->values.begin();
    return {m_kind,
            m_encoding,
            {begin + static_cast<std::ptrdiff_t>(first),
             begin + static_cast<std::ptrdiff_t>(end)}};
}

Labels KnownLabels::last(std::size_t count) const
{
    return part(m_size - std::min(count, m_size), m_size);
}

void KnownLabels::add(const Labels &labels, std::size_t first)
{
    if (m_table->values.size() != m_size)
    {
        // A copy has gone on from here in another way.
        auto own = std::make_shared<Table>();
        own->values = part(0, m_size).values;
        m_table = std::move(own);
    }
    auto &values = m_table->values;
    values.insert(values.end(),
                  labels.values.begin() + static_cast<std::ptrdiff_t>(first),
                  labels.values.end());
    m_size = values.size();
}

std::optional<std::uint64_t> KnownLabels::find(const Label &label) const
{
    std::optional<std::uint64_t> first;
    if (m_size == 0)
        return first;
    m_table->index(m_kind);
    const auto [begin, end] = m_table->rows.equal_range(hashOf(label, m_kind));
    for (auto found = begin; found != end; ++found)
    {
        const auto row = found->second;
        if (row < m_size && (!first || row < *first) &&
            isSame(m_table->values[row], label))
            first = row;
    }
    return first;
}

}  // namespace mdimappend

// The labels that are known of a cube's rows, in the order of the rows. They
// can be found by their values, and more can be added: both take the same time
// however many there are. Copies share them, so that a plan can have its own
// end of a long row.

#pragma once

#include "cube/labels.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace mdimappend
{

class KnownLabels
{
  public:
    KnownLabels();
    explicit KnownLabels(Labels labels);

    std::size_t size() const
    {
        return m_size;
    }

    Labels::Kind kind() const
    {
        return m_kind;
    }

    const Label &at(std::size_t row) const;

    /// Rows [first, end).
    Labels part(std::size_t first, std::size_t end) const;

    /// The last ones; fewer if there are no more.
    Labels last(std::size_t count) const;

    /// Adds those of `labels` from `first` on.
    void add(const Labels &labels, std::size_t first);

    /// The first row that has this label.
    std::optional<std::uint64_t> find(const Label &label) const;

  private:
    struct Table;

    Labels::Kind m_kind = Labels::Kind::None;
    std::optional<TimeEncoding> m_encoding{};
    /// May have more than `m_size`: those that a copy has added.
    std::shared_ptr<Table> m_table;
    std::size_t m_size = 0;
};

}  // namespace mdimappend

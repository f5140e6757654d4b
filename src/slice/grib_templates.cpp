// Takes the octets of section 4 apart by a table of layouts.

#include "slice/grib_templates.h"

#include <algorithm>
#include <cstdlib>

namespace mdimappend
{

namespace
{

using End = GribTemplate::End;

const std::vector<int> parameterSizes = {1, 1};
const std::vector<int> makingSizes = {1, 1, 1, 2, 1};
const std::vector<int> timeSizes = {1, -4};
const std::vector<int> surfaceSizes = {1, -1, -4, 1, -1, -4};
const std::vector<int> periodEnd = {2, 1, 1, 1, 1, 1, 1, 4};
const std::vector<int> periodRange = {1, 1, 1, 4, 1, 4};

/// Where a period has the number of its ranges.
constexpr std::size_t rangesAt = 6;

const std::vector<GribTemplate> &templates()
{
    static const std::vector<GribTemplate> all = {
        {.number = 0},
        {.number = 1, .own = {1, 1, 1}},
        {.number = 2, .own = {1, 1}},
        {.number = 5, .own = {1, 1, 1, -1, -4, -1, -4}},
        {.number = 6, .own = {1}},
        {.number = 7},
        {.number = 8, .end = End::Period},
        {.number = 9, .own = {1, 1, 1, -1, -4, -1, -4}, .end = End::Period},
        {.number = 10, .own = {1}, .end = End::Period},
        {.number = 11, .own = {1, 1, 1}, .end = End::Period},
        {.number = 12, .own = {1, 1}, .end = End::Period},
        {.number = 15, .own = {1, 1, 1}},
        {.number = 32,
         .hasSurfaces = false,
         .end = End::Bands,
         .band = {2, 2, 2, -1, -4}},
        {.number = 40, .before = {2}},
        {.number = 48, .before = {2, 1, -1, -4, -1, -4, 1, -1, -4, -1, -4}}};
    return all;
}

/// Takes numbers from the octets behind those of the template's number.
class TemplateReader
{
  public:
    explicit TemplateReader(const std::string &section) : m_section(section)
    {
    }

    void take(const std::vector<int> &sizes)
    {
        for (const int size : sizes)
        {
            const auto octets = static_cast<std::size_t>(std::abs(size));
            m_good = m_good && m_next - 1 + octets <= m_section.size();
            if (!m_good)
                return;
            m_found.push_back(
                size < 0
                    ? static_cast<long>(
                          signedOctetsAt(m_section, m_next, octets))
                    : static_cast<long>(octetsAt(m_section, m_next, octets)));
            m_next += octets;
        }
    }

    /// As often as the number at `place` says.
    void takeMany(std::size_t place, const std::vector<int> &sizes)
    {
        for (long i = m_good ? m_found.at(place) : 0; m_good && i > 0; --i)
            take(sizes);
    }

    std::optional<std::vector<long>> found()
    {
        return m_good ? std::optional(std::move(m_found)) : std::nullopt;
    }

  private:
    const std::string &m_section;
    std::size_t m_next = 10;
    bool m_good = true;
    std::vector<long> m_found{};
};

}  // namespace

const GribTemplate *gribTemplate(long number)
{
    const auto found =
        std::ranges::find(templates(), number, &GribTemplate::number);
    return found == templates().end() ? nullptr : &*found;
}

long gribTemplateNumber(const GribSections &message)
{
    return static_cast<long>(octetsAt(*message.product, 8, 2));
}

std::optional<std::vector<long>> gribNumbers(const GribSections &message)
{
    const GribTemplate *layout = gribTemplate(gribTemplateNumber(message));
    if (!layout)
        return std::nullopt;
    TemplateReader numbers(*message.product);
    numbers.take(parameterSizes);
    numbers.take(layout->before);
    numbers.take(makingSizes);
    numbers.take(timeSizes);
    if (layout->hasSurfaces)
        numbers.take(surfaceSizes);
    numbers.take(layout->own);
    if (layout->end == End::Period)
    {
        numbers.take(periodEnd);
        numbers.takeMany(layout->endAt() + rangesAt, periodRange);
    }
    if (layout->end == End::Bands)
    {
        numbers.take({1});
        numbers.takeMany(layout->endAt(), layout->band);
    }
    return numbers.found();
}

}  // namespace mdimappend

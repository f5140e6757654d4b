// Reads packed arrays of a first slice until there are two different values.

#include "append/packing_range.h"

#include "chunks/chunk_grid.h"
#include "chunks/converted_read.h"
#include "cube/missing_value.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace mdimappend
{

namespace
{

constexpr std::uint64_t readBudget = 4ULL << 20;

bool isPacked(const ArrayDocument &document)
{
    return document.dataType.kind == DataType::Kind::Numeric &&
           GDALDataTypeIsInteger(document.dataType.gdal) &&
           (numberMember(document.attributes, "scale_factor") ||
            numberMember(document.attributes, "add_offset"));
}

/// The codes that one array of the slice becomes.
class PackedArray
{
  public:
    PackedArray(const Slice &slice, const Slab &slab,
                const ArrayDocument &document)
        : m_slice(slice), m_slab(slab), m_document(document)
    {
    }

    Result<bool> hasTwoValues()
    {
        MDIMAPPEND_ASSIGN(m_missing, missingForAllReaders(m_document));
        MDIMAPPEND_ASSIGN(m_reader, m_slice.reader());
        const auto &document = m_document;
        const auto step =
            blockOfElements(m_slab.shape, document.chunk, m_slab.sliceBlock,
                            document.dataType.size, readBudget);
        bool differs = false;
        MDIMAPPEND_RETURN_IF_ERROR(forEachBlock(
            m_slab.shape, step,
            [&](const Extent &start, const Extent &size) -> Result<bool>
            {
                MDIMAPPEND_ASSIGN(differs, differsIn(start, size));
                return !differs;
            }));
        return differs;
    }

  private:
    Result<bool> differsIn(const Extent &start, const Extent &size)
    {
        const auto width = m_document.dataType.size;
        std::string codes(static_cast<std::size_t>(elementCount(size)) * width,
                          '\0');
        auto read = readConverted(*m_reader,
                                  {m_slice.name(), m_document.path,
                                   *m_slab.sliceArray, m_slab.conversion},
                                  start, size, codes.data(), m_room);
        // What does not fit is refused when it is written.
        if (!read && read.kind() == Failure::Refused)
            return true;
        MDIMAPPEND_RETURN_IF_ERROR(std::move(read));
        for (std::size_t at = 0; at < codes.size(); at += width)
        {
            const auto code = std::string_view(codes).substr(at, width);
            if (m_missing && code == *m_missing)
                continue;
            if (!m_first)
                m_first = code;
            else if (code != *m_first)
                return true;
        }
        return false;
    }

    const Slice &m_slice;
    const Slab &m_slab;
    const ArrayDocument &m_document;
    std::optional<std::string> m_missing;
    std::optional<std::string> m_first;
    std::unique_ptr<SliceReader> m_reader;
    std::vector<char> m_room;
};

std::string warningOf(const ArrayDocument &document)
{
    const auto text = [&](const char *name, double otherwise)
    {
        return dumpJson(
            numberMember(document.attributes, name).value_or(otherwise), -1);
    };
    return "array '" + document.path +
           "' of the new target is packed (scale_factor " +
           text("scale_factor", 1) + ", add_offset " + text("add_offset", 0) +
           "), and its first slice has no two different values: if that "
           "packing was made from them, later values will not fit, or be "
           "rounded to its steps. --encoding " +
           document.path + ":dtype=float32 makes a cube that is not packed";
}

}  // namespace

Result<std::vector<std::string>> warningsOfPacking(const Slice &slice,
                                                   const AppendPlan &plan)
{
    std::vector<std::string> warnings;
    for (std::size_t i = 0; plan.create && i < plan.slabs.size(); ++i)
    {
        const auto &slab = plan.slabs[i];
        const auto &document = plan.intent.arrays[i].document;
        // One value alone never has a range.
        if (!slab.sliceArray || !slab.axis || !isPacked(document) ||
            elementCount(slab.shape) < 2)
            continue;
        MDIMAPPEND_ASSIGN(const bool varies,
                          PackedArray(slice, slab, document).hasTwoValues());
        if (!varies)
            warnings.push_back(warningOf(document));
    }
    return warnings;
}

}  // namespace mdimappend

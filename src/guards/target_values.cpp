#include "guards/target_values.h"

#include "guards/slice_coordinates.h"
#include "json/json_text.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace mdimappend
{

namespace
{

constexpr std::uint64_t compareBudget = 16ULL << 20;

/// Bitwise, but any NaN equals any other.
bool sameElement(const char *a, const char *b, std::size_t size,
                 GDALDataType type)
{
    if (std::memcmp(a, b, size) == 0)
        return true;
    if (!GDALDataTypeIsFloating(type))
        return false;
    double x[2] = {};
    double y[2] = {};
    GDALCopyWords64(a, type, 0, x, GDT_CFloat64, 0, 1);
    GDALCopyWords64(b, type, 0, y, GDT_CFloat64, 0, 1);
    const auto same = [](double p, double q)
    { return p == q || (std::isnan(p) && std::isnan(q)); };
    return same(x[0], y[0]) && same(x[1], y[1]);
}

bool sameElements(const ElementBuffer &a, const ElementBuffer &b,
                  const GDALExtendedDataType &type, std::uint64_t count)
{
    if (type.GetClass() == GEDTC_STRING)
        return a.strings() == b.strings();
    const auto size = type.GetSize();
    const auto total = static_cast<std::size_t>(count) * size;
    if (std::memcmp(a.data(), b.data(), total) == 0)
        return true;
    const auto *x = static_cast<const char *>(a.data());
    const auto *y = static_cast<const char *>(b.data());
    for (std::size_t at = 0; at < total; at += size)
    {
        if (!sameElement(x + at, y + at, size, type.GetNumericDataType()))
            return false;
    }
    return true;
}

/// A label that was never written is not a label. Zarr fills with 0 what may be
/// one all the same; NaN is refused anyway.
Status checkNoneMissing(const SliceArray &array, const void *elements,
                        std::uint64_t count)
{
    const auto &missing = array.missingValue;
    if (!missing || missing->find_first_not_of('\0') == missing->npos)
        return Status::ok();
    double number = 0;
    GDALCopyWords64(missing->data(), array.type.GetNumericDataType(), 0,
                    &number, GDT_Float64, 0, 1);
    if (std::isnan(number))
        return Status::ok();
    const auto *element = static_cast<const char *>(elements);
    for (std::uint64_t i = 0; i < count; ++i, element += missing->size())
    {
        if (std::memcmp(element, missing->data(), missing->size()) == 0)
            return refused("label " + std::to_string(i) + " is missing: '" +
                           array.name + "' has its missing value there.");
    }
    return Status::ok();
}

/// One array's committed rows against a slice's, a block at a time.
class RowComparison
{
  public:
    RowComparison(const View &view, const TargetArray &target,
                  const Match &match, const Slice &slice)
        : m_view(view), m_target(target), m_match(match), m_slice(slice)
    {
    }

    Result<bool> same(std::uint64_t sliceRow, std::uint64_t targetRow,
                      std::uint64_t rows)
    {
        if (!m_handle)
        {
            MDIMAPPEND_ASSIGN(
                m_handle,
                ArrayHandle::open(m_view, m_match.targetArray, OpenMode::Read));
            MDIMAPPEND_ASSIGN(m_reader, m_slice.reader());
        }
        const auto &document = m_target.document;
        const auto axis = *m_target.axis;
        Extent extent = document.shape;
        extent[axis] = rows;
        Extent grid;
        for (std::size_t i = 0; i < extent.size(); ++i)
            grid.push_back(ceilDivide(extent[i], document.chunk[i]));
        const auto perBlock = blockOfChunks(
            grid, document.chunk, m_slice.arrays()[*m_match.sliceArray].block,
            std::max<std::size_t>(document.dataType.size, 1), compareBudget);
        Extent step;
        ChunkBox blocks;
        for (std::size_t i = 0; i < extent.size(); ++i)
        {
            step.push_back(perBlock[i] * document.chunk[i]);
            blocks.low.push_back(0);
            blocks.high.push_back(ceilDivide(extent[i], step[i]));
        }
        const auto count = blocks.count();
        for (std::uint64_t number = 0; number < count; ++number)
        {
            const auto at = blocks.at(number);
            Extent start;
            Extent size;
            for (std::size_t i = 0; i < extent.size(); ++i)
            {
                start.push_back(at[i] * step[i]);
                size.push_back(std::min(step[i], extent[i] - start[i]));
            }
            MDIMAPPEND_ASSIGN(const bool equal,
                              sameBlock(start, size, sliceRow, targetRow));
            if (!equal)
                return false;
        }
        return true;
    }

  private:
    Result<bool> sameBlock(const Extent &start, const Extent &size,
                           std::uint64_t sliceRow, std::uint64_t targetRow)
    {
        const auto axis = *m_target.axis;
        const auto count = elementCount(size);
        const auto &type = m_handle->type();
        ElementBuffer committed(type, count);
        ElementBuffer offered(type, count);
        Extent from = start;
        from[axis] += targetRow;
        MDIMAPPEND_RETURN_IF_ERROR(
            m_handle->read(from, size, committed.data()));
        MDIMAPPEND_RETURN_IF_ERROR(m_view.failure());
        from = start;
        from[axis] += sliceRow;
        const auto &conversion = m_match.conversion;
        if (conversion.isNone())
        {
            MDIMAPPEND_RETURN_IF_ERROR(m_reader->read(*m_match.sliceArray, from,
                                                      size, offered.data()));
        }
        else
        {
            std::vector<char> raw(static_cast<std::size_t>(count) *
                                  conversion.sourceSize());
            MDIMAPPEND_RETURN_IF_ERROR(
                m_reader->read(*m_match.sliceArray, from, size, raw.data()));
            MDIMAPPEND_RETURN_IF_ERROR(conversion.apply(
                raw.data(), offered.data(), static_cast<std::size_t>(count)));
        }
        return sameElements(committed, offered, type, count);
    }

    const View &m_view;
    const TargetArray &m_target;
    const Match &m_match;
    const Slice &m_slice;
    std::unique_ptr<ArrayHandle> m_handle;
    std::unique_ptr<SliceReader> m_reader;
};

std::vector<View::Array> viewArrays(const Target &target)
{
    std::vector<View::Array> arrays;
    for (const auto &array : target.arrays)
        arrays.push_back(
            {{array.document.path, array.document.keys, {}, {}},
             array.document,
             paddedShape(array.document.shape, array.document.chunk)});
    return arrays;
}

/// Labels are compared and stored as they are: codes of packed ones would be
/// taken for labels.
Status checkNotPacked(const std::string &whose, double scale, double offset)
{
    if (scale == 1 && offset == 0)
        return Status::ok();
    return refused(whose + " labels are packed (scale " + dumpJson(scale, -1) +
                   ", offset " + dumpJson(offset, -1) +
                   "), and packed labels are not understood.");
}

}  // namespace

TargetValues::TargetValues(const Site &site, Storage &storage,
                           const Target &target)
    : m_target(target),
      m_view(std::make_unique<View>(site, storage, "", viewArrays(target)))
{
}

Result<std::unique_ptr<ElementBuffer>> TargetValues::readAll(std::size_t array)
{
    const auto &shape = m_target.arrays[array].document.shape;
    return read(array, Extent(shape.size(), 0), shape);
}

Result<std::unique_ptr<ElementBuffer>>
TargetValues::read(std::size_t array, const Extent &start, const Extent &extent)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        checkReadWhole(m_target.arrays[array].name, extent)
            .prefixed("the target"));
    MDIMAPPEND_ASSIGN(const auto handle,
                      ArrayHandle::open(*m_view, array, OpenMode::Read));
    auto buffer =
        std::make_unique<ElementBuffer>(handle->type(), elementCount(extent));
    MDIMAPPEND_RETURN_IF_ERROR(handle->read(start, extent, buffer->data()));
    MDIMAPPEND_RETURN_IF_ERROR(m_view->failure());
    return buffer;
}

Result<CoordinateValues> TargetValues::coordinate(std::size_t array)
{
    const auto &document = m_target.arrays[array].document;
    MDIMAPPEND_ASSIGN(const auto buffer, readAll(array));
    if (document.dataType.isString())
    {
        CoordinateValues values;
        values.shape = document.shape;
        values.texts = buffer->strings();
        return values;
    }
    auto values = coordinateValues(
        buffer->data(), GDALExtendedDataType::Create(document.dataType.gdal),
        document.shape);
    unpack(values, numberMember(document.attributes, "scale_factor"),
           numberMember(document.attributes, "add_offset"));
    return values;
}

Result<Labels> TargetValues::labels(std::uint64_t first, std::uint64_t end)
{
    const auto *array = m_target.labels();
    if (!array)
        return Labels{};
    MDIMAPPEND_ASSIGN(
        const auto buffer,
        read(static_cast<std::size_t>(array - m_target.arrays.data()), {first},
             {end - first}));
    if (array->document.dataType.isString())
        return textLabels(buffer->strings());
    const auto &attributes = array->document.attributes;
    MDIMAPPEND_RETURN_IF_ERROR(checkNotPacked(
        "the target's", numberMember(attributes, "scale_factor").value_or(1),
        numberMember(attributes, "add_offset").value_or(0)));
    auto labels = decodeLabels(labelForm(*array), buffer->data(),
                               static_cast<std::size_t>(end - first));
    return labels ? std::move(labels)
                  : labels.takeStatus().prefixed("the labels of the target");
}

Result<std::optional<std::string>> TargetValues::firstDifference(
    const Slice &slice, const std::vector<Match> &matches, const RowRun &run)
{
    for (const auto &match : matches)
    {
        if (!match.sliceArray)
            continue;
        const auto &target = m_target.arrays[match.targetArray];
        RowComparison comparison(*m_view, target, match, slice);
        MDIMAPPEND_ASSIGN(
            const bool same,
            comparison.same(run.sliceRow, run.targetRow, run.rows));
        if (!same)
            return std::optional<std::string>("array '" + target.name + "'");
    }
    return std::optional<std::string>();
}

Result<Labels> sliceLabels(const Slice &slice)
{
    for (std::size_t i = 0; i < slice.arrays().size(); ++i)
    {
        const auto &array = slice.arrays()[i];
        if (!array.labels)
            continue;
        MDIMAPPEND_RETURN_IF_ERROR(checkNotPacked(
            "its", array.scale.value_or(1), array.offset.value_or(0)));
        MDIMAPPEND_RETURN_IF_ERROR(checkReadWhole(array.name, array.shape));
        const auto count = elementCount(array.shape);
        ElementBuffer buffer(array.type, count);
        MDIMAPPEND_ASSIGN(const auto reader, slice.reader());
        const Extent zero(array.shape.size(), 0);
        MDIMAPPEND_RETURN_IF_ERROR(
            reader->read(i, zero, array.shape, buffer.data()));
        if (array.type.GetClass() == GEDTC_STRING)
            return textLabels(buffer.strings());
        MDIMAPPEND_RETURN_IF_ERROR(
            checkNoneMissing(array, buffer.data(), count));
        LabelForm form;
        form.type = array.type.GetNumericDataType();
        form.units = array.units;
        const auto calendar = array.attributes.find("calendar");
        if (calendar != array.attributes.end() && calendar->is_string())
            form.calendar = calendar->get<std::string>();
        return decodeLabels(form, buffer.data(),
                            static_cast<std::size_t>(count));
    }
    return Labels{};
}

Result<Labels> inCalendarOf(const Target &target, Labels labels)
{
    const auto *array = target.labels();
    if (!array || labels.kind != Labels::Kind::Date)
        return labels;
    Labels like;
    like.kind = Labels::Kind::Date;
    MDIMAPPEND_ASSIGN(like.encoding,
                      TimeEncoding::parse(array->units, array->calendar));
    return alignCalendars(std::move(labels), like);
}

LabelForm labelForm(const TargetArray &array)
{
    LabelForm form;
    form.text = array.document.dataType.isString();
    form.type = array.document.dataType.gdal;
    form.units = array.units;
    form.calendar = array.calendar;
    return form;
}

}  // namespace mdimappend

// Reads arrays of characters as texts, decoded by `_Encoding`.

#include "json/utf8.h"
#include "slice/attributes_json.h"
#include "slice/char_arrays.h"
#include "slice/gdal_messages.h"
#include "slice/gdal_strings.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace mdimappend
{

namespace
{

std::string iconvName(const std::string &encoding)
{
    std::string name(encoding);
    std::ranges::transform(name, name.begin(), [](unsigned char c)
                           { return c == '_' ? '-' : std::tolower(c); });
    for (const char *latin1 : {"latin-1", "latin1", "latin", "iso8859-1", "l1"})
        if (name == latin1)
            return CPL_ENC_ISO8859_1;
    return encoding;
}

bool isUtf8Name(std::string_view encoding)
{
    return EQUAL(std::string(encoding).c_str(), "utf-8") ||
           EQUAL(std::string(encoding).c_str(), "utf8");
}

Result<std::string> decoded(const std::string &bytes,
                            const std::string &encoding)
{
    if (encoding.empty())
        return validUtf8(bytes);
    const bool isAscii = std::ranges::all_of(
        bytes, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (isAscii || (isUtf8Name(encoding) && isUtf8(bytes)))
        return bytes;
    const GdalMessages messages;
    std::string text;
    if (!isUtf8Name(encoding))
    {
        char *recoded =
            CPLRecode(bytes.c_str(), iconvName(encoding).c_str(), CPL_ENC_UTF8);
        text = recoded ? recoded : "";
        CPLFree(recoded);
    }
    if (text.empty() || messages.failed() || !isUtf8(text))
        return refused("a text is not in the encoding '" + encoding +
                       "' that '_Encoding' says, or that is not known. "
                       "Exclude the array with --exclude-array");
    return text;
}

/// Without NULs at its end; one inside would cut it.
Result<std::string> textOf(std::string_view bytes, const std::string &encoding)
{
    const auto last = bytes.find_last_not_of('\0');
    bytes = bytes.substr(0, last == bytes.npos ? 0 : last + 1);
    if (bytes.find('\0') != bytes.npos)
        return refused("a text has a NUL inside, and would be cut there. "
                       "Exclude the array with --exclude-array");
    return decoded(std::string(bytes), encoding);
}

std::size_t elementsIn(std::span<const std::uint64_t> count)
{
    std::size_t elements = 1;
    for (const auto n : count)
        elements *= static_cast<std::size_t>(n);
    return elements;
}

Status readWith(const GDALMDArray &array, std::span<const std::uint64_t> start,
                std::span<const std::uint64_t> count,
                const GDALExtendedDataType &type, void *buffer)
{
    // One element more, so that data() is not null for a scalar.
    std::vector<GUInt64> first(start.begin(), start.end());
    std::vector<std::size_t> counts(count.begin(), count.end());
    first.push_back(0);
    counts.push_back(1);
    GdalMessages messages;
    if (array.Read(first.data(), counts.data(), nullptr, nullptr, type,
                   buffer) &&
        !messages.failed())
        return Status::ok();
    return {Failure::Unavailable,
            "read failed: " + messages.failure("the driver does not say why") +
                "."};
}

Status readRows(const GDALMDArray &array, const CharLayout &layout,
                std::span<const std::uint64_t> start,
                std::span<const std::uint64_t> count,
                std::vector<std::string> &rows)
{
    std::vector<char *> found(elementsIn(count), nullptr);
    auto done =
        readWith(array, start, count, GDALExtendedDataType::CreateString(),
                 static_cast<void *>(found.data()));
    for (const char *row : found)
        rows.emplace_back(row ? row : "");
    freeStrings(static_cast<void *>(found.data()), found.size());
    if (!done || layout.joined)
        return done;
    for (const auto &row : rows)
        if (row.size() != layout.width)
            return refused("a row of its characters has a NUL, where GDAL's "
                           "netCDF driver ends it, whatever follows. Exclude "
                           "the array with --exclude-array.");
    return done;
}

/// The bytes of each text, one after the other.
Status readBytes(const GDALMDArray &array, const CharLayout &layout,
                 std::span<const std::uint64_t> start,
                 std::span<const std::uint64_t> count,
                 std::vector<std::string> &texts)
{
    std::vector<std::uint64_t> first(start.begin(), start.end());
    std::vector<std::uint64_t> counts(count.begin(), count.end());
    const std::size_t width =
        layout.joined ? static_cast<std::size_t>(layout.width) : 1;
    if (layout.joined)
    {
        first.push_back(0);
        counts.push_back(width);
    }
    std::string bytes(elementsIn(counts), '\0');
    MDIMAPPEND_RETURN_IF_ERROR(readWith(array, first, counts,
                                        GDALExtendedDataType::Create(GDT_UInt8),
                                        bytes.data()));
    for (std::size_t at = 0; at < bytes.size(); at += width)
        texts.push_back(bytes.substr(at, width));
    return Status::ok();
}

}  // namespace

Status readChars(const GDALMDArray &array, const CharLayout &layout,
                 std::span<const std::uint64_t> start,
                 std::span<const std::uint64_t> count, char **texts)
{
    const bool splits = layout.rows && !layout.joined;
    std::vector<std::string> found;
    if (layout.rows)
        MDIMAPPEND_RETURN_IF_ERROR(readRows(
            array, layout, splits ? start.first(start.size() - 1) : start,
            splits ? count.first(count.size() - 1) : count, found));
    else
        MDIMAPPEND_RETURN_IF_ERROR(
            readBytes(array, layout, start, count, found));
    const std::size_t inRow =
        splits ? static_cast<std::size_t>(count.back()) : 1;
    for (std::size_t i = 0; i < found.size() * inRow; ++i)
    {
        const std::string &row = found[i / inRow];
        auto text = textOf(
            splits ? std::string_view(row).substr(
                         static_cast<std::size_t>(start.back()) + i % inRow, 1)
                   : std::string_view(row),
            layout.encoding);
        if (!text)
            return text.takeStatus();
        texts[i] = CPLStrdup(text->c_str());
    }
    return Status::ok();
}

}  // namespace mdimappend

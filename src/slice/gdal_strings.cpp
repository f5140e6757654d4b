// Takes over strings from GDAL, and measures those of an array.

#include "slice/gdal_strings.h"

#include "json/utf8.h"
#include "slice/attributes_json.h"
#include "slice/gdal_messages.h"
#include "slice/slice_source.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace mdimappend
{

namespace
{

/// So many are in memory at the same time, if a row has no more.
constexpr std::uint64_t stringsAtOnce = 65536;

/// In a row of the array, all that follows its first dimension.
std::size_t stringsInRow(const std::vector<std::uint64_t> &shape)
{
    std::size_t count = 1;
    for (std::size_t i = 1; i < shape.size(); ++i)
        count *= static_cast<std::size_t>(shape[i]);
    return count;
}

std::string tooLong(std::size_t cutAt)
{
    return ". Texts of much more than " + std::to_string(cutAt) +
           " bytes, if there are any, are too long for it: exclude the array "
           "with --exclude-array then.";
}

}  // namespace

void makeValid(char **strings, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i)
    {
        const char *text = strings[i] ? strings[i] : "";
        if (strings[i] && isUtf8(text))
            continue;
        char *valid = CPLStrdup(validUtf8(text).c_str());
        CPLFree(strings[i]);
        strings[i] = valid;
    }
}

void freeStrings(void *buffer, std::size_t count)
{
    auto **strings = static_cast<char **>(buffer);
    for (std::size_t i = 0; i < count; ++i)
        CPLFree(std::exchange(strings[i], nullptr));
}

Result<std::size_t> longestString(const GDALMDArray &array, std::size_t cutAt)
{
    const std::string subject = "array '" + array.GetName() + "': ";
    std::vector<std::uint64_t> shape;
    for (const auto &dimension : array.GetDimensions())
        shape.push_back(dimension->GetSize());
    if (!shape.empty())
        MDIMAPPEND_RETURN_IF_ERROR(
            checkReadWhole(array.GetName(), std::span(shape).subspan(1)));
    std::vector<GUInt64> start(shape.size() + 1, 0);
    std::vector<std::size_t> count(shape.begin(), shape.end());
    count.push_back(1);
    const std::size_t rows = count.front();
    const std::size_t row = stringsInRow(shape);
    if (row == 0)
        return std::size_t{0};
    const std::size_t step = std::max<std::size_t>(1, stringsAtOnce / row);
    const auto type = GDALExtendedDataType::CreateString();
    std::vector<char *> strings;
    std::size_t longest = 0;
    for (std::size_t first = 0; first < rows; first += step)
    {
        GdalMessages messages;
        start.front() = first;
        count.front() = std::min(step, rows - first);
        strings.assign(count.front() * row, nullptr);
        const bool success =
            array.Read(start.data(), count.data(), nullptr, nullptr, type,
                       static_cast<void *>(strings.data()));
        const bool isCut =
            cutAt > 0 &&
            std::ranges::any_of(strings, [&](const char *text)
                                { return text && std::strlen(text) >= cutAt; });
        makeValid(strings.data(), strings.size());
        for (const char *text : strings)
            longest = std::max(longest, CPLStrlenUTF8Ex(text));
        freeStrings(static_cast<void *>(strings.data()), strings.size());
        if (isCut)
            return refused(subject + "it has texts of " +
                           std::to_string(cutAt) +
                           " bytes or more, which GDAL's Zarr driver cuts. "
                           "Exclude it with --exclude-array.");
        if (!success)
            return Status(Failure::Unavailable,
                          subject + "read failed: " +
                              messages.failure("the driver does not say why") +
                              (cutAt > 0 ? tooLong(cutAt) : "."));
    }
    return longest;
}

}  // namespace mdimappend

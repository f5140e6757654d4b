// Makes an array's document as the driver is to see it, once for each fill
// value.

#include "transaction/private_documents.h"

#include <optional>

namespace mdimappend
{

namespace
{

Json fillValue(const DataType &type, bool isZero)
{
    Json fill = isZero ? 0 : 1;
    if (type.isString())
        fill = isZero ? "" : "1";
    else if (type.kind == DataType::Kind::Numeric &&
             GDALDataTypeIsComplex(type.gdal))
        fill = Json::array({fill, 0});
    return fill;
}

}  // namespace

std::shared_ptr<const std::string>
PrivateDocuments::find(std::size_t array, OpenMode mode,
                       std::string_view key) const
{
    if (array >= m_arrays.size())
        return nullptr;
    const bool isV2 = m_arrays[array].document.format == ZarrFormat::V2;
    if (key != (isV2 ? ".zarray" : "zarr.json"))
        return nullptr;
    const MutexLock lock(m_mutex);
    auto &made = m_made[{array, mode}];
    if (!made)
        made = std::make_shared<const std::string>(make(array, mode));
    return made;
}

std::string PrivateDocuments::make(std::size_t array, OpenMode mode) const
{
    const auto &[planned, document, paddedShape] = m_arrays[array];
    // In a shard the driver leaves out inner chunks that are all fill, and a
    // reader then sees the array's own fill value: no other may be served.
    if (mode == OpenMode::Read || document.sharded)
        return privateDocument(document, paddedShape, std::nullopt);
    return privateDocument(
        document, paddedShape,
        std::make_optional<Json>(
            fillValue(document.dataType, mode == OpenMode::WriteZero)));
}

void PrivateDocuments::clear()
{
    const MutexLock lock(m_mutex);
    m_made.clear();
}

}  // namespace mdimappend

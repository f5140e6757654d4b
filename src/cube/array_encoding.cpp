// Tells what the settings say of an array: its own settings over those of all,
// and of those only what suits it.

#include "cube/array_encoding.h"

#include "slice/cf_references.h"

namespace mdimappend
{

std::set<std::string> dataArrays(const Slice &slice)
{
    std::vector<NamedArray> arrays;
    for (const auto &array : slice.arrays())
        arrays.push_back({array.name, array.dimensions, array.attributes});
    return dataAmong(arrays);
}

std::set<std::string> dataArrays(const Target &target)
{
    std::vector<NamedArray> arrays;
    for (const auto &array : target.arrays)
        arrays.push_back(
            {array.name, array.document.dimensions, array.document.attributes});
    return dataAmong(arrays);
}

ArrayEncoding encodingFor(const AppendOptions &options, const std::string &name,
                          std::size_t rank, bool isData)
{
    ArrayEncoding all;
    if (const auto found = options.encodings.find("*");
        found != options.encodings.end())
        all = found->second;
    if (!isData)
    {
        ArrayEncoding part;
        part.chunk = all.chunk;
        part.shard = all.shard;
        part.compressor = all.compressor;
        part.level = all.level;
        part.shuffle = all.shuffle;
        part.separator = all.separator;
        all = std::move(part);
    }
    for (auto *sizes : {&all.chunk, &all.shard})
    {
        if (*sizes && !(*sizes)->empty() && (*sizes)->size() != rank)
            sizes->reset();
    }
    const auto own = options.encodings.find(name);
    return own == options.encodings.end() ? all : all.mergedWith(own->second);
}

std::optional<GDALDataType> askedType(const ArrayEncoding &encoding)
{
    if (!encoding.dtype)
        return std::nullopt;
    switch (*encoding.dtype)
    {
    case NumberType::Int8:
        return GDT_Int8;
    case NumberType::UInt8:
        return GDT_UInt8;
    case NumberType::Int16:
        return GDT_Int16;
    case NumberType::UInt16:
        return GDT_UInt16;
    case NumberType::Int32:
        return GDT_Int32;
    case NumberType::UInt32:
        return GDT_UInt32;
    case NumberType::Int64:
        return GDT_Int64;
    case NumberType::UInt64:
        return GDT_UInt64;
    case NumberType::Float16:
        return GDT_Float16;
    case NumberType::Float32:
        return GDT_Float32;
    case NumberType::Float64:
        return GDT_Float64;
    case NumberType::Complex64:
        return GDT_CFloat32;
    case NumberType::Complex128:
        break;
    }
    return GDT_CFloat64;
}

bool asksForType(const AppendOptions &options, const std::string &name,
                 GDALDataType type)
{
    return askedType(encodingOf(options.encodings, name)) == type;
}

}  // namespace mdimappend

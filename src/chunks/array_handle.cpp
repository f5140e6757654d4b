// GDAL's Zarr driver, on one array of the private view: every failure that it
// reports, even beside success, counts.

#include "chunks/array_handle.h"

#include "slice/gdal_messages.h"
#include "slice/slice_config.h"

#include <cpl_conv.h>

#include <cstring>

namespace mdimappend
{

Result<std::unique_ptr<ArrayHandle>>
ArrayHandle::open(const View &view, std::size_t array, OpenMode mode)
{
    MDIMAPPEND_ASSIGN(const CPLStringList config,
                      parseConfig(view.site().config));
    const ScopedConfig configured(config);
    const GdalMessages messages;
    // The driver cuts longer texts, silently; its own limit is 256.
    const CPLConfigOptionSetter longTexts(
        "ZARR_VLEN_STRING_MAX_LENGTH",
        std::to_string(longestVariableText).c_str(), false);
    std::unique_ptr<ArrayHandle> handle(new ArrayHandle);
    handle->m_config = config;
    handle->m_name = view.arrayName(array);
    const auto path = view.path(array, mode);
    handle->m_path = path;
    handle->m_folder = view.site().object(handle->m_name);
    handle->m_replaces = !view.array(array).planned.replaced.empty();
    const char *const drivers[] = {"Zarr", nullptr};
    const char *const options[] = {"USE_CONSOLIDATED_METADATA=NO", nullptr};
    unsigned flags = GDAL_OF_MULTIDIM_RASTER;
    if (mode != OpenMode::Read)
        flags |= GDAL_OF_UPDATE;
    handle->m_dataset.reset(
        GDALDataset::Open(path.c_str(), flags, drivers, options));
    const auto root =
        handle->m_dataset ? handle->m_dataset->GetRootGroup() : nullptr;
    if (root)
    {
        const auto names = root->GetMDArrayNames();
        if (names.size() == 1)
            handle->m_array = root->OpenMDArray(names.front());
    }
    if (!handle->m_array)
        return error(
            "array '" + handle->m_name +
            "': GDAL's Zarr driver cannot open it: " +
            handle->withPlainPaths(messages.failure("it gives no reason")));
    return handle;
}

ArrayHandle::~ArrayHandle()
{
    const ScopedConfig configured(m_config);
    const GdalMessages messages;
    m_array.reset();
    m_dataset.reset();
}

Status ArrayHandle::read(const Extent &start, const Extent &count, void *buffer)
{
    const ScopedConfig configured(m_config);
    const GdalMessages messages;
    const std::vector<GUInt64> from(start.begin(), start.end());
    const std::vector<size_t> size(count.begin(), count.end());
    // The driver may report a failure, go on, and return success.
    if (!m_array->Read(from.data(), size.data(), nullptr, nullptr,
                       m_array->GetDataType(), buffer) ||
        messages.failed())
        return damaged(messages.failure("GDAL gives no reason"));
    return Status::ok();
}

/// Names of the private view tell nobody which file is meant.
std::string ArrayHandle::withPlainPaths(std::string text) const
{
    for (auto at = text.find(m_path); at != text.npos; at = text.find(m_path))
        text.replace(at, m_path.size(), m_folder);
    return text;
}

Status ArrayHandle::damaged(const std::string &why) const
{
    const auto told = withPlainPaths(why);
    std::string text =
        "array '" + m_name + "' of the target cannot be read: " + told;
    if (told.find(m_folder) == told.npos)
        return error(text);
    text += ". That file is damaged: put it back from a copy of the cube.";
    if (m_replaces)
        text += " Without a copy its values are lost: if it is removed they "
                "read as missing, and slices that are appended again with "
                "--on-duplicate replace write them anew.";
    return error(text);
}

Status ArrayHandle::write(const Extent &start, const Extent &count,
                          const void *buffer)
{
    const ScopedConfig configured(m_config);
    const GdalMessages messages;
    const std::vector<GUInt64> from(start.begin(), start.end());
    const std::vector<size_t> size(count.begin(), count.end());
    if (!m_array->Write(from.data(), size.data(), nullptr, nullptr,
                        m_array->GetDataType(), buffer))
        return error("array '" + m_name + "' cannot be written: " +
                     withPlainPaths(messages.failure("GDAL gives no reason")));
    return Status::ok();
}

GDALExtendedDataType memoryTypeOf(const ArrayDocument &document)
{
    return document.dataType.isString()
               ? GDALExtendedDataType::CreateString()
               : GDALExtendedDataType::Create(document.dataType.gdal);
}

ElementBuffer::ElementBuffer(const GDALExtendedDataType &type,
                             std::uint64_t count)
    : m_elementSize(type.GetSize()), m_strings(type.GetClass() == GEDTC_STRING),
      m_bytes(static_cast<std::size_t>(count) * m_elementSize)
{
}

ElementBuffer::~ElementBuffer()
{
    clear();
}

void ElementBuffer::clear()
{
    if (!m_strings)
        return;
    for (std::size_t at = 0; at < m_bytes.size(); at += m_elementSize)
    {
        char *text = nullptr;
        std::memcpy(static_cast<void *>(&text), m_bytes.data() + at,
                    sizeof(text));
        CPLFree(text);
    }
    std::fill(m_bytes.begin(), m_bytes.end(), '\0');
}

std::vector<std::string> ElementBuffer::strings() const
{
    std::vector<std::string> all;
    for (std::size_t at = 0; m_strings && at < m_bytes.size();
         at += m_elementSize)
    {
        const char *text = nullptr;
        std::memcpy(static_cast<void *>(&text), m_bytes.data() + at,
                    sizeof(text));
        all.emplace_back(text ? text : "");
    }
    return all;
}

}  // namespace mdimappend

// Calls GDAL's file API for a file that is open, each with its answer checked.

#include "vsi/vsi_file.h"

#include "trace.h"

namespace mdimappend
{

void VsiFile::Close::operator()(VSILFILE *file) const
{
    // Of what was only read nothing is lost; whoever writes calls close().
    if (VSIFCloseL(file) != 0)
        trace("", "a file that is no longer needed could not be closed");
}

VsiFile VsiFile::open(const std::string &path)
{
    return VsiFile(VSIFOpenL(path.c_str(), "rb"));
}

std::size_t VsiFile::read(void *buffer, std::size_t count)
{
    return VSIFReadL(buffer, 1, count, m_file.get());
}

bool VsiFile::readAt(std::uint64_t offset, void *buffer, std::size_t count)
{
    return seek(offset) && read(buffer, count) == count;
}

bool VsiFile::seek(std::uint64_t offset)
{
    return VSIFSeekL(m_file.get(), offset, SEEK_SET) == 0;
}

std::uint64_t VsiFile::tell()
{
    return VSIFTellL(m_file.get());
}

std::optional<std::uint64_t> VsiFile::size()
{
    if (VSIFSeekL(m_file.get(), 0, SEEK_END) != 0)
        return std::nullopt;
    const std::uint64_t size = tell();
    return seek(0) ? std::optional(size) : std::nullopt;
}

bool VsiFile::failed()
{
    return VSIFErrorL(m_file.get()) != 0;
}

bool VsiFile::close()
{
    return !m_file || VSIFCloseL(m_file.release()) == 0;
}

}  // namespace mdimappend

// A file that a page of memory may stand for: whatever happens, there must be
// bytes for all of it, or the netCDF library waits for ever.

#include "vsi/checked_reads.h"
#include "vsi/file_position.h"

#include <cpl_vsi_virtual.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace mdimappend
{

namespace
{

class SizedHandle final : public VSIVirtualHandle
{
  public:
    SizedHandle(VsiFile file, std::uint64_t size, TellFailure tell)
        : m_file(std::move(file)), m_size(size), m_tell(std::move(tell))
    {
    }

    int Seek(vsi_l_offset offset, int whence) override
    {
        return m_position.seek(offset, whence, m_size);
    }

    vsi_l_offset Tell() override
    {
        return m_position.at();
    }

    size_t Read(void *buffer, size_t count) override
    {
        const auto at = m_position.at();
        const auto due = static_cast<size_t>(
            std::min<std::uint64_t>(count, at < m_size ? m_size - at : 0));
        size_t done = 0;
        if (m_file && due > 0 && m_file.seek(at))
            done = m_file.read(buffer, due);
        if (done < due)
        {
            m_tell("only " + std::to_string(done) + " of " +
                   std::to_string(due) + " bytes were read");
            std::memset(static_cast<char *>(buffer) + done, 0, due - done);
        }
        m_position.moved(due, count);
        return due;
    }

    size_t Write(const void *, size_t count) override
    {
        m_refused = m_refused || count > 0;
        errno = EBADF;
        return 0;
    }

    void ClearErr() override
    {
        m_position.clearEnded();
        m_refused = false;
        if (m_file)
            VSIFClearErrL(m_file.get());
    }

    int Eof() override
    {
        return m_position.ended();
    }

    /// What cannot be read is told, and not seen here.
    int Error() override
    {
        return m_refused;
    }

    int Close() override
    {
        return m_file.close() ? 0 : -1;
    }

  private:
    VsiFile m_file;
    std::uint64_t m_size;
    TellFailure m_tell;
    FilePosition m_position{};
    bool m_refused = false;
};

}  // namespace

VsiFile fileOfSize(VsiFile file, std::uint64_t size, TellFailure tell)
{
    return VsiFile(new SizedHandle(std::move(file), size, std::move(tell)));
}

}  // namespace mdimappend

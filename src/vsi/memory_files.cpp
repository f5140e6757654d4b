// What GDAL reads from bytes that are there already, and what it writes, kept
// until the file is closed.

#include "vsi/memory_files.h"

#include "vsi/file_position.h"

#include <cpl_vsi_virtual.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace mdimappend
{

namespace
{

/// What both have; neither does what it is not for.
class MemoryHandle : public VSIVirtualHandle
{
  public:
    int Seek(vsi_l_offset offset, int whence) override
    {
        return m_position.seek(offset, whence, bytes().size());
    }

    vsi_l_offset Tell() override
    {
        return m_position.at();
    }

    size_t Read(void *, size_t count) override
    {
        return refuse(count);
    }

    size_t Write(const void *, size_t count) override
    {
        return refuse(count);
    }

    void ClearErr() override
    {
        m_position.clearEnded();
        m_failed = false;
    }

    int Eof() override
    {
        return m_position.ended();
    }

    int Error() override
    {
        return m_failed;
    }

    int Close() override
    {
        return 0;
    }

  protected:
    virtual const std::string &bytes() const = 0;

    FilePosition m_position{};

  private:
    size_t refuse(size_t count)
    {
        m_failed = m_failed || count > 0;
        errno = EBADF;
        return 0;
    }

    bool m_failed = false;
};

class ReadHandle final : public MemoryHandle
{
  public:
    explicit ReadHandle(std::shared_ptr<const std::string> bytes)
        : m_bytes(std::move(bytes))
    {
    }

    size_t Read(void *buffer, size_t count) override
    {
        const auto done = PRead(buffer, count, m_position.at());
        m_position.moved(done, count);
        return done;
    }

    bool HasPRead() const override
    {
        return true;
    }

    size_t PRead(void *buffer, size_t count, vsi_l_offset offset) const override
    {
        if (offset >= bytes().size())
            return 0;
        const auto done = std::min<std::size_t>(count, bytes().size() - offset);
        std::memcpy(buffer, bytes().data() + offset, done);
        return done;
    }

  protected:
    const std::string &bytes() const override
    {
        return *m_bytes;
    }

  private:
    std::shared_ptr<const std::string> m_bytes;
};

class WriteHandle final : public MemoryHandle
{
  public:
    explicit WriteHandle(TakeBytes take) : m_take(std::move(take))
    {
    }

    ~WriteHandle() override
    {
        deliver();
    }

    size_t Write(const void *buffer, size_t count) override
    {
        if (count == 0)
            return 0;
        const auto at = static_cast<std::size_t>(m_position.at());
        if (at + count > m_bytes.size())
            m_bytes.resize(at + count);
        std::memcpy(m_bytes.data() + at, buffer, count);
        m_position.moved(count, count);
        return count;
    }

    int Close() override
    {
        return deliver();
    }

  protected:
    const std::string &bytes() const override
    {
        return m_bytes;
    }

  private:
    int deliver()
    {
        if (m_take)
            m_result = std::exchange(m_take, nullptr)(m_bytes) ? 0 : -1;
        m_bytes = std::string();
        return m_result;
    }

    std::string m_bytes{};
    TakeBytes m_take;
    int m_result = 0;
};

}  // namespace

VsiFile fileOfBytes(std::string bytes)
{
    return fileOfBytes(std::make_shared<const std::string>(std::move(bytes)));
}

VsiFile fileOfBytes(std::shared_ptr<const std::string> bytes)
{
    return VsiFile(new ReadHandle(std::move(bytes)));
}

VsiFile fileForBytes(TakeBytes take)
{
    return VsiFile(new WriteHandle(std::move(take)));
}

}  // namespace mdimappend

// A file that passes everything on to another, and looks at the answers.

#include "vsi/checked_reads.h"

#include <cpl_vsi_virtual.h>

#include <cerrno>
#include <utility>

namespace mdimappend
{

namespace
{

class CheckedHandle final : public VSIVirtualHandle
{
  public:
    CheckedHandle(VsiFile file, std::string path, TellFailure tell)
        : m_file(std::move(file)), m_path(std::move(path)),
          m_tell(std::move(tell))
    {
    }

    int Seek(vsi_l_offset offset, int whence) override
    {
        const int result = other().Seek(offset, whence);
        m_ended = m_ended && result != 0;
        return result;
    }

    vsi_l_offset Tell() override
    {
        return other().Tell();
    }

    size_t Read(void *buffer, size_t count) override
    {
        const size_t done = other().Read(buffer, count);
        if (done < count)
            checkEnd(count, done);
        return done;
    }

    bool HasPRead() const override
    {
        return other().HasPRead();
    }

    size_t PRead(void *buffer, size_t count, vsi_l_offset offset) const override
    {
        const size_t done = other().PRead(buffer, count, offset);
        // How long the file is cannot be asked without moving in it.
        if (done < count && done + offset < statedSize())
            tellShort(count, done);
        return done;
    }

    int ReadMultiRange(int ranges, void **data, const vsi_l_offset *offsets,
                       const size_t *sizes) override
    {
        const int result = other().ReadMultiRange(ranges, data, offsets, sizes);
        if (result != 0)
            m_tell("a read of " + std::to_string(ranges) + " ranges failed");
        return result;
    }

    void AdviseRead(int ranges, const vsi_l_offset *offsets,
                    const size_t *sizes) override
    {
        other().AdviseRead(ranges, offsets, sizes);
    }

    size_t GetAdviseReadTotalBytesLimit() const override
    {
        return other().GetAdviseReadTotalBytesLimit();
    }

    VSIRangeStatus GetRangeStatus(vsi_l_offset offset,
                                  vsi_l_offset length) override
    {
        return other().GetRangeStatus(offset, length);
    }

    size_t Write(const void *, size_t count) override
    {
        m_refused = m_refused || count > 0;
        errno = EBADF;
        return 0;
    }

    void ClearErr() override
    {
        m_ended = false;
        m_refused = false;
        other().ClearErr();
    }

    int Eof() override
    {
        return m_ended || other().Eof();
    }

    int Error() override
    {
        return m_refused || other().Error();
    }

    void Interrupt() override
    {
        other().Interrupt();
    }

    int Close() override
    {
        return m_file.close() ? 0 : -1;
    }

  private:
    VSIVirtualHandle &other() const
    {
        return *m_file.get();
    }

    void tellShort(size_t count, size_t done) const
    {
        m_tell("only " + std::to_string(done) + " of " + std::to_string(count) +
               " bytes were read");
    }

    std::uint64_t statedSize() const
    {
        VSIStatBufL state;
        return VSIStatL(m_path.c_str(), &state) == 0
                   ? static_cast<std::uint64_t>(state.st_size)
                   : 0;
    }

    /// Whether fewer bytes came because there are no more.
    void checkEnd(size_t count, size_t done)
    {
        const bool ended = other().Eof();
        const auto position = other().Tell();
        if (other().Error())
        {
            tellShort(count, done);
            return;
        }
        const bool isKnown = other().Seek(0, SEEK_END) == 0;
        if (isKnown && position < other().Tell())
            tellShort(count, done);
        other().Seek(position, SEEK_SET);
        // Having moved it no longer says so by itself.
        m_ended = m_ended || ended;
    }

    VsiFile m_file;
    std::string m_path;
    TellFailure m_tell;
    bool m_ended = false;
    bool m_refused = false;
};

}  // namespace

VsiFile checkedFile(VsiFile file, const std::string &path, TellFailure tell)
{
    return VsiFile(new CheckedHandle(std::move(file), path, std::move(tell)));
}

}  // namespace mdimappend

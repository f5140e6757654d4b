// Where one is in an open file, by the rules of fseek and feof, for files that
// keep it themselves.

#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>

namespace mdimappend
{

class FilePosition
{
  public:
    std::uint64_t at() const
    {
        return m_at;
    }

    /// As fseek, in a file of `size` bytes. `offset` is signed, in spite of
    /// its type, which is GDAL's. One may be behind the end; before the
    /// beginning is nothing: then -1, and one is where one was.
    int seek(std::uint64_t offset, int whence, std::uint64_t size)
    {
        const bool isKnown =
            whence == SEEK_SET || whence == SEEK_CUR || whence == SEEK_END;
        const std::uint64_t from = whence == SEEK_CUR   ? m_at
                                   : whence == SEEK_END ? size
                                                        : 0;
        std::int64_t to = 0;
        if (!isKnown ||
            __builtin_add_overflow(static_cast<std::int64_t>(from),
                                   static_cast<std::int64_t>(offset), &to) ||
            to < 0)
        {
            errno = EINVAL;
            return -1;
        }
        m_at = static_cast<std::uint64_t>(to);
        m_ended = false;
        return 0;
    }

    /// `done` bytes were read or written of the `count` that were to be.
    void moved(std::uint64_t done, std::uint64_t count)
    {
        m_at += done;
        m_ended = m_ended || done < count;
    }

    /// Whether a read has met the end.
    bool ended() const
    {
        return m_ended;
    }

    void clearEnded()
    {
        m_ended = false;
    }

  private:
    std::uint64_t m_at = 0;
    bool m_ended = false;
};

}  // namespace mdimappend

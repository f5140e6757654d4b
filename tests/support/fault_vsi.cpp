// Each operation on a file below the prefix is counted, and one goes wrong.

#include "support/fault_vsi.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi_error.h>
#include <cpl_vsi_virtual.h>

#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace mdimappend::read_testing
{

namespace
{

using Kind = ReadFault::Kind;

constexpr const char *prefix = "/vsifault/";

enum class Sort
{
    Open,
    Read,
    Stat,
    List,
    Close,
    Seek
};

bool concerns(Kind kind, Sort sort)
{
    switch (kind)
    {
    case Kind::Open:
    case Kind::OpenAsServer:
        return sort == Sort::Open;
    case Kind::Read:
    case Kind::ReadAsServer:
    case Kind::ShortRead:
    case Kind::ShortReadAtEnd:
    case Kind::FlippedBytes:
        return sort == Sort::Read;
    case Kind::Stat:
        return sort == Sort::Stat;
    case Kind::List:
    case Kind::ListIncomplete:
        return sort == Sort::List;
    case Kind::Close:
        return sort == Sort::Close;
    case Kind::None:
    case Kind::Hang:
    case Kind::Act:
        break;
    }
    return true;
}

/// What all handles share.
struct Disk
{
    mutable std::mutex mutex;
    ReadFault fault;
    std::uint64_t count = 0;
    bool hit = false;
    std::string hitFile;
    std::vector<std::string> trace;

    static Disk &instance()
    {
        static Disk disk;
        return disk;
    }

    void begin(ReadFault next)
    {
        const std::lock_guard guard(mutex);
        fault = std::move(next);
        count = 0;
        hit = false;
        hitFile.clear();
        trace.clear();
    }

    /// Whether this operation goes wrong.
    bool turn(Sort sort, const std::string &what, const std::string &file)
    {
        std::unique_lock guard(mutex);
        const bool counts =
            concerns(fault.kind, sort) &&
            (fault.only.empty() || file.find(fault.only) != std::string::npos);
        if (counts)
            ++count;
        trace.push_back((counts ? std::to_string(count) : "-") + " " + what +
                        " " + file);
        if (!counts || fault.kind == Kind::None || count < fault.at ||
            (count > fault.at && !fault.fromThenOn))
            return false;
        hit = true;
        hitFile = file;
        trace.back() += "   <-- " + describe(fault);
        const ReadFault now = fault;
        guard.unlock();
        if (now.kind == Kind::Hang)
            std::this_thread::sleep_for(std::chrono::seconds(1));
        if (now.kind == Kind::Act && now.act)
            now.act();
        if (now.kind == Kind::Hang || now.kind == Kind::Act)
            return false;
        errno = now.code;
        return true;
    }
};

Kind kindNow()
{
    const std::lock_guard guard(Disk::instance().mutex);
    return Disk::instance().fault.kind;
}

void failAsServer(const std::string &file)
{
    VSIError(VSIE_HttpError, "HTTP response code: 503");
    CPLError(CE_Failure, CPLE_HttpResponse,
             "HTTP error code : 503 while reading %s", file.c_str());
    errno = EIO;
}

class Handle final : public VSIVirtualHandle
{
  public:
    Handle(VSIVirtualHandle *file, std::string path)
        : m_file(file), m_path(std::move(path))
    {
    }

    ~Handle() override
    {
        Handle::Close();
    }

    int Seek(vsi_l_offset offset, int whence) override
    {
        turn(Sort::Seek, "seek");
        m_ended = false;
        return m_file->Seek(offset, whence);
    }

    vsi_l_offset Tell() override
    {
        return m_file->Tell();
    }

    size_t Read(void *buffer, size_t count) override
    {
        if (!turn(Sort::Read, "read of " + std::to_string(count)))
            return m_file->Read(buffer, count);
        const Kind kind = kindNow();
        if (kind == Kind::Read || kind == Kind::ReadAsServer)
        {
            m_failed = true;
            return failed(kind);
        }
        if (kind == Kind::FlippedBytes)
            return flip(buffer, m_file->Read(buffer, count));
        m_ended = kind == Kind::ShortReadAtEnd;
        return m_file->Read(buffer, count / 2);
    }

    bool HasPRead() const override
    {
        return m_file->HasPRead();
    }

    size_t PRead(void *buffer, size_t count, vsi_l_offset offset) const override
    {
        if (!turn(Sort::Read, "pread of " + std::to_string(count)))
            return m_file->PRead(buffer, count, offset);
        const Kind kind = kindNow();
        if (kind == Kind::Read || kind == Kind::ReadAsServer)
            return failed(kind);
        if (kind == Kind::FlippedBytes)
            return flip(buffer, m_file->PRead(buffer, count, offset));
        return m_file->PRead(buffer, count / 2, offset);
    }

    int ReadMultiRange(int ranges, void **data, const vsi_l_offset *offsets,
                       const size_t *sizes) override
    {
        if (!turn(Sort::Read, "read of " + std::to_string(ranges) + " ranges"))
            return m_file->ReadMultiRange(ranges, data, offsets, sizes);
        const Kind kind = kindNow();
        if (kind != Kind::FlippedBytes)
        {
            failed(kind);
            return -1;
        }
        const int result = m_file->ReadMultiRange(ranges, data, offsets, sizes);
        if (ranges > 0)
            flip(data[0], sizes[0]);
        return result;
    }

    size_t Write(const void *, size_t) override
    {
        return 0;
    }

    void ClearErr() override
    {
        m_failed = m_ended = false;
        m_file->ClearErr();
    }

    int Eof() override
    {
        return m_ended || m_file->Eof();
    }

    int Error() override
    {
        return m_failed || m_file->Error();
    }

    int Close() override
    {
        if (!m_file)
            return 0;
        const bool fails = turn(Sort::Close, "close");
        const int result = VSIFCloseL(std::exchange(m_file, nullptr));
        return fails ? -1 : result;
    }

  private:
    bool turn(Sort sort, const std::string &what) const
    {
        return Disk::instance().turn(sort, what, m_path);
    }

    size_t failed(Kind kind) const
    {
        if (kind == Kind::ReadAsServer)
            failAsServer(m_path);
        errno = EIO;
        return 0;
    }

    static size_t flip(void *buffer, size_t count)
    {
        auto *bytes = static_cast<unsigned char *>(buffer);
        if (count > 0)
            bytes[count / 2] ^= 0x55;
        return count;
    }

    VSIVirtualHandle *m_file;
    std::string m_path;
    bool m_failed = false;
    bool m_ended = false;
};

class Handler final : public VSIFilesystemHandler
{
  public:
    VSIVirtualHandleUniquePtr Open(const char *path, const char *access,
                                   bool setError, CSLConstList options) override
    {
        const std::string file = local(path);
        if (Disk::instance().turn(Sort::Open, "open", file))
        {
            if (kindNow() == Kind::OpenAsServer)
                failAsServer(file);
            return nullptr;
        }
        if (std::strchr(access, 'w') || std::strchr(access, '+'))
        {
            errno = EROFS;
            return nullptr;
        }
        auto *opened = VSIFOpenEx2L(file.c_str(), access, setError, options);
        return VSIVirtualHandleUniquePtr(opened ? new Handle(opened, file)
                                                : nullptr);
    }

    int Stat(const char *path, VSIStatBufL *state, int flags) override
    {
        const std::string file = local(path);
        if (Disk::instance().turn(Sort::Stat, "stat", file))
            return -1;
        return VSIStatExL(file.c_str(), state, flags);
    }

    char **ReadDirEx(const char *path, int most) override
    {
        const std::string folder = local(path);
        if (!Disk::instance().turn(Sort::List, "list", folder))
            return VSIReadDirEx(folder.c_str(), most);
        if (kindNow() == Kind::List)
            return nullptr;
        CPLStringList names(VSIReadDirEx(folder.c_str(), most));
        names.Sort();
        CPLStringList fewer;
        for (int i = 0; i + 1 < names.size(); ++i)
            fewer.AddString(names[i]);
        return fewer.StealList();
    }

    bool IsLocal(const char *) const override
    {
        return false;
    }

  private:
    static std::string local(const char *path)
    {
        const std::string_view name(path);
        return std::string(name.substr(
            std::min(name.size(), std::string_view(prefix).size())));
    }
};

}  // namespace

std::string describe(const ReadFault &fault)
{
    static constexpr const char *names[] = {"no fault",
                                            "open fails",
                                            "open fails (503)",
                                            "read fails",
                                            "read fails (503)",
                                            "short read",
                                            "short read at the end",
                                            "flipped bytes",
                                            "stat fails",
                                            "listing fails",
                                            "listing incomplete",
                                            "close fails",
                                            "hangs",
                                            "acts"};
    return std::string(names[static_cast<int>(fault.kind)]) + ", number " +
           std::to_string(fault.at) +
           (fault.fromThenOn ? " and all after it" : "") + ", errno " +
           std::to_string(fault.code);
}

FaultVsi::FaultVsi(ReadFault fault)
{
    static const bool installed = []
    {
        VSIFileManager::InstallHandler(prefix, std::make_shared<Handler>());
        return true;
    }();
    static_cast<void>(installed);
    Disk::instance().begin(std::move(fault));
}

FaultVsi::~FaultVsi()
{
    Disk::instance().begin({});
}

std::uint64_t FaultVsi::count() const
{
    const std::lock_guard guard(Disk::instance().mutex);
    return Disk::instance().count;
}

bool FaultVsi::hit() const
{
    const std::lock_guard guard(Disk::instance().mutex);
    return Disk::instance().hit;
}

std::string FaultVsi::hitFile() const
{
    const std::lock_guard guard(Disk::instance().mutex);
    return Disk::instance().hitFile;
}

std::string FaultVsi::trace() const
{
    const std::lock_guard guard(Disk::instance().mutex);
    std::string text;
    for (const auto &line : Disk::instance().trace)
        text += line + "\n";
    return text;
}

}  // namespace mdimappend::read_testing

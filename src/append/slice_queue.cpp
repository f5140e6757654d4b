// Takes bytes as they come, without waiting where next() does not have to, and
// cuts them into lines.

#include "append/slice_queue.h"

#include "append/slice_line.h"
#include "vsi/paths.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mdimappend
{

namespace
{

constexpr std::size_t longestLine = std::size_t{64} << 10;

/// Enough for a progress bar; the rest of a long list may stay where it is.
constexpr std::size_t mostWaiting = 10000;

constexpr int betweenCancelChecks = 100;  // ms

std::string_view withoutSpaceAtEnd(std::string_view line)
{
    const std::size_t last = line.find_last_not_of(" \t\r\v\f");
    return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

Result<std::unique_ptr<SliceQueue>>
SliceQueue::open(std::vector<SliceInput> named, const std::string &slicesFrom,
                 std::function<bool()> cancelled)
{
    std::unique_ptr<SliceQueue> queue(new SliceQueue(std::move(cancelled)));
    for (SliceInput &slice : named)
        queue->push(std::move(slice));
    if (slicesFrom.empty())
        queue->m_ended = true;
    else
        MDIMAPPEND_RETURN_IF_ERROR(queue->openFile(slicesFrom));
    return queue;
}

SliceQueue::~SliceQueue()
{
    if (m_descriptor > STDIN_FILENO)
        ::close(m_descriptor);
}

Status SliceQueue::openFile(const std::string &name)
{
    const auto failed = [&](const std::string &why)
    {
        return Status(Failure::Usage,
                      "--slices-from '" + name + "' " + why + ".");
    };
    m_source = name == "-" ? "standard input" : "'" + name + "'";
    const std::string path = vsiPath(name);
    if (path.starts_with("/vsi"))
    {
        m_file = VsiFile::open(path);
        return m_file ? Status::ok() : failed("cannot be opened");
    }
    // Without O_NONBLOCK a FIFO is not open before somebody writes to it.
    m_descriptor =
        name == "-" ? STDIN_FILENO
                    : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat state;
    if (m_descriptor < 0 || ::fstat(m_descriptor, &state) != 0)
        return failed(std::string("cannot be opened: ") + strerror(errno));
    if (S_ISDIR(state.st_mode))
        return failed("is a folder");
    return Status::ok();
}

Result<std::optional<SliceInput>> SliceQueue::next()
{
    while (true)
    {
        readWhatIsThere(mostWaiting);
        if (m_waiting.empty() && m_ended)
            return std::optional<SliceInput>();
        if (m_cancelled && m_cancelled())
            return Status(Failure::Interrupted,
                          "interrupted before the next slice.");
        if (!m_waiting.empty())
        {
            auto slice = std::move(m_waiting.front());
            m_waiting.pop_front();
            if (!slice)
                return slice.takeStatus();
            return std::optional(std::move(*slice));
        }
        // Whether any came is seen above.
        waitForBytes(betweenCancelChecks);
    }
}

std::size_t SliceQueue::gather(std::size_t count)
{
    while (!m_ended && m_waiting.size() < count &&
           !(m_cancelled && m_cancelled()))
    {
        readWhatIsThere(count);
        if (!m_ended && m_waiting.size() < count)
            waitForBytes(betweenCancelChecks);
    }
    return std::min(m_waiting.size(), count);
}

void SliceQueue::readWhatIsThere(std::size_t most)
{
    while (!m_ended && m_waiting.size() < most && waitForBytes(0))
        readSome();
}

/// Whether a read would not wait: there are bytes, or there is the end.
bool SliceQueue::waitForBytes(int milliseconds) const
{
    if (m_file)
        return true;
    pollfd waiting{m_descriptor, POLLIN, 0};
    return ::poll(&waiting, 1, milliseconds) > 0;
}

void SliceQueue::readSome()
{
    char bytes[16384];
    if (m_file)
    {
        const std::size_t count = m_file.read(bytes, sizeof bytes);
        take({bytes, count});
        if (count < sizeof bytes && m_file.failed())
            fail("the driver does not say why");
        else if (count < sizeof bytes)
            end();
        return;
    }
    const ssize_t count = ::read(m_descriptor, bytes, sizeof bytes);
    if (count > 0)
        take({bytes, static_cast<std::size_t>(count)});
    else if (count == 0)
        end();
    else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
        fail(strerror(errno));
}

void SliceQueue::take(std::string_view bytes)
{
    while (!bytes.empty())
    {
        const std::size_t newline = bytes.find('\n');
        const bool isWhole = newline != std::string_view::npos;
        const std::string_view piece = bytes.substr(0, newline);
        bytes.remove_prefix(isWhole ? newline + 1 : bytes.size());
        // Of a line that is too long its beginning is kept, for the message.
        m_tooLong = m_tooLong || m_begun.size() + piece.size() > longestLine;
        if (!m_tooLong || m_begun.empty())
            m_begun.append(piece.substr(0, longestLine));
        if (!isWhole)
            continue;
        takeLine(m_begun);
        m_begun.clear();
        m_tooLong = false;
    }
}

void SliceQueue::takeLine(std::string_view line)
{
    ++m_line;
    // Some editors begin a file so.
    if (m_line == 1 && line.starts_with("\xEF\xBB\xBF"))
        line.remove_prefix(3);
    if (m_tooLong)
    {
        push(lineFailure("is longer than 64 KiB", line));
        return;
    }
    line = withoutSpaceAtEnd(line);
    if (line.empty())
        return;
    auto slice = parseSliceLine(line);
    push(slice ? std::move(slice)
               : lineFailure(slice.status().message(), line));
}

void SliceQueue::end()
{
    if (!m_begun.empty())
        takeLine(m_begun);
    m_ended = true;
}

void SliceQueue::fail(const std::string &why)
{
    // A part of a name is no name.
    m_begun.clear();
    m_waiting.emplace_back(error("--slices-from " + m_source +
                                 ": reading failed after line " +
                                 std::to_string(m_line) + ": " + why + "."));
    m_ended = true;
}

void SliceQueue::push(Result<SliceInput> slice)
{
    m_waiting.push_back(std::move(slice));
    ++m_known;
}

Status SliceQueue::lineFailure(const std::string &why,
                               std::string_view line) const
{
    return {Failure::Unavailable, "--slices-from " + m_source + ", line " +
                                      std::to_string(m_line) + " (" +
                                      shortenedLine(line) + "): " + why + "."};
}

}  // namespace mdimappend

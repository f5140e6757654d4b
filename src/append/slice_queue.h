// Where slices come from: those named, then the lines of a file, a FIFO or
// standard input, taken as they come.
//
// What a line says: slice_line.h. White space at its end does not count, nor do
// empty lines. It has at most 64 KiB; a name that begins with '{' can be given
// as JSON.

#pragma once

#include "append/slice_input.h"
#include "status.h"
#include "vsi/vsi_file.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

class SliceQueue
{
  public:
    /// `slicesFrom`: "", a file, or "-" for standard input. Does not wait for
    /// anything, a FIFO without a writer included. Failure::Usage: the file
    /// cannot be opened.
    static Result<std::unique_ptr<SliceQueue>>
    open(std::vector<SliceInput> named, const std::string &slicesFrom,
         std::function<bool()> cancelled);

    ~SliceQueue();
    SliceQueue(const SliceQueue &) = delete;
    SliceQueue &operator=(const SliceQueue &) = delete;

    /// Waits for so many slices, or for all there will be, or for being
    /// cancelled; returns how many of them there are.
    std::size_t gather(std::size_t count);

    /// How often next() will not wait, though it may fail.
    std::size_t waiting() const
    {
        return m_waiting.size();
    }

    /// The next slice; nothing at the end. Waits for a line to come.
    /// Failure::Interrupted: cancelled. Failure::Unavailable: a line that
    /// cannot be understood, with its number; the queue goes on after it.
    /// Failure::Error: reading failed; this is the end.
    Result<std::optional<SliceInput>> next();

    /// The slice that next() will give, if it is in already; else null.
    const SliceInput *ahead() const
    {
        const bool is = !m_waiting.empty() && m_waiting.front();
        return is ? &*m_waiting.front() : nullptr;
    }

    /// Whether no more slices will come than are known().
    bool knowsAll() const
    {
        return m_ended;
    }

    /// Those handed out, and those that are in already.
    std::size_t known() const
    {
        return m_known;
    }

  private:
    explicit SliceQueue(std::function<bool()> cancelled)
        : m_cancelled(std::move(cancelled))
    {
    }

    Status openFile(const std::string &name);
    void readWhatIsThere(std::size_t most);
    bool waitForBytes(int milliseconds) const;
    void readSome();
    void take(std::string_view bytes);
    void takeLine(std::string_view line);
    void end();
    void fail(const std::string &why);
    void push(Result<SliceInput> slice);
    Status lineFailure(const std::string &why, std::string_view line) const;

    std::function<bool()> m_cancelled;
    std::string m_source{};  ///< for messages
    int m_descriptor = -1;   ///< owned, unless it is standard input
    VsiFile m_file{};
    std::deque<Result<SliceInput>> m_waiting{};
    std::string m_begun{};  ///< a line without its end
    bool m_tooLong = false;
    bool m_ended = false;
    std::size_t m_line = 0;
    std::size_t m_known = 0;
};

}  // namespace mdimappend

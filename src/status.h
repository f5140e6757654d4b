// Status and Result: how every function of the library reports failure.
//
// A failure carries what kind it is (which decides the exit status and what a
// caller may do about it) and one message for a human: what failed, on which
// object, expected and found, what state things are in, what to do. Context is
// put in front on the way up with `prefixed`.

#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace mdimappend
{

enum class Failure
{
    Error,        ///< a human, please (exit status 1)
    Usage,        ///< the call itself is wrong (2)
    Locked,       ///< somebody else is appending (3)
    TryAgain,     ///< the store does not answer, or the lease was lost (3)
    Unavailable,  ///< the slice is missing or cannot be read (4)
    Refused,      ///< a guard refused the slice (5)
    Conflict,     ///< a foreign writer was here; frozen (1)
    Unknown,      ///< commit was attempted, its outcome is unknown (1)
    Interrupted   ///< the caller asked to stop (130 or 143)
};

class [[nodiscard]] Status
{
  public:
    Status() = default;

    Status(Failure kind, std::string message)
        : m_failure(std::in_place, kind, std::move(message))
    {
    }

    static Status ok()
    {
        return {};
    }

    explicit operator bool() const
    {
        return !m_failure;
    }

    Failure kind() const
    {
        assert(m_failure);
        return m_failure->first;
    }

    const std::string &message() const
    {
        static const std::string none;
        return m_failure ? m_failure->second : none;
    }

    Status prefixed(std::string_view context) &&
    {
        if (m_failure)
            m_failure->second.insert(0, std::string(context) + ": ");
        return std::move(*this);
    }

    /// Adds a sentence.
    Status suffixed(std::string_view context) &&
    {
        if (m_failure)
        {
            std::string &text = m_failure->second;
            if (!text.ends_with('.'))
                text += '.';
            text.append(" ").append(context);
        }
        return std::move(*this);
    }

    /// Drops a failure on purpose: what it was, and the reason why it does not
    /// matter, are traced (trace.h).
    void ignore(std::string_view reason) const;

  private:
    std::optional<std::pair<Failure, std::string>> m_failure;
};

inline Status error(std::string message)
{
    return {Failure::Error, std::move(message)};
}

inline Status tryAgain(std::string message)
{
    return {Failure::TryAgain, std::move(message)};
}

/// What failed, and that the target is as it was, unless the message says so
/// itself.
inline Status nothingAppended(Status why)
{
    if (why)
        return why;
    const bool isOfTarget = why.kind() == Failure::Error ||
                            why.kind() == Failure::TryAgain ||
                            why.kind() == Failure::Locked;
    if (!isOfTarget || why.message().find("Nothing was ") != std::string::npos)
        return why;
    return std::move(why).suffixed("Nothing was appended.");
}

inline Status refused(std::string message)
{
    return {Failure::Refused, std::move(message)};
}

inline Status unavailable(std::string message)
{
    return {Failure::Unavailable, std::move(message)};
}

/// A value, or the Status that says why there is none.
template <class T> class [[nodiscard]] Result
{
  public:
    Result(T value) : m_content(std::in_place_index<0>, std::move(value))
    {
    }

    Result(Status status) : m_content(std::in_place_index<1>, std::move(status))
    {
        assert(!std::get<1>(m_content));
    }

    explicit operator bool() const
    {
        return m_content.index() == 0;
    }

    T &operator*()
    {
        return std::get<0>(m_content);
    }

    const T &operator*() const
    {
        return std::get<0>(m_content);
    }

    T *operator->()
    {
        return &std::get<0>(m_content);
    }

    const T *operator->() const
    {
        return &std::get<0>(m_content);
    }

    Status status() const
    {
        return *this ? Status() : std::get<1>(m_content);
    }

    Status takeStatus()
    {
        return *this ? Status() : std::move(std::get<1>(m_content));
    }

    /// Drops value and failure on purpose.
    void ignore(std::string_view reason) const
    {
        status().ignore(reason);
    }

  private:
    std::variant<T, Status> m_content;
};

}  // namespace mdimappend

#define MDIMAPPEND_CONCATENATE_(a, b) a##b
#define MDIMAPPEND_CONCATENATE(a, b) MDIMAPPEND_CONCATENATE_(a, b)

#define MDIMAPPEND_RETURN_IF_ERROR_(name, expression)                          \
    do                                                                         \
    {                                                                          \
        if (auto name = (expression); !name)                                   \
            return name;                                                       \
    } while (false)

/// Returns from the calling function when `expression` (a Status) failed.
#define MDIMAPPEND_RETURN_IF_ERROR(expression)                                 \
    MDIMAPPEND_RETURN_IF_ERROR_(MDIMAPPEND_CONCATENATE(status_, __COUNTER__),  \
                                expression)

#define MDIMAPPEND_ASSIGN_(name, target, expression)                           \
    auto name = (expression);                                                  \
    if (!name)                                                                 \
        return name.takeStatus();                                              \
    target = std::move(*name)

/// `MDIMAPPEND_ASSIGN(auto x, expression)`: x becomes the Result's value, or
/// the calling function returns its Status.
#define MDIMAPPEND_ASSIGN(target, expression)                                  \
    MDIMAPPEND_ASSIGN_(MDIMAPPEND_CONCATENATE(result_, __COUNTER__), target,   \
                       expression)

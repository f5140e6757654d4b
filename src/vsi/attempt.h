// Calling GDAL's file API, where "nothing" may mean "is not there", or that it
// could not be found out.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mdimappend
{

/// One call of it, which is made while this lives.
class Attempt
{
  public:
    Attempt();

    /// Right after the call.
    void ended();

    /// Why the call returned nothing; nothing if that means "is not there".
    /// `isOwn`: not a file beside the slice. Object stores that may not be
    /// listed forbid what is not there.
    std::optional<std::string> failure(const std::string &path,
                                       bool isOwn) const;

    bool reportedErrors() const;

  private:
    std::optional<std::string> serverFailure(bool isOwn) const;

    std::uint32_t m_errors;
    int m_code = 0;
    int m_vsi = 0;
    std::string m_message{};
};

}  // namespace mdimappend

// What is done with failures besides reporting them.

#include "status.h"

#include "trace.h"

namespace mdimappend
{

void Status::ignore(std::string_view reason) const
{
    if (m_failure)
        trace("ignored", m_failure->second, " (", reason, ")");
}

}  // namespace mdimappend

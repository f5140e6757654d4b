// What happens to a lock, and by whom, in trace lines.

#pragma once

#include "lock/holder.h"
#include "trace.h"

#include <string_view>

namespace mdimappend
{

inline void traceHolder(std::string_view path, std::string_view what,
                        const LockHolder &holder)
{
    trace(path, what, " process ", holder.process, " on ", holder.host, " (",
          holder.command, ")");
}

}  // namespace mdimappend

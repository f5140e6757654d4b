// What an acknowledged append survives: a word of the settings that storage/
// carries out.

#pragma once

namespace mdimappend
{

enum class Durability
{
    Full,    ///< barriers make things survive a power cut
    Process  ///< barriers do nothing: any kill of the process is survived
};

}  // namespace mdimappend

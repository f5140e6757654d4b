// Asks /proc, where that is of this process's own namespace: behind another
// one's mount the same number is another process.

#include "lock/process_identity.h"

#include "storage/boot_id.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <limits>
#include <sstream>
#include <unistd.h>
#include <vector>

namespace mdimappend
{

namespace
{

/// What /proc/<process>/stat says.
struct ProcessState
{
    char state = 0;
    long threads = 0;
    std::uint64_t started = 0;
};

std::optional<ProcessState> stateOf(long process)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    std::getline(file, line);
    // The name, which may have anything in it, is in parentheses.
    const auto name = line.rfind(')');
    if (name == std::string::npos)
        return std::nullopt;
    std::istringstream rest(line.substr(name + 1));
    std::vector<std::string> words;
    for (std::string word; rest >> word;)
        words.push_back(word);
    // Counted from the state, which is field 3 of proc(5).
    constexpr std::size_t threads = 20 - 3;
    constexpr std::size_t started = 22 - 3;
    if (words.size() <= started)
        return std::nullopt;
    return ProcessState{words[0].front(), std::atol(words[threads].c_str()),
                        std::strtoull(words[started].c_str(), nullptr, 10)};
}

/// Whether /proc counts processes as this one's system calls do.
bool isProcOurs()
{
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
    {
        std::istringstream words(line);
        std::string name;
        long first = 0;
        long inner = 0;
        if (words >> name && name == "NSpid:")
            return words >> first && !(words >> inner) && first == getpid();
    }
    return false;
}

std::string linkText(const std::string &path)
{
    std::array<char, 64> text{};
    const auto size = readlink(path.c_str(), text.data(), text.size());
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size))
                    : std::string();
}

std::string hostName()
{
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

std::optional<ProcessIdentity> thisProcessIdentity()
{
    const auto state = stateOf(getpid());
    const auto numbers = linkText("/proc/self/ns/pid");
    ProcessIdentity mine{hostName(), bootId(), {}, getpid(), 0};
    if (!isProcOurs() || !state || numbers.empty() || mine.boot.empty() ||
        mine.host.empty())
        return std::nullopt;
    mine.namespaces = numbers + " " + linkText("/proc/self/ns/time");
    mine.started = state->started;
    return mine;
}

bool isKnownGone(const ProcessIdentity &identity)
{
    const auto mine = thisProcessIdentity();
    if (!mine || identity.host != mine->host || identity.boot != mine->boot ||
        identity.namespaces != mine->namespaces)
        return false;
    // /proc may hide others' processes, so that only the kernel's word counts.
    if (kill(static_cast<pid_t>(identity.process), 0) != 0 && errno == ESRCH)
        return true;
    const auto there = stateOf(identity.process);
    if (!there)
        return false;
    if (there->started != identity.started)
        return true;
    // It has ended, and nobody has asked how. (The first thread of one that
    // goes on in others looks the same, but for their number.)
    return (there->state == 'Z' || there->state == 'X') && there->threads <= 1;
}

Json toJson(const ProcessIdentity &identity)
{
    return {{"host", identity.host},
            {"boot", identity.boot},
            {"namespaces", identity.namespaces},
            {"process", identity.process},
            {"started", identity.started}};
}

std::optional<ProcessIdentity> processIdentityFrom(const Json &json)
{
    ProcessIdentity identity{textMember(json, "host"), textMember(json, "boot"),
                             textMember(json, "namespaces"), 0,
                             countMember(json, "started")};
    const auto process = countMember(json, "process");
    if (process == 0 ||
        process > static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max()))
        return std::nullopt;
    identity.process = static_cast<long>(process);
    return identity;
}

}  // namespace mdimappend

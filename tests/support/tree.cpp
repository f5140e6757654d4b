// A tree is read whole: paths, and the bytes of files.

#include "support/tree.h"

#include "storage/checksum.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <tuple>
#include <sys/stat.h>
#include <unistd.h>

namespace mdimappend::protocol_testing
{

namespace fs = std::filesystem;

Tree readTree(const std::string &folder, const std::string &without)
{
    Tree tree;
    std::error_code code;
    if (!fs::is_directory(folder, code))
        return tree;
    for (auto entry = fs::recursive_directory_iterator(folder);
         entry != fs::recursive_directory_iterator(); ++entry)
    {
        if (!without.empty() && entry->path().native().ends_with(without))
        {
            entry.disable_recursion_pending();
            continue;
        }
        TreeEntry found;
        found.folder = entry->is_directory();
        struct stat state = {};
        if (lstat(entry->path().c_str(), &state) == 0)
            found.mode = state.st_mode & 07777;
        if (!found.folder)
            found.content = fileContent(entry->path().string());
        tree[entry->path().lexically_relative(folder).string()] =
            std::move(found);
    }
    return tree;
}

std::string difference(const Tree &expected, const Tree &found)
{
    std::string text;
    for (const auto &[name, entry] : expected)
    {
        const auto other = found.find(name);
        if (other == found.end())
            text += "  missing:   " + name + "\n";
        else if (other->second.content != entry.content)
            text += "  differs:   " + name + "\n";
        else if (other->second != entry)
            text += "  mode:      " + name + "\n";
    }
    for (const auto &[name, entry] : found)
    {
        if (!expected.count(name))
            text += "  left over: " + name + "\n";
    }
    return text;
}

namespace
{

/// Of an inode, which is used again once it is free.
using Birth = std::tuple<std::uint64_t, std::int64_t, std::uint32_t>;

Birth birthOf(const struct statx &state)
{
    return {state.stx_ino, state.stx_btime.tv_sec, state.stx_btime.tv_nsec};
}

std::map<Birth, struct statx> &copies()
{
    static std::map<Birth, struct statx> known;
    return known;
}

struct statx statxOf(const std::string &folder)
{
    struct statx state = {};
    EXPECT_EQ(statx(AT_FDCWD, folder.c_str(), AT_SYMLINK_NOFOLLOW,
                    STATX_BASIC_STATS | STATX_BTIME, &state),
              0)
        << folder;
    return state;
}

}  // namespace

struct statx identityOf(const std::string &folder)
{
    return originalOf(statxOf(folder));
}

void isCopyOf(const std::string &folder, const struct statx &original)
{
    copies()[birthOf(statxOf(folder))] = original;
}

struct statx originalOf(const struct statx &copy)
{
    const auto found = copies().find(birthOf(copy));
    return found == copies().end() ? copy : found->second;
}

void linkTree(const std::string &from, const std::string &to)
{
    fs::create_directory(to);
    isCopyOf(to, identityOf(from));
    for (const auto &entry : fs::directory_iterator(from))
    {
        const auto path = fs::path(to) / entry.path().filename();
        if (entry.is_directory())
            linkTree(entry.path().string(), path.string());
        else if (entry.path().filename() == "lock")
            fs::copy_file(entry.path(), path);
        else
            fs::create_hard_link(entry.path(), path);
    }
}

std::string fileContent(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void writeFile(const std::string &path, const std::string &content)
{
    fs::create_directories(fs::path(path).parent_path());
    fs::remove(path);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

namespace
{

/// In memory where that is possible: campaigns make thousands of trees.
std::string quickFolder()
{
    const char *memory = "/dev/shm";
    return access(memory, W_OK | X_OK) == 0
               ? memory
               : fs::temp_directory_path().string();
}

}  // namespace

ScratchFolder::ScratchFolder() : ScratchFolder(quickFolder())
{
}

ScratchFolder::ScratchFolder(const std::string &above)
    : m_path(fs::canonical(above).string() + "/mdimappend-" + randomNonce())
{
    fs::create_directory(m_path);
}

ScratchFolder::~ScratchFolder()
{
    std::error_code ignored;
    fs::remove_all(m_path, ignored);
}

void ScratchFolder::clear() const
{
    for (const auto &entry : fs::directory_iterator(m_path))
        fs::remove_all(entry.path());
}

}  // namespace mdimappend::protocol_testing

// What a disk may hold after a power cut, in the strictest reading of POSIX: a
// file's content is what its last fsync saw, a folder's entries are those of
// its last fsync, and everything since may have arrived or not, each operation
// on its own and in any order. A rename arrives whole or not at all.
//
// A history records what was done to a tree; `cut` makes the tree anew as it
// may be found after a power cut at any moment of that history.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <vector>

namespace mdimappend::protocol_testing
{

class DiskHistory
{
  public:
    /// The tree at `root` as it is now counts as synced.
    explicit DiskHistory(std::string root);

    void created(const std::string &path, mode_t mode);
    void madeFolder(const std::string &path);
    void removed(const std::string &path);
    void renamed(const std::string &from, const std::string &to);
    void exchanged(const std::string &path, const std::string &other);
    void linked(const std::string &from, const std::string &to);
    void wrote(int node, std::uint64_t offset, std::string_view bytes);
    void truncated(int node, std::uint64_t size);
    void setMode(int node, mode_t mode);
    void synced(int node);
    void syncedAll();

    /// The node at a path, 0 if there is none or it lies outside.
    int find(const std::string &path) const;

    /// How many moments there are: a cut may be made after each event.
    std::size_t moments() const
    {
        return m_events.size() + 1;
    }

    /// What happened just before a moment.
    std::string describe(std::size_t moment) const;

    /// Whether something was made durable there.
    bool isSync(std::size_t moment) const;

    enum class Loss
    {
        All,        ///< all that was not synced
        ButLatest,  ///< all that was not synced, but the latest operation
        Contents,   ///< names arrived, contents not
        Torn,       ///< names arrived, and half of each content
        Random      ///< each operation by a coin
    };

    /// Makes the tree in the empty folder `root` as a power cut at `moment`
    /// may leave it.
    void cut(std::size_t moment, Loss loss, unsigned seed,
             const std::string &root) const;

  private:
    struct Node
    {
        bool folder = false;
        mode_t mode = 0;
        std::string content;                 ///< at the start
        std::map<std::string, int> entries;  ///< now
        std::map<std::string, int> first;    ///< at the start
        struct statx identity = {};          ///< of a folder
    };

    struct Entry
    {
        int folder = 0;
        std::string name;
        int node = 0;  ///< 0: removed
    };

    struct Event
    {
        enum class Kind
        {
            Entries,
            Write,
            Truncate,
            Sync,
            SyncAll
        };
        Kind kind = Kind::Entries;
        std::string what;
        std::vector<Entry> entries;
        int node = 0;
        std::uint64_t offset = 0;
        std::string bytes;
    };

    int add(const std::string &path);
    std::pair<int, std::string> place(const std::string &path) const;
    void change(std::string what, std::vector<Entry> entries);

    std::string m_root;
    std::vector<Node> m_nodes;
    std::vector<Event> m_events;
};

}  // namespace mdimappend::protocol_testing

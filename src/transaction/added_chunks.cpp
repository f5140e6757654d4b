// Deletes an array's added chunks, and no object that the plan does not name.

#include "transaction/added_chunks.h"

#include "storage/paths.h"

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

std::string arrayKey(const PlannedArray &array, const std::string &key)
{
    return array.path.empty() ? key : array.path + "/" + key;
}

class AddedChunks
{
  public:
    AddedChunks(FolderStorage &storage, const Site &site,
                const PlannedArray &array)
        : m_storage(storage), m_site(site), m_array(array)
    {
    }

    Status remove()
    {
        std::uint64_t count = 0;
        for (const auto &box : m_array.added)
            count += std::min(box.count(), mostTried);
        if (count >= mostTried)
            MDIMAPPEND_RETURN_IF_ERROR(removeListed("", 0));
        else
            MDIMAPPEND_RETURN_IF_ERROR(removeComputed());
        return removeEmptyFolders();
    }

  private:
    /// A plan that somebody else wrote may name more than time would suffice
    /// for.
    static constexpr std::uint64_t mostTried = 1'000'000;

    Status removeComputed()
    {
        for (const auto &box : m_array.added)
        {
            const auto count = box.count();
            for (std::uint64_t i = 0; i < count; ++i)
                MDIMAPPEND_RETURN_IF_ERROR(
                    removeChunk(m_array.keys.key(box.at(i))));
        }
        return Status::ok();
    }

    /// What lies below the folder `key` of the array.
    Status removeListed(const std::string &key, std::size_t depth)
    {
        const auto folder = key.empty() ? m_array.path : arrayKey(m_array, key);
        auto names = m_storage.list(m_site.object(folder));
        if (!names)
            return isBehindLink(names.status()) ? Status::ok()
                                                : names.takeStatus();
        for (const auto &name : *names)
        {
            const auto below = key.empty() ? name : key + "/" + name;
            const bool isPart =
                name == "c" ||
                name.find_first_not_of("0123456789") == std::string::npos;
            if (isAdded(below))
                MDIMAPPEND_RETURN_IF_ERROR(removeChunk(below));
            else if (isPart && depth < deepest())
                MDIMAPPEND_RETURN_IF_ERROR(removeListed(below, depth + 1));
        }
        return Status::ok();
    }

    /// Folders that can be above a chunk.
    std::size_t deepest() const
    {
        std::size_t rank = 0;
        for (const auto &box : m_array.added)
            rank = std::max(rank, box.low.size());
        return rank;
    }

    bool isAdded(const std::string &key) const
    {
        return std::ranges::any_of(m_array.added,
                                   [&](const ChunkBox &box)
                                   {
                                       const auto index = m_array.keys.parse(
                                           key, box.low.size());
                                       return index && box.contains(*index);
                                   });
    }

    Status removeChunk(const std::string &key)
    {
        const auto path = m_site.object(arrayKey(m_array, key));
        m_folders.insert(parentFolder(path));
        auto removed = m_storage.remove(path);
        if (removed || isBehindLink(removed))
            return Status::ok();
        // A folder in a chunk's place is not what the append has added.
        MDIMAPPEND_ASSIGN(const auto there, m_storage.state(path));
        return there && there->directory ? Status::ok() : removed;
    }

    /// Nothing was written through a link, so nothing is there to be removed.
    static bool isBehindLink(const Status &status)
    {
        return !status && status.kind() == Failure::Conflict;
    }

    /// Innermost first, up to the array's own folder.
    Status removeEmptyFolders()
    {
        const auto top = m_site.object(m_array.path);
        while (!m_folders.empty())
        {
            const auto folder = *m_folders.rbegin();
            m_folders.erase(folder);
            if (folder.size() <= top.size())
                continue;
            auto removed = m_storage.removeFolderIfEmpty(folder);
            if (!removed && !isBehindLink(removed))
                return removed;
            m_folders.insert(parentFolder(folder));
        }
        return Status::ok();
    }

    FolderStorage &m_storage;
    const Site &m_site;
    const PlannedArray &m_array;
    std::set<std::string> m_folders;
};

}  // namespace

Status removeAddedChunks(FolderStorage &storage, const Site &site,
                         const PlannedArray &array)
{
    return AddedChunks(storage, site, array).remove();
}

}  // namespace mdimappend

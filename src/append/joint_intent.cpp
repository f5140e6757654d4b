#include "append/joint_intent.h"

#include "cube/target_nodes.h"
#include "zarr/document_key.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace mdimappend
{

namespace
{

std::set<std::string> arraysOf(const Intent &intent)
{
    std::set<std::string> paths;
    for (const auto &array : intent.arrays)
        paths.insert(array.document.path);
    return paths;
}

/// Whether these arrays are new.
bool makes(const Intent &intent, const std::set<std::string> &arrays)
{
    return std::ranges::none_of(
        intent.base, [&](const auto &document)
        { return arrays.contains(parentOf(document.first)); });
}

/// How deep a group is; the root has 0.
std::size_t depthOf(const std::string &key)
{
    return static_cast<std::size_t>(std::ranges::count(key, '/'));
}

class Order
{
  public:
    explicit Order(const std::vector<Intent> &intents) : m_intents(intents)
    {
    }

    void write(Intent &joint)
    {
        for (const auto &intent : m_intents)
            split(intent);
        std::ranges::stable_sort(m_groups, std::ranges::greater(), depthOf);
        joint.atOnce = m_data.size();
        for (auto *keys : {&m_data, &m_made, &m_arrays, &m_groups})
            for (auto &key : *keys)
                joint.order.push_back(std::move(key));
    }

  private:
    void split(const Intent &intent)
    {
        const auto arrays = arraysOf(intent);
        // Nobody sees them before their group.
        auto &others = makes(intent, arrays) ? m_made : m_arrays;
        for (std::size_t i = 0; i < intent.order.size(); ++i)
        {
            const auto &key = intent.order[i];
            if (i < intent.atOnce)
                m_data.push_back(key);
            else if (arrays.contains(parentOf(key)))
                others.push_back(key);
            else if (m_known.insert(key).second)
                m_groups.push_back(key);
        }
    }

    const std::vector<Intent> &m_intents;
    std::vector<std::string> m_data{};
    std::vector<std::string> m_made{};
    std::vector<std::string> m_arrays{};
    std::vector<std::string> m_groups{};
    std::set<std::string> m_known{};
};

/// What says that there is a store, and what its root's copy lists. A document
/// that was only in the copy (in an object store, of Zarr V2) is still known.
void describeRoot(Target &target)
{
    for (const char *name : {"zarr.json", ".zmetadata", ".zgroup", ".zattrs"})
    {
        const auto found = target.documents.find(name);
        if (found != target.documents.end())
            target.rootDocuments[name] = found->second;
    }
    if (target.exists || target.rootDocuments.empty())
        return;
    target.format = target.rootDocuments.contains("zarr.json") ? ZarrFormat::V3
                                                               : ZarrFormat::V2;
    const auto key = consolidatedKey(target.rootDocuments);
    if (target.consolidated.empty() && key)
        target.consolidated.push_back({"", *key});
}

}  // namespace

void SharedDocuments::note(const Intent &intent)
{
    const auto arrays = arraysOf(intent);
    for (const auto &[key, text] : intent.next)
    {
        if (!arrays.contains(parentOf(key)))
            m_documents[key] = text;
    }
}

void SharedDocuments::putInto(Target &target, const std::string &group) const
{
    const auto groups = pathAndParents(group);
    for (const auto &[key, text] : m_documents)
    {
        const bool isAround =
            std::ranges::find(groups, parentOf(key)) != groups.end();
        if (isAround || target.documents.contains(key))
            target.documents[key] = text;
    }
    if (!m_documents.empty())
        describeRoot(target);
}

Intent jointIntent(std::vector<Intent> intents,
                   const std::vector<std::string> &groups)
{
    Intent joint;
    for (std::size_t i = 0; i < intents.size(); ++i)
    {
        if (!intents[i].arrays.empty())
            joint.members.push_back(groups[i]);
    }
    std::erase_if(intents,
                  [](const Intent &intent) { return intent.arrays.empty(); });
    if (intents.size() == 1)
    {
        intents.front().members.clear();
        return std::move(intents.front());
    }
    Order(intents).write(joint);
    for (auto &intent : intents)
    {
        // What a member finds as another leaves it is not what is stored.
        for (auto &[key, text] : intent.base)
        {
            if (!joint.next.contains(key))
                joint.base[key] = std::move(text);
        }
        for (auto &[key, text] : intent.next)
            joint.next[key] = std::move(text);
        std::ranges::move(intent.arrays, std::back_inserter(joint.arrays));
        std::ranges::move(intent.deletions,
                          std::back_inserter(joint.deletions));
    }
    return joint;
}

}  // namespace mdimappend

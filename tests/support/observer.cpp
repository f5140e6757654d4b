// A state is right if it lies between one committed state and the next.

#include "support/observer.h"

namespace mdimappend::protocol_testing
{

namespace
{

bool isDocument(const std::string &name)
{
    return name.ends_with("zarr.json") || name.find("/.z") != std::string::npos;
}

std::string contentIn(const Tree &tree, const std::string &name)
{
    const auto found = tree.find(name);
    return found == tree.end() ? "" : found->second.content;
}

/// "" if it holds between one committed state and the next.
template <class Between>
std::string wrongOfAll(const Campaign &campaign, const Between &wrongBetween)
{
    std::string wrong;
    const auto states = campaign.committed();
    for (std::size_t i = 0; i + 1 < states.size(); ++i)
    {
        const auto here = wrongBetween(*states[i], *states[i + 1]);
        if (here.empty())
            return "";
        wrong += here + "\n";
    }
    return wrong;
}

}  // namespace

std::string Observer::inStore(const std::string &key) const
{
    return "cube.zarr/" + key;
}

std::string Observer::present(const std::string &name) const
{
    return fileContent(m_campaign.parent() + "/" + name);
}

std::string Observer::documentOf(const CubeKind &part,
                                 const std::string &array) const
{
    return inStore(part.key(
        array + (part.format == ZarrFormat::V2 ? "/.zarray" : "/zarr.json")));
}

std::string Observer::wrongNow() const
{
    if (scenario().overwrites())
        return m_campaign.state() != Campaign::State::Neither
                   ? ""
                   : "the store is neither the old nor the new one\n" +
                         m_campaign.describeState();
    return wrongOfAll(m_campaign, [this](const Tree &before, const Tree &after)
                      { return wrongBetween(before, after); });
}

std::string Observer::wrongBetween(const Tree &before, const Tree &after) const
{
    // Each object that a reader of the old cube can see is whole, old or new,
    // and there.
    for (const auto &[name, entry] : before)
    {
        if (entry.folder)
            continue;
        const auto content = present(name);
        if (content != entry.content && content != contentIn(after, name))
            return name + " is neither old nor new";
    }
    const auto &kind = scenario().kind;
    if (kind.consolidated || scenario().rowsBefore() == 0)
    {
        const auto key = inStore(kind.consolidated ? kind.consolidatedKey()
                                                   : kind.outermostGroupKey());
        if (isNew(key, before, after))
        {
            const auto missing = firstMissing(after, true);
            return missing.empty() ? "" : key + " is ahead of " + missing;
        }
    }
    return wrongLabels(before, after);
}

bool Observer::isNew(const std::string &name, const Tree &before,
                     const Tree &after) const
{
    const auto content = present(name);
    return content == contentIn(after, name) &&
           content != contentIn(before, name);
}

std::string Observer::firstMissing(const Tree &after, bool documentsToo) const
{
    for (const auto &[name, entry] : after)
    {
        // The root group's own document comes last.
        if (!entry.folder && name != "cube.zarr/.zgroup" &&
            (documentsToo || !isDocument(name)) &&
            present(name) != entry.content)
            return name;
    }
    return "";
}

/// Without consolidated metadata: no label beyond the data of its group; and in
/// one that was there before, the data of all come first.
std::string Observer::wrongLabels(const Tree &before, const Tree &after) const
{
    const auto parts = scenario().kind.parts();
    std::string newest;
    for (const auto &part : parts)
    {
        const auto labels = documentOf(part, "time");
        const bool hasNewLabels = isNew(labels, before, after);
        for (const auto &other : parts)
        {
            const auto data = documentOf(other, "air");
            const bool hasNewData = isNew(data, before, after);
            if (hasNewData)
                newest = data;
            const bool comesFirst =
                other.part == part.part || before.find(labels) != before.end();
            if (hasNewLabels && comesFirst && !hasNewData)
                return labels + " is ahead of the data's document " + data;
        }
        if (hasNewLabels)
            newest = labels;
    }
    const auto missing = newest.empty() ? "" : firstMissing(after, false);
    return missing.empty() ? "" : newest + " is ahead of chunk " + missing;
}

std::string Observer::wrongAfterCut() const
{
    if (scenario().overwrites())
        return wrongNow();
    return wrongOfAll(m_campaign, [this](const Tree &before, const Tree &after)
                      { return wrongBetweenAfterCut(before, after); });
}

std::string Observer::wrongBetweenAfterCut(const Tree &before,
                                           const Tree &after) const
{
    const auto key = inStore(scenario().kind.consolidatedKey());
    const auto found = m_campaign.store();
    const auto document = found.find(key);
    const auto old = before.find(key);
    if (document == found.end())
        return old == before.end() ? "" : key + " has vanished";
    if (old != before.end() && document->second == old->second)
        return "";
    if (document->second != after.at(key))
        return key + " is neither old nor new";
    if (!scenario().kind.consolidated)
        return "";
    for (const auto &[name, entry] : after)
    {
        if (isDocument(name) || entry.folder)
            continue;
        const auto chunk = found.find(name);
        if (chunk == found.end() || chunk->second.content != entry.content)
            return "the new " + key + " is ahead of chunk " + name;
    }
    return "";
}

void Observer::watch(FaultPosix &posix)
{
    posix.before = [this, &posix](const std::string &call)
    {
        if (!m_wrong.empty())
            return;
        m_wrong = wrongNow();
        if (!m_wrong.empty())
            m_wrong += "\nseen before " + call + ", after\n" + posix.trace();
    };
}

}  // namespace mdimappend::protocol_testing

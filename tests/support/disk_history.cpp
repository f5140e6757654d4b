// Operations are kept in order, and a cut draws which of them have arrived.

#include "support/disk_history.h"

#include "support/tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <sys/stat.h>

namespace mdimappend::protocol_testing
{

namespace fs = std::filesystem;

namespace
{

std::string contentOfFile(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

DiskHistory::DiskHistory(std::string root) : m_root(std::move(root))
{
    m_nodes.resize(2);  // 0 is nothing
    m_nodes[1].folder = true;
    m_nodes[1].identity = identityOf(m_root);
    const std::function<void(const std::string &, int)> load =
        [&](const std::string &folder, int parent)
    {
        for (const auto &entry : fs::directory_iterator(folder))
        {
            const int node = add(entry.path().string());
            m_nodes[parent].entries[entry.path().filename().string()] = node;
            if (m_nodes[node].folder)
                load(entry.path().string(), node);
            else
                m_nodes[node].content = contentOfFile(entry.path().string());
        }
        m_nodes[parent].first = m_nodes[parent].entries;
    };
    load(m_root, 1);
}

int DiskHistory::add(const std::string &path)
{
    Node node;
    node.folder = fs::is_directory(path);
    struct stat state = {};
    if (stat(path.c_str(), &state) == 0)
        node.mode = state.st_mode & 07777;
    if (node.folder)
        node.identity = identityOf(path);
    m_nodes.push_back(std::move(node));
    return static_cast<int>(m_nodes.size()) - 1;
}

std::pair<int, std::string> DiskHistory::place(const std::string &path) const
{
    const auto relative =
        fs::path(path).lexically_normal().lexically_relative(fs::path(m_root));
    int node = 1;
    std::string name;
    for (const auto &part : relative)
    {
        if (part == ".." || part == "." || part.empty())
            return {0, ""};
        if (!name.empty())
        {
            const auto &entries = m_nodes[node].entries;
            const auto found = entries.find(name);
            if (found == entries.end())
                return {0, ""};
            node = found->second;
        }
        name = part.string();
    }
    return {name.empty() ? 0 : node, name};
}

int DiskHistory::find(const std::string &path) const
{
    if (fs::path(path).lexically_normal().lexically_relative(m_root) == ".")
        return 1;
    const auto [folder, name] = place(path);
    if (folder == 0)
        return 0;
    const auto found = m_nodes[folder].entries.find(name);
    return found == m_nodes[folder].entries.end() ? 0 : found->second;
}

void DiskHistory::change(std::string what, std::vector<Entry> entries)
{
    for (const auto &entry : entries)
    {
        if (entry.folder == 0)
            return;
    }
    for (const auto &entry : entries)
    {
        auto &present = m_nodes[entry.folder].entries;
        if (entry.node == 0)
            present.erase(entry.name);
        else
            present[entry.name] = entry.node;
    }
    m_events.push_back(
        {Event::Kind::Entries, std::move(what), std::move(entries), 0, 0, {}});
}

void DiskHistory::created(const std::string &path, mode_t)
{
    const auto [folder, name] = place(path);
    if (folder != 0)
        change("create " + path, {{folder, name, add(path)}});
}

void DiskHistory::madeFolder(const std::string &path)
{
    const auto [folder, name] = place(path);
    if (folder != 0)
        change("mkdir " + path, {{folder, name, add(path)}});
}

void DiskHistory::removed(const std::string &path)
{
    const auto [folder, name] = place(path);
    change("remove " + path, {{folder, name, 0}});
}

void DiskHistory::renamed(const std::string &from, const std::string &to)
{
    const int node = find(from);
    const auto [source, sourceName] = place(from);
    const auto [target, targetName] = place(to);
    change("rename " + from + " " + to,
           {{source, sourceName, 0}, {target, targetName, node}});
}

void DiskHistory::exchanged(const std::string &path, const std::string &other)
{
    const auto [folder, name] = place(path);
    const auto [otherFolder, otherName] = place(other);
    change("exchange " + path + " " + other,
           {{folder, name, find(other)}, {otherFolder, otherName, find(path)}});
}

void DiskHistory::linked(const std::string &from, const std::string &to)
{
    const auto [folder, name] = place(to);
    change("link " + from + " " + to, {{folder, name, find(from)}});
}

void DiskHistory::wrote(int node, std::uint64_t offset, std::string_view bytes)
{
    if (node != 0)
        m_events.push_back({Event::Kind::Write,
                            "write",
                            {},
                            node,
                            offset,
                            std::string(bytes)});
}

void DiskHistory::truncated(int node, std::uint64_t size)
{
    if (node != 0)
        m_events.push_back(
            {Event::Kind::Truncate, "truncate", {}, node, size, {}});
}

void DiskHistory::setMode(int node, mode_t mode)
{
    if (node != 0)
        m_nodes[node].mode = mode & 07777;
}

void DiskHistory::synced(int node)
{
    if (node != 0)
        m_events.push_back({Event::Kind::Sync, "sync", {}, node, 0, {}});
}

void DiskHistory::syncedAll()
{
    m_events.push_back({Event::Kind::SyncAll, "sync all", {}, 0, 0, {}});
}

std::string DiskHistory::describe(std::size_t moment) const
{
    return moment == 0 ? "the start" : m_events[moment - 1].what;
}

bool DiskHistory::isSync(std::size_t moment) const
{
    return moment > 0 && (m_events[moment - 1].kind == Event::Kind::Sync ||
                          m_events[moment - 1].kind == Event::Kind::SyncAll);
}

void DiskHistory::cut(std::size_t moment, Loss loss, unsigned seed,
                      const std::string &root) const
{
    std::mt19937 coins(seed);
    const auto heads = [&] { return (coins() & 1) != 0; };

    std::vector<std::map<std::string, int>> entries;
    std::vector<std::string> content;
    std::vector<std::string> syncedContent;
    for (const auto &node : m_nodes)
    {
        entries.push_back(node.first);
        content.push_back(node.content);
        syncedContent.push_back(node.content);
    }
    // From the end, what each later sync makes durable.
    std::vector<bool> durable(moment, false);
    {
        bool all = false;
        std::vector<bool> folders(m_nodes.size(), false);
        for (std::size_t i = moment; i-- > 0;)
        {
            const auto &event = m_events[i];
            if (event.kind == Event::Kind::SyncAll)
                all = true;
            else if (event.kind == Event::Kind::Sync)
                folders[event.node] = true;
            durable[i] =
                all || std::any_of(event.entries.begin(), event.entries.end(),
                                   [&](const Entry &entry)
                                   { return folders[entry.folder]; });
        }
    }
    std::size_t latest = moment;
    for (std::size_t i = 0; i < moment; ++i)
    {
        if (m_events[i].kind == Event::Kind::Entries)
            latest = i;
    }
    const auto arrives = [&](std::size_t i)
    {
        return durable[i] || loss == Loss::Contents || loss == Loss::Torn ||
               (loss == Loss::ButLatest && i == latest) ||
               (loss == Loss::Random && heads());
    };
    for (std::size_t i = 0; i < moment; ++i)
    {
        const auto &event = m_events[i];
        switch (event.kind)
        {
        case Event::Kind::Entries:
            if (!arrives(i))
                break;
            for (const auto &entry : event.entries)
            {
                auto &present = entries[entry.folder];
                if (entry.node == 0)
                    present.erase(entry.name);
                else
                    present[entry.name] = entry.node;
            }
            break;
        case Event::Kind::Write:
        {
            auto &bytes = content[event.node];
            const auto end = event.offset + event.bytes.size();
            if (bytes.size() < end)
                bytes.resize(end, '\0');
            bytes.replace(event.offset, event.bytes.size(), event.bytes);
            break;
        }
        case Event::Kind::Truncate:
            content[event.node].resize(event.offset, '\0');
            break;
        case Event::Kind::Sync:
            syncedContent[event.node] = content[event.node];
            break;
        case Event::Kind::SyncAll:
            syncedContent = content;
            break;
        }
    }
    for (std::size_t i = 0; i < content.size(); ++i)
    {
        auto &bytes = content[i];
        if (bytes == syncedContent[i])
            continue;
        if (loss == Loss::All || loss == Loss::ButLatest ||
            loss == Loss::Contents)
            bytes = syncedContent[i];
        else if (loss == Loss::Torn)
            bytes.resize(bytes.size() / 2);
        else if (!heads())
        {
            if (heads())
                bytes = syncedContent[i];
            else if (heads())
                bytes.resize(coins() % (bytes.size() + 1));
            else
                bytes.assign(bytes.size(), '\0');
        }
    }
    const std::function<void(int, const fs::path &)> make =
        [&](int folder, const fs::path &path)
    {
        fs::create_directory(path);
        isCopyOf(path.string(), m_nodes[folder].identity);
        for (const auto &[name, node] : entries[folder])
        {
            if (m_nodes[node].folder)
            {
                make(node, path / name);
                continue;
            }
            std::ofstream(path / name, std::ios::binary) << content[node];
            chmod((path / name).c_str(), m_nodes[node].mode);
        }
    };
    make(1, root);
}

}  // namespace mdimappend::protocol_testing

// Reads the log by blocks where there is an index of them, else by records, and
// looks slices up.

#include "append/known_slices.h"

#include "journal/log.h"
#include "slice/fingerprint.h"
#include "slice/slice_name.h"
#include "slice/source_group.h"
#include "trace.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <sys/stat.h>

namespace mdimappend
{

namespace
{

/// So much of a log is read at once, and more for each slice that is looked
/// for: for a thousand of them all of a log of some thousand records.
constexpr std::uint64_t leastRead = 256ULL << 10;
constexpr std::uint64_t readPerSlice = 8ULL << 10;

std::uint64_t firstOfBlock(std::uint64_t sequence)
{
    return endOfIndexBlock(sequence) - recordsPerIndexBlock + 1;
}

}  // namespace

void KnownSlices::met(std::uint64_t sequence)
{
    if (m_met == 0)
        m_met = sequence;
}

/// Of a file that is no link: the folder's, which many have in common, and the
/// name.
std::string KnownSlices::canonicalName(const std::string &name)
{
    const auto slash = name.find_last_of('/');
    const auto folder =
        slash == std::string::npos ? "." : name.substr(0, slash + 1);
    auto &known = m_folders[folder];
    if (known.empty())
    {
        std::error_code code;
        known = std::filesystem::canonical(folder, code).string();
        if (code)
            return {};
    }
    const auto base =
        slash == std::string::npos ? name : name.substr(slash + 1);
    return known == "/" ? "/" + base : known + "/" + base;
}

std::optional<IndexedSlice> KnownSlices::find(const SliceInput &input)
{
    if (m_met == 0 || !isPlainName(input.name))
        return std::nullopt;
    const auto readAs = m_reading.of(input);
    if (readAs.empty())
        return std::nullopt;
    ++m_looked;
    struct stat file;
    if (::lstat(input.name.c_str(), &file) != 0)
        return std::nullopt;
    const bool isLink = S_ISLNK(file.st_mode);
    const auto path =
        isLink ? canonicalPath(input.name) : canonicalName(input.name);
    const auto group = groupPath(m_sliceGroup);
    if (!group)
        return std::nullopt;
    const auto state = stateOfGroup(
        isLink ? stateOfLocalFile(input.name) : stateOfLocalFile(file), *group);
    const auto found = m_slices.find(sliceKey(m_group, path, state, readAs));
    return found == m_slices.end() ? std::nullopt
                                   : std::make_optional(found->second);
}

std::uint64_t KnownSlices::worthReading() const
{
    return leastRead + readPerSlice * m_looked;
}

bool KnownSlices::wantsMore() const
{
    // Each time at least as much again, so that it is asked for seldom.
    return m_met > 0 && !isRead() && worthReading() >= 2 * m_bytes;
}

Status KnownSlices::checkLog(Storage &storage, const Site &site,
                             const Creation &log)
{
    MDIMAPPEND_ASSIGN(const auto version,
                      storage.versionAt(logRecordPath(site, m_last)));
    if (version == m_version && log.last >= m_last)
        return Status::ok();
    trace("", "the log is another one: what was read of it is forgotten");
    m_met = 0;
    m_begun = false;
    m_bytes = 0;
    m_block.clear();
    m_slices.clear();
    return Status::ok();
}

Status KnownSlices::begin(Storage &storage, const Site &site,
                          const Creation &log)
{
    const auto first = std::max<std::uint64_t>(log.believedFrom(), 1);
    m_group = site.group;
    m_last = log.last;
    MDIMAPPEND_ASSIGN(m_version,
                      storage.versionAt(logRecordPath(site, m_last)));
    const auto met = firstOfBlock(std::max(m_met, first));
    m_ahead = {met, m_last};
    m_before = {firstOfBlock(first), met - 1};
    m_blockFirst = 0;
    m_begun = true;
    return Status::ok();
}

void KnownSlices::take(const std::vector<IndexedSlice> &slices)
{
    for (const auto &slice : slices)
    {
        auto &known = m_slices[slice.key];
        if (slice.sequence >= known.sequence)
            known = slice;
    }
}

Status KnownSlices::readNext(Storage &storage, const Site &site, Range &range,
                             bool mayWrite)
{
    const auto sequence = range.next;
    const auto end = endOfIndexBlock(sequence);
    const bool isWhole = end <= range.last;
    if (sequence == firstOfBlock(sequence))
    {
        m_block.clear();
        m_blockFirst = sequence;
        if (isWhole)
        {
            MDIMAPPEND_ASSIGN(const auto block,
                              readIndexBlock(storage, site, end, m_bytes));
            if (block)
            {
                take(*block);
                range.next = end + 1;
                return Status::ok();
            }
        }
    }
    MDIMAPPEND_ASSIGN(const auto slices,
                      slicesOfRecord(storage, site, sequence, m_bytes));
    take(slices);
    m_block.insert(m_block.end(), slices.begin(), slices.end());
    ++range.next;
    if (sequence == end && mayWrite && m_blockFirst == firstOfBlock(sequence))
    {
        writeIndexBlock(storage, site, end, m_block)
            .ignore("whoever needs it reads the records");
        trace("", "the log's index is made for records ", m_blockFirst, " to ",
              end);
    }
    return Status::ok();
}

Status KnownSlices::readMore(Storage &storage, const Site &site,
                             const Creation &log, bool mayWrite)
{
    if (!m_begun)
        MDIMAPPEND_RETURN_IF_ERROR(begin(storage, site, log));
    while (!isRead() && m_bytes < worthReading())
    {
        auto &range = m_ahead.next <= m_ahead.last ? m_ahead : m_before;
        MDIMAPPEND_RETURN_IF_ERROR(readNext(storage, site, range, mayWrite));
    }
    return Status::ok();
}

}  // namespace mdimappend

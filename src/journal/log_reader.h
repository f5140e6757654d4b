// Records of the log that one run asks for again and again. Each is read and
// parsed once while its file is the same; a look at an object that costs a
// request is not made for that.

#pragma once

#include "journal/site.h"
#include "json/json_text.h"
#include "status.h"
#include "storage/storage.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mdimappend
{

/// A record, and its members' slices by their paths.
class ReadRecord
{
  public:
    explicit ReadRecord(Json record);
    ReadRecord(const ReadRecord &) = delete;
    ReadRecord &operator=(const ReadRecord &) = delete;

    const Json &json() const
    {
        return m_record;
    }

    /// Those that a group got.
    std::vector<const Json *> slicesOf(const std::string &group,
                                       const std::string &path) const;

  private:
    using ByPath = std::unordered_multimap<std::string, const Json *>;

    Json m_record;
    std::map<std::string, ByPath> m_byGroup{};
};

class LogReader
{
  public:
    /// Null: there is none. The last one that was asked for is kept.
    Result<std::shared_ptr<const ReadRecord>>
    read(Storage &storage, const Site &site, std::uint64_t sequence);

    /// Where the new rows of the site's group begin; nothing if the commit left
    /// it alone. Of all that were asked for it is kept.
    Result<std::optional<std::uint64_t>>
    firstRow(Storage &storage, const Site &site, std::uint64_t sequence);

  private:
    Result<std::string> version(Storage &storage, const Site &site,
                                std::uint64_t sequence) const;

    struct Kept
    {
        std::string version;
        std::map<std::string, std::uint64_t> firstRows;  ///< by group
    };

    std::map<std::uint64_t, Kept> m_kept{};
    std::uint64_t m_sequence = 0;
    std::string m_version{};
    std::shared_ptr<const ReadRecord> m_record{};
};

}  // namespace mdimappend

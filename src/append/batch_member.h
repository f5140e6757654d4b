// One group of a store in a batch: the cube in it as the slices before leave
// it, and what the commit's log record says of it.

#pragma once

#include "append/joint_intent.h"
#include "append/kept_cube.h"
#include "append/known_slices.h"
#include "append/log_record.h"
#include "append/plan.h"
#include "append/report.h"
#include "cube/cube_state.h"
#include "cube/open_target.h"
#include "rows/row_map.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace mdimappend
{

class BatchMember
{
  public:
    /// `group`: of the store. All must outlive this.
    BatchMember(const AppendOptions &options, const OpenTarget &open,
                std::string group, LoggedSlices &log);

    const std::string &group() const
    {
        return m_site.group;
    }

    const CubeState &cube() const
    {
        return m_cube;
    }

    /// From the store, or as the run has kept it.
    Status read(const std::string &appendDim);

    void use(CubeState kept)
    {
        m_cube = std::move(kept);
    }

    /// The target was opened again, and what was read of it still holds.
    void reopened();

    /// What the other members of the same slice do.
    struct Others
    {
        /// As those before it leave what is around it.
        const SharedDocuments &shared;
        /// Of the group whose labels are this one's, too; null: of none.
        const LabelledRows *labelled;
        std::span<const std::string> groups;  ///< all of them
    };

    /// Guards the slice against the cube as the slices before it leave it.
    Result<AppendPlan> plan(const Slice &slice, const Others &others);

    Result<Creation> creation();

    /// Whether a slice that the log names is in the cube as it is now, under
    /// the labels that it brought: then `report` says so. `reads` is set if the
    /// target was read for that.
    Result<bool> holds(const IndexedSlice &slice, SliceReport &report,
                       bool &reads);

    /// Without labels nothing else tells that a slice is in this commit
    /// already.
    bool isWaiting(const Slice &slice) const;

    /// What the slice brings is only to be told.
    void take(CubeState after)
    {
        m_cube = std::move(after);
    }

    /// What it brings is written: it is part of the commit.
    /// `state`: its fingerprint when it was planned.
    void add(const Slice &slice, const std::string &state,
             const AppendPlan &plan);

    /// Whether the commit changes it.
    bool isChanged() const
    {
        return !m_slices.empty();
    }

    /// Of a target that this batch has made, or rows that it has replaced, more
    /// may have changed than it knows.
    bool isKnown() const
    {
        return !m_creates && !m_replaces;
    }

    /// The cube, as the commit of this record has left it.
    CubeState leave(const Json *record);

    /// What the log says of it.
    Result<LoggedMember> logged();

  private:
    Result<bool> holdsLabels(const IndexedSlice &slice, SliceReport &report,
                             bool &reads);

    Storage &storage() const
    {
        return *m_open.writer.storage;
    }

    const AppendOptions &m_options;
    const OpenTarget &m_open;
    LoggedSlices &m_log;
    Site m_site;
    CubeState m_cube{};
    /// Of the target, as it is until the commit.
    std::optional<Creation> m_creation{};
    Json m_attributes{};            ///< of the group, before
    std::optional<RowMap> m_map{};  ///< of what waits
    Json m_slices = Json::array();  ///< their part of the record
    /// Of those that wait, by path and state.
    std::set<std::pair<std::string, std::string>> m_waitingFiles{};
    bool m_creates = false;   ///< the target
    bool m_replaces = false;  ///< rows that were there
};

}  // namespace mdimappend

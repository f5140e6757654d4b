// Asks an existing target for its append dimension, as cheaply as can be.

#include "append/append_dim.h"

#include "cube/target.h"
#include "journal/log.h"
#include "journal/log_members.h"
#include "transaction/object_target.h"

#include <utility>

namespace mdimappend
{

namespace
{

bool isIn(const std::string &group, const std::string &outer)
{
    return outer.empty() || group == outer || group.starts_with(outer + "/");
}

/// By the lock of an object store, which need not be asked for more then. Null
/// if there is none.
Result<Json> newestRecord(const Writer &reader)
{
    if (!reader.objects)
    {
        MDIMAPPEND_ASSIGN(const auto last,
                          lastSequence(*reader.storage, reader.site));
        MDIMAPPEND_ASSIGN(auto record,
                          readLogRecord(*reader.storage, reader.site, last));
        return record ? std::move(*record) : Json();
    }
    MDIMAPPEND_ASSIGN(const auto end, reader.objects->logEnd(reader.site));
    const auto record = end ? parseJson(end->record) : Result<Json>(Json());
    return record && isLogRecord(*record) ? *record : Json();
}

/// `groups`: of any group in the target; all of a commit grow along one.
std::string appendDimIn(const Json &record, const std::string &wanted,
                        bool groups)
{
    if (record.is_null())
        return {};
    for (const auto *member : membersOf(record))
    {
        const auto group = textMember(*member, "group");
        if (group == wanted || (groups && isIn(group, wanted)))
            return textMember(*member, "append_dim");
    }
    return {};
}

}  // namespace

Result<std::string> AppendDim::find()
{
    if (!m_options.appendDim.empty())
        return m_options.appendDim;
    // A target that is to go has no say; once it has gone, the slices that are
    // in the new one have had theirs.
    if (!m_known.empty() || m_options.overwrite)
        return m_known;
    MDIMAPPEND_ASSIGN(Writer reader, openForReading(m_place, false));
    // The root of several groups may have no arrays.
    if (reader.objects || m_options.groups)
    {
        MDIMAPPEND_ASSIGN(const auto newest, newestRecord(reader));
        auto recorded =
            appendDimIn(newest, reader.site.group, m_options.groups);
        if (!recorded.empty())
            return recorded;
    }
    if (reader.objects)
        MDIMAPPEND_RETURN_IF_ERROR(reader.objects->look(reader.site));
    const auto target = readTarget(*reader.storage, reader.site, "");
    m_targetUnread = !target;
    // Many slices may be opened before one is appended: the target, and its
    // log, are not read for each.
    if (target)
        m_known = target->appendDim;
    return m_known;
}

Status AppendDim::check()
{
    if (!std::exchange(m_targetUnread, false))
        return Status::ok();
    MDIMAPPEND_ASSIGN(const Writer reader, openForReading(m_place));
    MDIMAPPEND_ASSIGN(const Target target,
                      readTarget(*reader.storage, reader.site, ""));
    // What the slice itself calls so may be another dimension of the target.
    if (target.appendDim.empty() || target.appendDim == m_known)
        return Status::ok();
    m_known.clear();
    return error(
        "the target could not be read to find its append dimension, '" +
        target.appendDim + "'. Nothing was written; try again.");
}

}  // namespace mdimappend

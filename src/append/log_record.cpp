// What the log says of the commits before goes into the next record, too.

#include "append/log_record.h"

#include "append/logged_slices.h"

namespace mdimappend
{

Result<Json> logRecordOf(const LoggedAppend &append, Storage &storage,
                         const Site &site, std::uint64_t sequence)
{
    MDIMAPPEND_ASSIGN(Creation creation, creationOf(storage, site));
    if (append.createsStore)
        creation.store = sequence;
    if (append.creates)
        creation.target = sequence;
    Json record = {{"group", site.group},
                   {"append_dim", append.appendDim},
                   {"zarr_format", append.format == ZarrFormat::V2 ? 2 : 3},
                   {"store_created_by", creation.store},
                   {"created_by", creation.target},
                   {"first_row", append.firstRow},
                   {"rows", append.rows},
                   {"replaced_rows", append.replacedRows},
                   {"labels_ordered", append.labelsOrdered},
                   {"first_label", append.firstLabel},
                   {"last_label", append.lastLabel},
                   {"slices", append.slices},
                   {"command", append.command},
                   {"message", append.message}};
    if (!append.warnings.empty())
        record["warnings"] = append.warnings;
    if (!append.hasLabels)
        record["entries_from"] = !append.creates && creation.entriesFrom > 0
                                     ? creation.entriesFrom
                                     : sequence;
    return record;
}

}  // namespace mdimappend

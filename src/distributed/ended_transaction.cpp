#include "distributed/ended_transaction.h"

#include "journal/log.h"

namespace mdimappend
{

Result<Json> committedRecord(Storage &storage, const Site &site,
                             const std::string &transaction)
{
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    for (auto sequence = last; sequence > 0; --sequence)
    {
        MDIMAPPEND_ASSIGN(auto record, readLogRecord(storage, site, sequence));
        if (!record)
            break;
        const auto name = textMember(*record, "transaction");
        if (name == transaction)
            return std::move(*record);
        // Their names begin with numbers that grow.
        if (name < transaction)
            break;
    }
    return Json();
}

}  // namespace mdimappend

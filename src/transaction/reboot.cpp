// Compares the boot id of a manifest with the running system's.

#include "transaction/reboot.h"

#include "storage/boot_id.h"
#include "trace.h"
#include "transaction/known_contents.h"

namespace mdimappend
{

Status verifyPuts(Storage &storage, const Site &site, const Manifest &manifest)
{
    if (manifest.bootId.empty() || manifest.bootId == bootId())
        return Status::ok();
    trace(manifest.transaction, "the machine was restarted: looks at ",
          manifest.puts.size(), " chunks that were not synced");
    for (const auto &put : manifest.puts)
    {
        MDIMAPPEND_ASSIGN(const Content present,
                          contentAt(storage, site.object(put.key), true));
        if (present != put.content)
            return {Failure::Conflict,
                    "chunk '" + put.key +
                        "' did not survive the reboot (the append ran with "
                        "--durability process)"};
    }
    return Status::ok();
}

}  // namespace mdimappend

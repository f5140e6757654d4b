// Where a store and its sidecar are, and the names of all that lies in the
// sidecar.
//
//   <parent>/<name>              the outermost Zarr root
//   <parent>/<name>.mdimappend/  the sidecar
//     lock
//     journal/<transaction>/plan, manifest, decision
//     stage/<transaction>/<number>
//     overwrite/<transaction>/store
//     log/<sequence, 12 digits>.json, head

#pragma once

#include "status.h"
#include "storage/posix.h"
#include "storage/storage.h"

#include <memory>
#include <string>
#include <vector>

namespace mdimappend
{

inline constexpr const char *sidecarSuffix = ".mdimappend";

struct Site
{
    std::string parent;  ///< links resolved
    std::string name;
    std::string group;    ///< below the outermost root, "" for the root itself
    bool exists = false;  ///< the root is a Zarr store
    /// The root's folder has something in it, and is no Zarr store: what an
    /// interrupted creation left (recovery knows), or somebody's files.
    bool foreign = false;
    /// The transaction that makes a new store in place of this one, in the
    /// sidecar, where its objects then are; "" otherwise.
    std::string overwriting;
    /// GDAL's configuration while it reads and writes the store ("KEY=VALUE").
    std::vector<std::string> config;

    std::string store() const
    {
        return parent + "/" + name;
    }

    std::string sidecar() const
    {
        return store() + sidecarSuffix;
    }

    std::string lock() const
    {
        return sidecar() + "/lock";
    }

    std::string journals() const
    {
        return sidecar() + "/journal";
    }

    std::string journal(const std::string &transaction) const
    {
        return journals() + "/" + transaction;
    }

    std::string stage(const std::string &transaction) const
    {
        return sidecar() + "/stage/" + transaction;
    }

    std::string setAside(const std::string &transaction) const
    {
        return sidecar() + "/set-aside/" + transaction;
    }

    std::string log() const
    {
        return sidecar() + "/log";
    }

    /// All of a transaction that overwrites: the folder of `replacement`.
    std::string overwrite(const std::string &transaction) const
    {
        return sidecar() + "/overwrite/" + transaction;
    }

    /// The new store before it takes the old one's place, the old one after.
    std::string replacement(const std::string &transaction) const
    {
        return overwrite(transaction) + "/store";
    }

    std::string object(const std::string &key) const
    {
        const auto root =
            overwriting.empty() ? store() : replacement(overwriting);
        return key.empty() ? root : root + "/" + key;
    }
};

/// Finds the outermost Zarr root of `target` (which need not exist yet, but its
/// parent folder must), resolving links, and the group below it, `group`
/// included. Refuses a target that is a file. What cannot be looked at does not
/// count as not there: where a store is, none is made.
Result<Site> locateSite(const std::string &target, const std::string &group,
                        Posix &posix = Posix::system());

/// Refuses a store that is called like a sidecar, or lies below a folder that
/// is: its objects would be taken for another store's journal.
Status refuseSidecar(const Site &site);

/// Refuses a site that is foreign: such a folder is never touched.
Status refuseForeign(const Site &site);

}  // namespace mdimappend

// The protocol of a transaction: its states, who may do what in each, and the
// steps that differ between kinds of storage. docs/protocol.md says it in whole
// sentences, docs/format.md byte for byte.
//
// A transaction's state is what records exist, and nothing else. Writer:
// whoever began it and holds the lock. Holder: whoever holds the lock now, the
// writer or a recovery.
//
// On a file system ("by renames"; P = plan, M = manifest, D = decision, L = log
// record, "-" = not there, "." = either):
//
//   state      P M D       L   who may do what, and what the state is then
//   none       - - -       .   writer: write `abort` and P -> planned
//   open       - - -       -   (a session is there) parts: stage; writer: as in
//                              none; holder: tidy -> none
//   planned    P - -       -   writer: put added chunks, stage, extend P;
//                              write M -> prepared; holder: D `abort` ->
//                              aborted
//   prepared   P M -       -   writer: check, then D `commit` -> committed;
//                              holder: D `abort` -> aborted
//   aborted    P . abort   -   holder: undo, then tidy -> none
//   committed  P M commit  -   holder: apply M, then L -> logged
//   logged     P . .       L   holder: tidy -> none, nothing else
//   tidying    - . .       .   holder: tidy -> none
//
// A damaged P without M and D is none: it never became durable (P2). Any other
// record that is damaged, or a D `commit` without its M, is a conflict: nobody
// does anything until a human has looked.
//
// In an object store ("by conditions"): the lock's document names the
// transaction before anything is written, and D has M in it, so there are
// neither P nor M:
//
//   state      D           L   who may do what, and what the state is then
//   named      -           -   writer: create added chunks, stage; check, then
//                              D `commit` -> committed; holder: D `abort` ->
//                              aborted
//   aborted    abort       -   holder: remove what is staged; D stays for ever,
//                              and so does what was put in the store
//   committed  commit      -   holder: apply M, each under the condition that
//                              the key holds what was seen, then L -> logged
//   logged     .           L   holder: remove D and what is staged, in any
//                              order
//
// Under a lease on a file system (P says `leased`) the states are those of the
// first table, but all chunks are staged, none is deleted, an undo is a
// tidying, and the writer looks for P once more after D `commit`: without it
// the state was tidying. A holder with a lease leaves a P that is not `leased`
// alone.
//
// Invariants. The code names them where it keeps them.
//
//   P1   Before D `commit` no object of the store is replaced or removed that
//        the transaction has not made, and none is made that a reader looks
//        for.
//   P2   P is durable before anything that it names is put in the store.
//   P3   D is created once, whole and durable. Whoever finds another's word in
//        its place obeys that. What is only a part of a record is no D: its
//        writer puts it whole, a holder `abort`, both under the condition that
//        it still is that part.
//   P4   All that M speaks of, and M itself, is durable before D `commit`,
//        which holds M's size and checksum.
//   P5   A writer that has tried to create D `commit` undoes nothing unless it
//        has found or created D `abort`.
//   P6   Undo deletes nothing unless each document is as it was before. Redo
//        changes nothing unless each document and each replaced chunk is as it
//        was before, or done, or is a part of what it becomes (a put that
//        broke off). Both can be interrupted anywhere and repeated by another
//        holder.
//   P7   Chunks are durable before documents are moved, documents before L.
//   P8   L's numbers have no gap: M is applied only if it comes next. What is
//        logged is never applied again.
//   P9   A journal loses P first and D last. What is left of an interrupted
//        tidying has no P.
//   P10  What a writer does late, when it has lost its lock unawares, does no
//        harm: neither before D nor in an undo does it delete anything of the
//        store, and after D it replaces only what it has seen (conditions), or
//        only by what it has staged, once (lease).
//   P11  What recovery finds done by somebody else it makes durable before it
//        goes on: that one may have ended before its own barrier.

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"
#include "transaction/known_contents.h"

#include <cstddef>
#include <memory>
#include <string>

namespace mdimappend
{

/// The steps of a transaction that differ: by renames where a storage has
/// folders, by conditions where its objects have versions.
class Protocol
{
  public:
    /// `storage` and `site` must outlive it.
    static std::unique_ptr<Protocol> of(Storage &storage, const Site &site);

    virtual ~Protocol() = default;

    // Of the writer, before the decision.

    /// Makes the transaction known (P2), and fills in what of the plan has to
    /// be looked for. On failure nothing has been written to the store.
    virtual Status begin(Plan &plan) = 0;

    /// The plan names more than before.
    virtual Status extend(const Plan &plan) = 0;

    /// Keeps the new bytes of the plan's document number `number` until the
    /// decision; what apply has to do.
    virtual Result<Move> documentMove(const Plan &plan, std::size_t number,
                                      const std::string &bytes,
                                      KnownContents &known) = 0;

    /// Keeps the manifest where the decision will find it; all is durable then
    /// (P4).
    virtual Status keepManifest(const Manifest &manifest,
                                const std::string &text,
                                Decision &decision) = 0;

    /// Whether what is going to be decided can be applied: it is all there, and
    /// the documents are still their base.
    virtual Status checkDecidable(const Plan &plan, const Manifest &manifest,
                                  KnownContents &known) = 0;

    // The decision.

    /// Creates it: what is decided now, which may be another's word (P3).
    Result<Decision> decide(const std::string &transaction,
                            const Decision &decision);

    /// Whether the word `commit` that was just created counts: it may have come
    /// into a journal that is being removed.
    virtual Result<bool> stands(const std::string &transaction) = 0;

    // Of any holder, after it.

    /// Puts what waits for a move at its key, which holds an object of this
    /// version ("": none).
    virtual Status place(const Manifest &manifest, const Move &move,
                         const std::string &version) = 0;

    /// The version of what is at a move's key, if it is only a beginning of
    /// what belongs there: a put of this transaction that broke off.
    virtual Result<std::optional<std::string>> tornVersion(const Manifest &,
                                                           const Move &)
    {
        return std::optional<std::string>();
    }

    /// Puts a whole store in another's place.
    virtual Status exchange(const Manifest &manifest) = 0;

    /// Takes what the plan names out of the store (P6).
    virtual Status undo(const Plan &plan) = 0;

    /// Removes a finished transaction's old store, stage and journal (P9).
    virtual Status tidy(const std::string &transaction) = 0;

    /// The same after the word `abort`, when somebody may still try to create
    /// `commit`.
    virtual Status tidyUndone(const std::string &transaction) = 0;

    /// The same by whoever has just committed it and knows what there is.
    virtual Status tidyCommitted(const Manifest &manifest) = 0;

  protected:
    Protocol(Storage &storage, const Site &site)
        : m_site(site), m_anyStorage(storage)
    {
    }

    /// False if there is one.
    virtual Result<bool> createDecision(const std::string &transaction,
                                        const std::string &text) = 0;

    /// Failure::Conflict, of a document before the decision.
    static Status changedMeanwhile(const std::string &key);

    const Site &m_site;

  private:
    Storage &m_anyStorage;
};

/// Creates a decision: what is decided now, which may be another's word.
Result<Decision> decide(Storage &storage, const Site &site,
                        const std::string &transaction,
                        const Decision &decision);

/// Removes what a transaction has left in the sidecar.
Status tidy(Storage &storage, const Site &site, const std::string &transaction);

}  // namespace mdimappend

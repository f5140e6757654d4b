// The private view: a VSI file system of ours, laid over the target, in which
// GDAL's Zarr driver encodes and decodes chunks without being trusted.
//
// An array is opened as a dataset of its own at `path(...)`. Its document is
// served from memory (private_documents.h): no attributes, no names, the shape
// padded to whole chunks. A planned chunk that the driver writes is put where
// chunk_placement.h says; anything else is a failure of the transaction.
//
// Documents it writes and its unlinks are swallowed. Each chunk's outcome is
// recorded (chunk_table.h), and the record is what the transaction believes;
// what the driver returns is not. "Does not exist" is the only answer to a read
// that means an empty chunk; any other failure is kept and fails the
// transaction.

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "mutex.h"
#include "status.h"
#include "storage/requests_at_once.h"
#include "storage/storage.h"
#include "transaction/chunk_placement.h"
#include "transaction/chunk_table.h"
#include "transaction/known_contents.h"
#include "transaction/private_documents.h"
#include "transaction/view_array.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

class View
{
  public:
    using Array = ViewArray;

    /// `mayDelete`: whether the transaction may delete objects of the store.
    /// Under a lease it may not: a deletion that comes late, when somebody else
    /// has written there, cannot be told from one in time.
    ///
    /// In an object store a late writer may put a chunk of an undone append
    /// where there is none. So there, chunks that are all fill are written,
    /// too, and a key that has been put once is not put again before the
    /// decision.
    ///
    /// `part`: one of several that write to one transaction, "" if there is
    /// only one. Each has names of its own in the stage.
    View(const Site &site, Storage &storage, const std::string &transaction,
         std::vector<Array> arrays, bool mayDelete = true,
         std::string part = "");
    ~View();
    View(const View &) = delete;
    View &operator=(const View &) = delete;

    /// What GDAL opens as a dataset (multidimensional, one array).
    std::string path(std::size_t array, OpenMode mode) const;

    const Site &site() const
    {
        return m_site;
    }

    const std::string &arrayName(std::size_t array) const
    {
        return m_arrays.at(array).document.path;
    }

    const Array &array(std::size_t number) const
    {
        return m_arrays.at(number);
    }

    /// Declares that a planned chunk is all fill. What is at its key is removed
    /// with the commit.
    Status setAbsent(std::size_t array, const ChunkIndex &index);

    /// Puts the object of a planned chunk. In an object store that is only
    /// begun (putAtOnce), and a failure is told by `failure` later.
    Status put(std::size_t array, const ChunkIndex &index,
               std::string_view bytes);

    /// So many puts wait for their answers at the same time; in other storage
    /// each is done when `put` returns.
    void putAtOnce(std::size_t most);

    /// Until all that was put is settled.
    void wait();

    /// Whether there is an object for this chunk: one that this transaction
    /// put, or of the base. The base's checksum is recorded when it is read. In
    /// an object store it is not asked for: there may be one of the base.
    Result<bool> holdsData(std::size_t array, const ChunkIndex &index);

    /// The object of a chunk: that which this transaction put, or the base's,
    /// whose checksum is recorded; nothing if there is none. An added chunk
    /// that was not put is read like one of the base: ask holdsData before.
    Result<std::optional<std::string>> read(std::size_t array,
                                            const ChunkIndex &index);

    /// The number of the array with this path.
    std::optional<std::size_t> find(const std::string &path) const;

    /// Plans more chunks of an array, which grows with another slice of a
    /// batch. While nothing is read or written.
    void extend(std::size_t array, const std::vector<ChunkBox> &added,
                const std::vector<ChunkBox> &replaced,
                const std::vector<std::uint64_t> &paddedShape);

    /// Whether a chunk that is all fill has to be written all the same: there
    /// is an object at its key that nobody may delete (mayDelete).
    Result<bool> mustBeWritten(std::size_t array, const ChunkIndex &index);

    /// A planned chunk that another process has written, or declared absent.
    /// `stagedVersion`: of what it staged, as that process saw it.
    Status adopt(std::size_t array, const ChunkIndex &index, ChunkRecord chunk,
                 const std::string &stagedVersion);

    /// Removes the added chunks that this transaction put at their final keys
    /// and that nobody has touched since: somebody else has made the arrays
    /// longer, and these would be rows of theirs that they never wrote.
    Status withdraw();

    /// What it has staged, and what that replaces.
    KnownContents &known()
    {
        return m_known;
    }

    /// The first failure of any read or write.
    Status failure() const;

    /// Fails on the first planned chunk that is neither put nor absent.
    Status allSettled() const;

    struct Settled
    {
        std::size_t array = 0;
        ChunkIndex index;
        bool replaced = false;  ///< with the commit, by a move
        std::string staged;
        std::string stagedVersion;
        ChunkRecord record;
    };

    /// Calls `visit` for each planned chunk.
    template <class Visit> void forEach(Visit visit) const;

    std::uint64_t bytesWritten() const
    {
        return m_table.bytesPut();
    }

    std::uint64_t chunksWritten() const
    {
        return m_table.chunksPut();
    }

    // For the file system handler only.
    std::shared_ptr<const std::string>
    document(std::size_t array, OpenMode mode, std::string_view key) const
    {
        return m_documents.find(array, mode, key);
    }

    bool isChunkKey(std::size_t array, std::string_view key) const
    {
        return parseKey(array, key).has_value();
    }

    Status writeChunk(std::size_t array, std::string_view key,
                      std::string_view bytes);
    Result<std::optional<std::string>> readChunk(std::size_t array,
                                                 std::string_view key);

  private:
    std::optional<ChunkIndex> parseKey(std::size_t array,
                                       std::string_view key) const;
    Settled settled(const ChunkSlot &slot, ChunkIndex index,
                    const ChunkRecord &chunk) const;
    Status keep(Status failure);
    void putLater(std::size_t array, const ChunkIndex &index,
                  const std::string &bytes);
    Result<std::optional<std::string>> readObject(std::size_t array,
                                                  const ChunkIndex &index);

    Site m_site;
    Storage &m_storage;
    std::string m_transaction;
    bool m_mayDelete;
    std::string m_id;
    /// In every path, and new after each extension: the driver keeps the
    /// indices of shards by file name, for the whole process.
    unsigned m_generation = 0;
    std::vector<Array> m_arrays;
    ChunkTable m_table;
    KnownContents m_known;
    ChunkPlacement m_placement;
    PrivateDocuments m_documents;
    mutable Mutex m_mutex;
    Status m_failure MDIMAPPEND_GUARDED_BY(m_mutex){};
    /// Ends before the rest goes.
    std::unique_ptr<RequestQueue> m_queue;
};

template <class Visit> void View::forEach(Visit visit) const
{
    m_table.forEach(
        [&](const ChunkSlot &slot, ChunkIndex index, const ChunkRecord &chunk)
        { visit(settled(slot, std::move(index), chunk)); });
}

}  // namespace mdimappend

// The private view: a VSI file system of ours, laid over the target, in which
// GDAL's Zarr driver encodes and decodes chunks without being trusted.
//
// An array is opened as a dataset of its own at `path(...)`. Its document is
// served from memory (zarr/array_document.h, privateDocument): no attributes,
// no names, the shape padded to whole chunks. What the driver writes is mapped:
//
//   a chunk in the plan's `added` boxes     its final key; the stage, if there
//                                           is an object at that key already
//   a chunk in the plan's `replaced` boxes  the stage
//   anything else                           a failure of the transaction
//
// Documents it writes and its unlinks are swallowed. Each chunk's outcome is
// recorded here, and the record is what the transaction believes; what the
// driver returns is not. "Does not exist" is the only answer to a read that
// means an empty chunk; any other failure is kept and fails the transaction.

#pragma once

#include "journal/records.h"
#include "journal/site.h"
#include "status.h"
#include "storage/requests_at_once.h"
#include "storage/storage.h"
#include "transaction/known_contents.h"
#include "zarr/array_document.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mdimappend
{

enum class ChunkState : unsigned char
{
    Planned,
    Put,    ///< complete at its final key or in the stage
    Absent  ///< to be without an object: all fill
};

// An object at the key of an added chunk is what an interrupted foreign append
// has left, or what a foreign writer has just made its own: a moment later its
// documents may be there. So it is treated as committed data are: nothing of it
// is touched before the decision, and then only if it still is what was seen.

struct ChunkRecord
{
    ChunkState state = ChunkState::Planned;
    std::uint64_t size = 0;
    std::string checksum;
    /// Of a chunk that takes the place of another, as that was read; nothing if
    /// it was not yet.
    std::optional<Content> base;
    /// An added chunk at whose key there was something: it takes its place with
    /// the commit, as a replaced one does.
    bool aside = false;
    /// Of an added chunk at its final key: a hash of the object's version.
    std::size_t version = 0;
    /// In an object store, how often it has been staged before: a name is used
    /// once, since an attempt to put it may come late.
    unsigned staging = 0;
    /// Its name in the stage, if another process has put it there.
    std::string staged{};
};

/// Which of the documents served for an array the driver sees.
enum class Face
{
    Read,       ///< the array's own fill value; the base's chunks
    WriteZero,  ///< fill value 0: for chunks whose first value is not 0
    WriteOne    ///< fill value 1: for chunks whose first value is 0
};

// The driver does not write a chunk in which all values are the fill value. One
// whose first value differs from it is always written. (Sharded arrays keep
// their own fill value: shards of nothing else must be declared absent.)

class View
{
  public:
    struct Array
    {
        PlannedArray planned;
        ArrayDocument document;
        std::vector<std::uint64_t> paddedShape;
    };

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
    std::string path(std::size_t array, Face face) const;

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

    std::uint64_t bytesWritten() const;
    std::uint64_t chunksWritten() const;

    // For the file system handler only.
    std::shared_ptr<const std::string> document(std::size_t array, Face face,
                                                std::string_view key) const;
    bool isChunkKey(std::size_t array, std::string_view key) const;
    Status writeChunk(std::size_t array, std::string_view key,
                      std::string_view bytes);
    Result<std::optional<std::string>> readChunk(std::size_t array,
                                                 std::string_view key);

  private:
    /// One box's records, in C order of its chunks.
    using BoxRecords = std::vector<ChunkRecord>;

    struct Records
    {
        std::vector<BoxRecords> added;
        std::vector<BoxRecords> replaced;
    };

    struct Slot
    {
        bool replaced = false;
        std::size_t box = 0;
        std::size_t position = 0;
    };

    std::optional<Slot> slot(std::size_t array, const ChunkIndex &index) const;
    ChunkRecord &record(std::size_t array, const Slot &slot);
    ChunkRecord recordOf(std::size_t array, const Slot &slot);
    void setRecord(std::size_t array, const Slot &slot, ChunkRecord chunk);
    std::string chunkKey(std::size_t array, const ChunkIndex &index) const;
    std::string stagedName(std::size_t array, const Slot &slot,
                           const ChunkRecord &chunk) const;
    std::string stagedPath(std::size_t array, const Slot &slot,
                           const ChunkRecord &chunk) const;
    std::string makeDocument(std::size_t array, Face face) const;
    Status keep(Status failure);
    Status putNow(std::size_t array, const ChunkIndex &index,
                  std::string_view bytes);
    Status noteSeen(const std::string &key, const Content &content);
    Result<Content> baseOf(std::size_t array, const Slot &slot,
                           const ChunkIndex &index);
    Status checkBase(const std::string &key, const Content &base);
    Status setAside(const std::string &key, ChunkRecord &chunk);
    Status stage(const std::string &staged, std::string_view bytes,
                 const Content &content, const std::string &destination);
    Status checkOwn(const std::string &key, const ChunkRecord &chunk);
    Result<ChunkRecord> putAdded(const std::string &key,
                                 const std::string &staged,
                                 std::string_view bytes, const Content &content,
                                 ChunkRecord chunk);

    Site m_site;
    Storage &m_storage;
    std::string m_transaction;
    bool m_mayDelete;
    std::string m_part;
    std::string m_id;
    /// In every path, and new after each extension: the driver keeps the
    /// indices of shards by file name, for the whole process.
    unsigned m_generation = 0;
    std::vector<Array> m_arrays;
    mutable std::mutex m_mutex;
    /// By array and face: the driver asks for each of them several times.
    mutable std::map<std::pair<std::size_t, Face>,
                     std::shared_ptr<const std::string>>
        m_documents;
    std::vector<Records> m_records;
    KnownContents m_known;
    Status m_failure;
    std::uint64_t m_bytesWritten = 0;
    std::uint64_t m_chunksWritten = 0;
    /// Ends before the rest goes.
    std::unique_ptr<RequestQueue> m_queue;
};

template <class Visit> void View::forEach(Visit visit) const
{
    for (std::size_t a = 0; a < m_arrays.size(); ++a)
    {
        for (const bool replaced : {false, true})
        {
            const auto &planned = m_arrays[a].planned;
            const auto &boxes = replaced ? planned.replaced : planned.added;
            const auto &records =
                replaced ? m_records[a].replaced : m_records[a].added;
            for (std::size_t box = 0; box < boxes.size(); ++box)
            {
                for (std::size_t i = 0; i < records[box].size(); ++i)
                {
                    const auto &record = records[box][i];
                    const bool moves = replaced || record.aside;
                    const Slot slot{replaced, box, i};
                    visit(Settled{
                        a, boxes[box].at(i), moves,
                        moves ? stagedName(a, slot, record) : std::string(),
                        moves ? m_known.version(stagedPath(a, slot, record))
                              : std::string(),
                        record});
                }
            }
        }
    }
}

}  // namespace mdimappend

// The private view: a VSI file system of ours, laid over the target, in which
// GDAL's Zarr driver encodes and decodes chunks without being trusted.
//
// An array is opened as a dataset of its own at `path(...)`. Its document is
// served from memory (zarr/array_document.h, privateDocument): no attributes,
// no names, the shape padded to whole chunks. What the driver writes is mapped:
//
//   a chunk in the plan's `added` boxes     its final key
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
#include "storage/storage.h"
#include "zarr/array_document.h"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

enum class ChunkState : unsigned char
{
    Planned,
    Put,    ///< complete at its final key or in the stage
    Absent  ///< to be without an object: all fill
};

struct ChunkRecord
{
    ChunkState state = ChunkState::Planned;
    std::uint64_t size = 0;
    std::string checksum;
    Content base;  ///< of a replaced chunk, as it was read
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

    View(const Site &site, Storage &storage, const std::string &transaction,
         std::vector<Array> arrays);
    ~View();
    View(const View &) = delete;
    View &operator=(const View &) = delete;

    /// What GDAL opens as a dataset (multidimensional, one array).
    std::string path(std::size_t array, Face face) const;

    const std::string &arrayName(std::size_t array) const
    {
        return m_arrays.at(array).document.path;
    }

    const Array &array(std::size_t number) const
    {
        return m_arrays.at(number);
    }

    /// Declares that a planned chunk is all fill. What is at an added chunk's
    /// key is removed now.
    Status setAbsent(std::size_t array, const ChunkIndex &index);

    /// Whether there is an object for this chunk of the base. Its checksum is
    /// recorded when it is read.
    Result<bool> baseExists(std::size_t array, const ChunkIndex &index);

    /// The first failure of any read or write.
    Status failure() const;

    /// Fails on the first planned chunk that is neither put nor absent.
    Status allSettled() const;

    struct Settled
    {
        std::size_t array = 0;
        ChunkIndex index;
        bool replaced = false;
        std::string staged;
        ChunkRecord record;
    };

    /// Calls `visit` for each planned chunk.
    template <class Visit> void forEach(Visit visit) const;

    std::uint64_t bytesWritten() const;
    std::uint64_t chunksWritten() const;

    // For the file system handler only.
    std::optional<std::string> document(std::size_t array, Face face,
                                        std::string_view key) const;
    bool isChunkKey(std::size_t array, std::string_view key) const;
    Status writeChunk(std::size_t array, std::string_view key,
                      std::string_view bytes);
    Result<std::optional<std::string>> readChunk(std::size_t array,
                                                 std::string_view key);

  private:
    struct Slot
    {
        const ChunkBox *box = nullptr;
        bool replaced = false;
        std::size_t number = 0;  ///< in m_records[array]
    };

    std::optional<Slot> slot(std::size_t array, const ChunkIndex &index) const;
    std::string chunkKey(std::size_t array, const ChunkIndex &index) const;
    std::string stagedName(std::size_t array, std::size_t number) const;
    Status keep(Status failure);

    Site m_site;
    Storage &m_storage;
    std::string m_transaction;
    std::string m_id;
    std::vector<Array> m_arrays;
    mutable std::mutex m_mutex;
    std::vector<std::vector<ChunkRecord>> m_records;
    Status m_failure;
    std::uint64_t m_bytesWritten = 0;
    std::uint64_t m_chunksWritten = 0;
};

template <class Visit> void View::forEach(Visit visit) const
{
    for (std::size_t a = 0; a < m_arrays.size(); ++a)
    {
        std::size_t number = 0;
        for (const bool replaced : {false, true})
        {
            const auto &planned = m_arrays[a].planned;
            for (const auto &box : replaced ? planned.replaced : planned.added)
            {
                const auto count = box.count();
                for (std::uint64_t i = 0; i < count; ++i, ++number)
                    visit(Settled{a, box.at(i), replaced,
                                  replaced ? stagedName(a, number)
                                           : std::string(),
                                  m_records[a][number]});
            }
        }
    }
}

}  // namespace mdimappend

// Reading boxes of a slice's arrays, through a dataset handle of the reader's
// own where the slice has a name, else through the caller's, one at a time.

#include "slice/char_arrays.h"
#include "slice/gdal_messages.h"
#include "slice/gdal_strings.h"
#include "slice/hdf5_block_reader.h"
#include "slice/joined_array.h"
#include "slice/read_ahead.h"
#include "slice/slice_source.h"
#include "slice/source_group.h"
#include "slice/zarr_fetch.h"
#include "trace.h"
#include "vsi/vsi_file.h"
#include "zarr/encoded_chunk.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mdimappend
{

namespace
{

std::size_t product(std::span<const std::uint64_t> counts)
{
    std::size_t count = 1;
    for (std::uint64_t n : counts)
        count *= n;
    return count;
}

class Reader final : public SliceReader
{
  public:
    explicit Reader(std::shared_ptr<const SliceState> state)
        : m_state(std::move(state)), m_arrays(m_state->sources.size()),
          m_blocks(m_state->sources.size())
    {
    }

    ~Reader() override
    {
        const auto held = holdBorrowed();
        m_arrays.clear();
        giveBack();
    }

    Status read(std::size_t array, std::span<const std::uint64_t> start,
                std::span<const std::uint64_t> count, void *buffer) override;

    Result<std::optional<std::string>>
    readEncoded(std::size_t array,
                std::span<const std::uint64_t> chunk) override;

  private:
    std::shared_ptr<const SliceState> m_state;
    SourceDataset m_dataset{};  ///< opened when it is needed
    std::vector<std::shared_ptr<GDALMDArray>> m_arrays;

    struct Blocks
    {
        bool known = false;
        std::unique_ptr<Hdf5BlockReader> reader{};
    };

    std::vector<Blocks> m_blocks;

    std::unique_lock<std::mutex> holdBorrowed() const
    {
        return m_state->address.borrowed
                   ? std::unique_lock(m_state->borrowedLock)
                   : std::unique_lock<std::mutex>();
    }

    Status failed(const SourceArray &source, const std::string &why) const
    {
        return {Failure::Unavailable, "slice '" + m_state->name + "', array '" +
                                          source.array.name + "': " + why};
    }

    bool readBlocks(std::size_t number, std::span<const std::uint64_t> start,
                    std::span<const std::uint64_t> count, void *buffer);
    Status readPieces(const SourceArray &source,
                      std::span<const std::uint64_t> start,
                      std::span<const std::uint64_t> count, void *buffer);
    Status openDataset();
    void giveBack();
    Status openArray(std::size_t number);
    Status readOpened(const SourceArray &source, GDALMDArray &array,
                      std::span<const std::uint64_t> start,
                      std::span<const std::uint64_t> count, void *buffer);
};

void readMemory(const SourceArray &source, std::span<const std::uint64_t> start,
                std::span<const std::uint64_t> count, void *buffer)
{
    const std::size_t size = source.array.type.GetSize();
    const std::size_t first = start.empty() ? 0 : start.front();
    std::memcpy(buffer, source.bytes.data() + first * size,
                product(count) * size);
}

std::vector<std::uint64_t> shapeOf(const GDALMDArray &array)
{
    std::vector<std::uint64_t> shape;
    for (const auto &dimension : array.GetDimensions())
        shape.push_back(dimension->GetSize());
    return shape;
}

/// Smaller ones are not worth a second look at the file.
constexpr std::uint64_t fewBytes = 1 << 20;

std::shared_ptr<const Hdf5Blocks> blocksOf(const SliceState &state,
                                           std::size_t number)
{
    const SourceArray &source = state.sources[number];
    const SourceAddress &address = state.address;
    const auto &type = source.array.type;
    if ((address.driver != "netCDF" && address.driver != "HDF5") ||
        address.borrowed || source.origin != SourceArray::Origin::Group ||
        type.GetClass() != GEDTC_NUMERIC ||
        elementCount(source.array.shape) * type.GetSize() < fewBytes)
        return nullptr;
    const MutexLock guard(state.blocksLock);
    const auto [found, isNew] = state.blocks.try_emplace(number);
    if (isNew)
    {
        Extent shape = source.array.shape;
        if (source.dimensionAdded)
            shape.erase(shape.begin());
        found->second = Hdf5Blocks::of(address.file, source.path, shape, type);
    }
    return found->second;
}

bool Reader::readBlocks(std::size_t number,
                        std::span<const std::uint64_t> start,
                        std::span<const std::uint64_t> count, void *buffer)
{
    Blocks &blocks = m_blocks[number];
    if (!std::exchange(blocks.known, true))
    {
        if (auto found = blocksOf(*m_state, number))
        {
            trace(m_state->name, "array '", m_state->sources[number].array.name,
                  "' is read by blocks, without its library");
            blocks.reader = std::make_unique<Hdf5BlockReader>(std::move(found));
        }
    }
    return blocks.reader && blocks.reader->read(start, count, buffer);
}

Status Reader::openDataset()
{
    if (m_dataset.dataset)
        return Status::ok();
    {
        const MutexLock guard(m_state->idleLock);
        auto &idle = m_state->idle;
        if (!idle.empty())
        {
            m_dataset = std::move(idle.back());
            idle.pop_back();
            return Status::ok();
        }
    }
    MDIMAPPEND_ASSIGN(m_dataset, openSource(m_state->address));
    m_dataset.openedAgain = true;
    return Status::ok();
}

/// The next reader need not open it again, unless something went wrong with it.
void Reader::giveBack()
{
    if (!m_dataset.owned || !m_dataset.failure())
    {
        m_dataset.root.reset();
        return;
    }
    const MutexLock guard(m_state->idleLock);
    m_state->idle.push_back(std::move(m_dataset));
}

/// Nothing if it is longer than `most`, or cannot be read.
std::optional<std::string> readWhole(VsiFile &file, std::uint64_t most)
{
    const auto size = file.size();
    if (!size || *size > most)
        return std::nullopt;
    std::string bytes(static_cast<std::size_t>(*size), '\0');
    if (file.read(bytes.data(), bytes.size()) != bytes.size())
        return std::nullopt;
    return bytes;
}

Status Reader::openArray(std::size_t number)
{
    const SourceArray &source = m_state->sources[number];
    if (m_arrays[number])
        return Status::ok();
    MDIMAPPEND_RETURN_IF_ERROR(openDataset());
    GdalMessages messages;
    std::shared_ptr<GDALMDArray> array;
    if (source.origin == SourceArray::Origin::Group && m_dataset.root)
        array = openArrayAt(*m_dataset.root, source.path);
    else if (source.origin == SourceArray::Origin::Band)
        if (GDALRasterBand *band =
                m_dataset.dataset->GetRasterBand(source.band))
            array = band->AsMDArray();
    if (!array)
        return failed(source, "it cannot be opened again: " +
                                  messages.failure("it is no longer there") +
                                  ".");
    auto expected = source.array.shape;
    if (source.dimensionAdded)
        expected.erase(expected.begin());
    auto type = source.array.type;
    if (source.chars)
        undoTexts(*source.chars, expected, type);
    if (m_dataset.openedAgain && (shapeOf(*array) != expected ||
                                  nativeType(array->GetDataType()) != type))
        return failed(source, "it changed while it was read.");
    m_arrays[number] = std::move(array);
    return Status::ok();
}

Status Reader::readOpened(const SourceArray &source, GDALMDArray &array,
                          std::span<const std::uint64_t> start,
                          std::span<const std::uint64_t> count, void *buffer)
{
    // One element, so that data() is not null for a scalar.
    std::vector<GUInt64> first(start.begin(), start.end());
    std::vector<std::size_t> counts(count.begin(), count.end());
    first.push_back(0);
    counts.push_back(1);
    const bool strings = source.array.type.GetClass() == GEDTC_STRING;
    const std::size_t elements = product(count);
    if (strings)
        std::memset(buffer, 0, elements * sizeof(char *));
    GdalMessages messages;
    if (source.chars)
    {
        auto done = readChars(array, *source.chars, start, count,
                              static_cast<char **>(buffer));
        if (done)
            return done;
        freeStrings(buffer, elements);
        return {done.kind(), "slice '" + m_state->name + "', array '" +
                                 source.array.name + "': " + done.message()};
    }
    // Some drivers report an error, go on, and return success.
    const bool success = array.Read(first.data(), counts.data(), nullptr,
                                    nullptr, source.array.type, buffer) &&
                         !messages.failed();
    if (!success)
    {
        if (strings)
            freeStrings(buffer, elements);
        return failed(
            source, "read failed: " +
                        messages.failure("the driver does not say why") + ".");
    }
    if (strings)
        makeValid(static_cast<char **>(buffer), elements);
    return Status::ok();
}

Status Reader::readPieces(const SourceArray &source,
                          std::span<const std::uint64_t> start,
                          std::span<const std::uint64_t> count, void *buffer)
{
    MDIMAPPEND_RETURN_IF_ERROR(openDataset());
    if (!m_dataset.root)
        return failed(source, "it cannot be opened again.");
    const auto done = readJoined(*m_dataset.root, source, start, count, buffer);
    return done ? done : failed(source, done.message());
}

Status Reader::read(std::size_t number, std::span<const std::uint64_t> start,
                    std::span<const std::uint64_t> count, void *buffer)
{
    const SourceArray &source = m_state->sources.at(number);
    const auto &shape = source.array.shape;
    bool inside = start.size() == shape.size() && count.size() == shape.size();
    for (std::size_t i = 0; inside && i < shape.size(); ++i)
        inside = start[i] <= shape[i] && count[i] <= shape[i] - start[i];
    if (!inside)
        return error("slice '" + m_state->name + "', array '" +
                     source.array.name + "': a box outside it was requested.");
    if (product(count) == 0)
        return Status::ok();
    if (copyFromAhead(*m_state, number, start, count, buffer))
        return Status::ok();
    const SourceConfig configured(m_state->address);
    if (source.dimensionAdded)
    {
        start = start.subspan(1);
        count = count.subspan(1);
    }
    if (source.origin == SourceArray::Origin::Memory)
    {
        readMemory(source, start, count, buffer);
        return Status::ok();
    }
    if (readBlocks(number, start, count, buffer))
        return Status::ok();
    const auto *folder = m_state->address.folder.get();
    if (folder && source.array.document)
        fetchChunks(*folder, *source.array.document, start, count);
    const auto held = holdBorrowed();
    const bool isJoined = source.origin == SourceArray::Origin::Joined;
    auto done =
        isJoined ? readPieces(source, start, count, buffer) : openArray(number);
    if (done && !isJoined)
        done = readOpened(source, *m_arrays[number], start, count, buffer);
    // The first reason, and perhaps the only sign: drivers go on.
    if (const auto failure = m_dataset.failure(); !failure)
    {
        if (done && source.array.type.GetClass() == GEDTC_STRING)
            freeStrings(buffer, product(count));
        return failed(source, failure.message());
    }
    return done;
}

Result<std::optional<std::string>>
Reader::readEncoded(std::size_t number, std::span<const std::uint64_t> chunk)
{
    const SourceArray &source = m_state->sources.at(number);
    const auto &document = *source.array.document;
    const SourceConfig configured(m_state->address);
    const auto plain = document.path + "/" + document.keys.key(chunk);
    if (const auto *folder = m_state->address.folder.get())
    {
        auto object = fetchChunk(*folder, document, plain);
        return object ? std::move(object)
                      : failed(source, object.status().message());
    }
    MDIMAPPEND_RETURN_IF_ERROR(openDataset());
    const auto name =
        m_dataset.files ? m_dataset.files->nameFor(plain) : std::string();
    if (name.empty())
        return failed(source, "'" + plain + "' cannot be read.");
    VsiFile file = VsiFile::open(name);
    std::optional<std::string> object;
    if (file)
        object = readWhole(file, largestEncoded(document));
    if (const auto failure = m_dataset.failure(); !failure)
        return failed(source, failure.message());
    if (file && !object)
        return failed(source, "'" + plain + "' cannot be read.");
    return object;
}

}  // namespace

std::unique_ptr<SliceReader> openReader(std::shared_ptr<const SliceState> state)
{
    return std::make_unique<Reader>(std::move(state));
}

}  // namespace mdimappend

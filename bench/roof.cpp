// The roof of the measurements: the least work that makes the same files.
//
//     roof [--append-dim NAME] [--threads N] --like CUBE SLICE... TARGET
//
// It reads the same blocks of the same slices, decodes them, cuts them into
// chunks, encodes these with the codecs of GDAL, and writes the same objects
// under the same keys, slice by slice, with as many threads. CUBE is the
// finished one: its documents and coordinates are written as they are, those
// that each append changes once for each slice.
//
// It does nothing else. Nothing is validated, compared, checksummed, synced,
// made atomic or undone; there is no lock, no journal and no log.
//
// Rows that go into a chunk which is there are what plain Zarr cannot do for
// less: the object is read, only those of its blocks that change are decoded
// and encoded, and it is written anew.
//
// What it does not know (padding, missing values, conversions) it refuses.

#include "roof_cube.h"

#include "chunks/chunk_grid.h"
#include "zarr/chunk_rows.h"
#include "zarr/encoded_chunk.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <exception>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

namespace roof
{

namespace
{

class Target
{
  public:
    explicit Target(std::string folder) : m_folder(std::move(folder))
    {
        makeFolder("");
    }

    /// Before the threads start.
    void makeFoldersOf(const std::string &key)
    {
        for (auto slash = key.find('/'); slash != std::string::npos;
             slash = key.find('/', slash + 1))
            makeFolder(key.substr(0, slash));
    }

    void write(const std::string &key, const char *bytes,
               std::size_t size) const
    {
        const std::string path = m_folder + "/" + key;
        const int file = ::open(path.c_str(),
                                O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (file < 0 ||
            ::write(file, bytes, size) != static_cast<ssize_t>(size) ||
            ::close(file) != 0)
            throw std::runtime_error(path + " cannot be written");
    }

    /// ext4 writes a file to the disk that was emptied, when it is closed; not
    /// a new one.
    void replace(const std::string &key, const char *bytes,
                 std::size_t size) const
    {
        ::unlink((m_folder + "/" + key).c_str());
        write(key, bytes, size);
    }

    /// Nothing if there is no such object.
    std::string read(const std::string &key) const
    {
        const std::string path = m_folder + "/" + key;
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0)
            return {};
        struct stat state = {};
        std::string bytes;
        if (::fstat(file, &state) == 0)
            bytes.resize(static_cast<std::size_t>(state.st_size));
        const auto got = ::read(file, bytes.data(), bytes.size());
        if (::close(file) != 0 || got != state.st_size)
            throw std::runtime_error(path + " cannot be read");
        return bytes;
    }

    void writeAll(const std::map<std::string, std::string> &objects)
    {
        for (const auto &[key, bytes] : objects)
        {
            makeFoldersOf(key);
            write(key, bytes.data(), bytes.size());
        }
    }

  private:
    void makeFolder(const std::string &key)
    {
        if (m_made.insert(key).second)
            ::mkdir((m_folder + "/" + key).c_str(), 0777);
    }

    std::string m_folder;
    std::set<std::string> m_made;
};

std::uint32_t crc32c(const char *bytes, std::size_t size)
{
    static const auto table = []
    {
        std::array<std::uint32_t, 256> made{};
        for (std::uint32_t i = 0; i < made.size(); ++i)
        {
            made[i] = i;
            for (int bit = 0; bit < 8; ++bit)
                made[i] = made[i] >> 1 ^ (made[i] & 1 ? 0x82F63B78U : 0);
        }
        return made;
    }();
    std::uint32_t sum = ~0U;
    for (std::size_t i = 0; i < size; ++i)
        sum = table[(sum ^ static_cast<unsigned char>(bytes[i])) & 0xFF] ^
              sum >> 8;
    return ~sum;
}

/// What one thread encodes with.
struct Encoder
{
    SourceArray::Scratch scratch;
    std::vector<char> band;
    std::vector<char> chunk;
    std::vector<char> encoded;

    /// Appends one encoded chunk at `used` bytes of `encoded`.
    std::size_t encode(const CubeArray &array, const char *values,
                       std::size_t size, std::size_t used)
    {
        const std::size_t most = size + size / 8 + 4096;
        if (encoded.size() < used + most)
            encoded.resize(used + most);
        if (!array.compressor)
        {
            std::memcpy(encoded.data() + used, values, size);
            return size;
        }
        void *output = encoded.data() + used;
        std::size_t outputSize = most;
        if (!array.compressor->pfnFunc(values, size, &output, &outputSize,
                                       array.options.List(),
                                       array.compressor->user_data))
            throw std::runtime_error("a chunk cannot be encoded");
        return outputSize;
    }
};

/// Rows of dimension 1 that are worked on by one thread.
struct Band
{
    std::size_t array = 0;
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

class Append
{
  public:
    Append(const Cube &cube, const Source &source, std::uint64_t firstRow,
           Target &target)
        : m_cube(cube), m_source(source), m_firstRow(firstRow), m_target(target)
    {
        for (std::size_t i = 0; i < cube.arrays.size(); ++i)
            addBands(i);
    }

    void run(unsigned threads, std::vector<Encoder> &encoders)
    {
        const auto count = std::min<std::size_t>(threads, m_bands.size());
        std::vector<std::thread> others;
        for (std::size_t i = 1; i < count; ++i)
            others.emplace_back([&, i] { work(encoders[i]); });
        work(encoders[0]);
        for (auto &other : others)
            other.join();
        if (m_failure)
            std::rethrow_exception(m_failure);
    }

  private:
    void addBands(std::size_t number)
    {
        const auto &array = m_cube.arrays[number];
        const auto &source = m_source.arrays[number];
        const auto &shape = source.shape();
        for (std::size_t i = 0; i < shape.size(); ++i)
        {
            const bool isMerged = i == 0 && merges(array, shape);
            if ((shape[i] % array.chunk[i] != 0 && !isMerged) ||
                array.chunk[i] % array.inner[i] != 0)
                throw std::runtime_error("no whole chunks");
        }
        // Chunks enough that no block of the source is decoded twice.
        std::uint64_t rows = array.chunk[1];
        while (rows < shape[1] && rows % source.blockRows() != 0)
            rows += array.chunk[1];
        for (std::uint64_t low = 0; low < shape[1]; low += rows)
            m_bands.push_back({number, low, std::min(low + rows, shape[1])});
        forEachChunk({number, 0, shape[1]},
                     [&](const Shape &index, const Shape &)
                     { m_target.makeFoldersOf(array.key(index)); });
    }

    /// Whether several slices go into one chunk.
    static bool merges(const CubeArray &array, const Shape &shape)
    {
        return shape[0] < array.chunk[0] && array.chunk[0] % shape[0] == 0 &&
               !array.sharded;
    }

    /// Calls with the index in the target and the origin in the band.
    template <class Function>
    void forEachChunk(const Band &band, const Function &function) const
    {
        const auto &chunk = m_cube.arrays[band.array].chunk;
        const auto &shape = m_source.arrays[band.array].shape();
        mdimappend::ChunkBox box;
        for (std::size_t i = 0; i < shape.size(); ++i)
        {
            box.low.push_back(i == 1 ? band.low / chunk[1] : 0);
            box.high.push_back(mdimappend::ceilDivide(
                i == 1 ? band.high : shape[i], chunk[i]));
        }
        for (std::uint64_t number = 0; number < box.count(); ++number)
        {
            Shape index = box.at(number);
            Shape origin = index;
            for (std::size_t i = 0; i < origin.size(); ++i)
                origin[i] *= chunk[i];
            origin[1] -= band.low;
            index[0] += m_firstRow / chunk[0];
            function(index, origin);
        }
    }

    void work(Encoder &encoder)
    {
        try
        {
            for (auto next = m_next++; next < m_bands.size(); next = m_next++)
                writeBand(m_bands[next], encoder);
        }
        catch (...)
        {
            const std::lock_guard guard(m_mutex);
            m_failure = std::current_exception();
        }
    }

    void writeBand(const Band &band, Encoder &encoder) const
    {
        const auto &array = m_cube.arrays[band.array];
        const auto &source = m_source.arrays[band.array];
        Shape shape = source.shape();
        shape[1] = band.high - band.low;
        encoder.band.resize(
            static_cast<std::size_t>(product(shape) * source.elementSize()));
        source.readBand(band.low, band.high, encoder.band.data(),
                        encoder.scratch);
        forEachChunk(
            band,
            [&](const Shape &index, const Shape &origin)
            {
                if (merges(array, source.shape()))
                {
                    writeMerged(array, shape, index, origin, encoder);
                    return;
                }
                const auto size =
                    array.sharded
                        ? encodeShard(array, shape, origin, encoder)
                        : encodeChunk(array, shape, origin, 0, encoder);
                m_target.write(array.key(index), encoder.encoded.data(), size);
            });
    }

    void writeMerged(const CubeArray &array, const Shape &bandShape,
                     const Shape &index, const Shape &origin,
                     Encoder &encoder) const
    {
        const auto elementSize = m_source.arrays.front().elementSize();
        Shape shape = array.chunk;
        shape[0] = bandShape[0];
        std::string rows(static_cast<std::size_t>(product(shape) * elementSize),
                         '\0');
        mdimappend::copyBox(encoder.band.data(), bandShape, origin, rows.data(),
                            shape, Shape(shape.size(), 0), shape, elementSize);
        const auto key = array.key(index);
        const auto first = m_firstRow % array.chunk[0];
        const auto object = first == 0 ? std::string() : m_target.read(key);
        const auto changed =
            mdimappend::replaceRows(*array.document, object, first, rows);
        if (changed)
        {
            m_target.replace(key, changed->data(), changed->size());
            return;
        }
        auto whole = decoded(array, object, elementSize);
        whole.replace(first * (whole.size() / array.chunk[0]), rows.size(),
                      rows);
        const auto used = encoder.encode(array, whole.data(), whole.size(), 0);
        m_target.replace(key, encoder.encoded.data(), used);
    }

    /// What a chunk holds; "": one that is not there.
    static std::string decoded(const CubeArray &array,
                               const std::string &object,
                               std::size_t elementSize)
    {
        const auto &document = *array.document;
        const auto size =
            static_cast<std::size_t>(product(array.chunk) * elementSize);
        if (!object.empty())
            return mdimappend::decodeObject(
                       mdimappend::onlyCompressor(document), object, size)
                .value();
        const auto fill = mdimappend::fillBytes(document);
        std::string whole;
        whole.reserve(size);
        while (whole.size() < size)
            whole += fill->value();
        return whole;
    }

    std::size_t encodeChunk(const CubeArray &array, const Shape &bandShape,
                            const Shape &origin, std::size_t used,
                            Encoder &encoder) const
    {
        const auto elementSize = m_source.arrays.front().elementSize();
        const auto size =
            static_cast<std::size_t>(product(array.inner) * elementSize);
        encoder.chunk.resize(size);
        mdimappend::copyBox(encoder.band.data(), bandShape, origin,
                            encoder.chunk.data(), array.inner,
                            Shape(origin.size(), 0), array.inner, elementSize);
        return encoder.encode(array, encoder.chunk.data(), size, used);
    }

    /// Inner chunks, then the index: offset and size of each, and its CRC.
    std::size_t encodeShard(const CubeArray &array, const Shape &bandShape,
                            const Shape &origin, Encoder &encoder) const
    {
        mdimappend::ChunkBox box;
        for (std::size_t i = 0; i < origin.size(); ++i)
        {
            box.low.push_back(0);
            box.high.push_back(array.chunk[i] / array.inner[i]);
        }
        std::vector<std::uint64_t> index;
        std::size_t used = 0;
        for (std::uint64_t number = 0; number < box.count(); ++number)
        {
            Shape from = box.at(number);
            for (std::size_t i = 0; i < from.size(); ++i)
                from[i] = origin[i] + from[i] * array.inner[i];
            const auto size =
                encodeChunk(array, bandShape, from, used, encoder);
            index.push_back(used);
            index.push_back(size);
            used += size;
        }
        const std::size_t indexSize = index.size() * sizeof(index[0]);
        encoder.encoded.resize(used + indexSize + sizeof(std::uint32_t));
        char *end = encoder.encoded.data() + used;
        std::memcpy(end, index.data(), indexSize);
        const auto sum = crc32c(end, indexSize);
        std::memcpy(end + indexSize, &sum, sizeof(sum));
        return encoder.encoded.size();
    }

    const Cube &m_cube;
    const Source &m_source;
    std::uint64_t m_firstRow;
    Target &m_target;
    std::vector<Band> m_bands;
    std::atomic<std::size_t> m_next = 0;
    std::mutex m_mutex;
    std::exception_ptr m_failure;
};

struct Arguments
{
    std::string like;
    std::string appendDim = "time";
    unsigned threads = 1;
    std::vector<std::string> slices;
    std::string target;
};

Arguments parse(int count, char **words)
{
    Arguments arguments;
    for (int i = 1; i < count; ++i)
    {
        const std::string word = words[i];
        const bool hasValue = i + 1 < count;
        if (word == "--like" && hasValue)
            arguments.like = words[++i];
        else if (word == "--append-dim" && hasValue)
            arguments.appendDim = words[++i];
        else if (word == "--threads" && hasValue)
            arguments.threads = static_cast<unsigned>(std::stoul(words[++i]));
        else
            arguments.slices.push_back(word);
    }
    if (arguments.like.empty() || arguments.slices.size() < 2 ||
        arguments.threads == 0)
        throw std::runtime_error("usage: roof [--append-dim NAME] [--threads "
                                 "N] --like CUBE SLICE... TARGET");
    arguments.target = std::move(arguments.slices.back());
    arguments.slices.pop_back();
    return arguments;
}

void run(const Arguments &arguments)
{
    const Cube cube = readCube(arguments.like, arguments.appendDim);
    std::vector<std::string> names;
    for (const auto &array : cube.arrays)
        names.push_back(array.name);
    Target target(arguments.target);
    target.writeAll(cube.once);
    std::vector<Encoder> encoders(arguments.threads);
    std::uint64_t row = 0;
    for (const auto &slice : arguments.slices)
    {
        const Source source(slice, names);
        Append(cube, source, row, target).run(arguments.threads, encoders);
        target.writeAll(cube.each);
        row += source.arrays.front().shape().front();
    }
}

}  // namespace

}  // namespace roof

int main(int count, char **words)
{
    // As the command does.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    GDALAllRegister();
    try
    {
        roof::run(roof::parse(count, words));
    }
    catch (const std::exception &failure)
    {
        std::fprintf(stderr, "roof: %s\n", failure.what());
        return 1;
    }
    return 0;
}

// Planned chunks counted, in bytes, and in threads that they are worth.

#include "chunks/planned_arrays.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace mdimappend
{

namespace
{

/// Requests to a store mostly wait.
constexpr int leastRemoteThreads = 16;
/// A thread costs more than it brings for less work than that.
constexpr double leastBytesPerThread = 1 << 20;

}  // namespace

View::Array plannedArray(const ArrayDocument &document, TouchedBoxes boxes,
                         const Extent &shape)
{
    return {{document.path, document.keys, std::move(boxes.added),
             std::move(boxes.replaced)},
            document,
            paddedShape(shape, document.chunk)};
}

std::vector<ChunkBox> plannedBoxes(const View::Array &array)
{
    const auto &added = array.planned.added;
    auto boxes = array.planned.replaced;
    boxes.insert(boxes.end(), added.begin(), added.end());
    return boxes;
}

std::uint64_t countChunks(const std::vector<ChunkBox> &boxes)
{
    std::uint64_t chunks = 0;
    for (const auto &box : boxes)
        chunks += box.count();
    return chunks;
}

double uncompressedBytes(const View::Array &array)
{
    double size = static_cast<double>(array.document.dataType.size) *
                  static_cast<double>(countChunks(array.planned.added) +
                                      countChunks(array.planned.replaced));
    for (const auto length : array.document.chunk)
        size *= static_cast<double>(length);
    return size;
}

int worthwhileThreads(const std::vector<View::Array> &arrays, bool waits)
{
    if (waits)
        return std::max(leastRemoteThreads,
                        static_cast<int>(std::thread::hardware_concurrency()));
    double bytes = 0;
    for (const auto &array : arrays)
        bytes += uncompressedBytes(array);
    const double most = std::max(1U, std::thread::hardware_concurrency());
    return static_cast<int>(std::clamp(bytes / leastBytesPerThread, 1.0, most));
}

}  // namespace mdimappend

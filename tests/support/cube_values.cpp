// The values of the small cube: as a slice in memory, and compared with what
// GDAL reads.

#include "support/cube.h"

#include <cpl_error.h>

#include <algorithm>
#include <numeric>

namespace mdimappend::protocol_testing
{

namespace
{

constexpr double fill = -999;

/// In each group other ones.
double value(const CubeKind &kind, std::size_t row, std::size_t y,
             std::size_t x, bool anew)
{
    const auto &shape = kind.shape;
    const auto usual = kind.part * 10000 + row * 100 + y * 10 + x;
    if (anew)
        return static_cast<double>(1000 + usual);
    // The right-hand chunks of every second layer are all fill.
    if (x >= shape.chunkWidth && row / shape.chunkRows % 2 == 1)
        return fill;
    return static_cast<double>(usual);
}

double label(std::size_t row)
{
    return static_cast<double>(row * 24);
}

/// A group below, made if it is not there.
std::shared_ptr<GDALGroup> groupIn(std::shared_ptr<GDALGroup> group,
                                   const std::string &path)
{
    for (std::size_t start = 0; start < path.size();)
    {
        const auto end = std::min(path.find('/', start), path.size());
        const auto name = path.substr(start, end - start);
        const auto there = group->OpenGroup(name);
        group = there ? there : group->CreateGroup(name);
        start = end + 1;
    }
    return group;
}

using Dimensions = std::vector<std::shared_ptr<GDALDimension>>;

std::shared_ptr<GDALMDArray> addArray(GDALGroup &group, const std::string &name,
                                      const Dimensions &dimensions,
                                      const std::vector<double> &values)
{
    const auto number = GDALExtendedDataType::Create(GDT_Float64);
    const auto array = group.CreateMDArray(name, dimensions, number);
    if (name == "air")
        array->SetNoDataValue(fill);
    const std::vector<GUInt64> start(dimensions.size(), 0);
    std::vector<std::size_t> size;
    for (const auto &dimension : dimensions)
        size.push_back(static_cast<std::size_t>(dimension->GetSize()));
    array->Write(start.data(), size.data(), nullptr, nullptr, number,
                 values.data());
    return array;
}

void addRows(GDALGroup &group, std::size_t first, std::size_t count, bool anew,
             const CubeKind &kind)
{
    const auto &shape = kind.shape;
    const auto time =
        group.CreateDimension("time", GDAL_DIM_TYPE_TEMPORAL, "", count);
    const auto y = group.CreateDimension("y", "", "", shape.height);
    const auto x = group.CreateDimension("x", "", "", shape.width);
    std::vector<double> times;
    std::vector<double> air;
    for (std::size_t row = first; row < first + count; ++row)
    {
        times.push_back(label(row));
        for (std::size_t i = 0; i < shape.height * shape.width; ++i)
            air.push_back(
                value(kind, row, i / shape.width, i % shape.width, anew));
    }
    std::vector<double> ys(shape.height);
    std::iota(ys.begin(), ys.end(), 50);
    std::vector<double> xs(shape.width);
    std::iota(xs.begin(), xs.end(), 7);
    const auto labels = addArray(group, "time", {time}, times);
    labels->SetUnit("hours since 2000-01-01");
    time->SetIndexingVariable(labels);
    addArray(group, "y", {y}, ys);
    addArray(group, "x", {x}, xs);
    addArray(group, "air", {time, y, x}, air);
}

template <class Value>
std::string compare(GDALGroup &root, const char *name, std::size_t rows,
                    std::size_t perRow, Value expected)
{
    const auto array = root.OpenMDArray(name);
    if (!array)
        return std::string("no array ") + name;
    std::vector<GUInt64> start;
    std::vector<std::size_t> count;
    for (const auto &dimension : array->GetDimensions())
    {
        start.push_back(0);
        count.push_back(static_cast<std::size_t>(dimension->GetSize()));
    }
    if (count[0] != rows)
        return std::string(name) + " has " + std::to_string(count[0]) +
               " rows instead of " + std::to_string(rows);
    std::vector<double> values(rows * perRow, -1);
    if (!array->Read(start.data(), count.data(), nullptr, nullptr,
                     GDALExtendedDataType::Create(GDT_Float64), values.data()))
        return std::string(name) + " cannot be read";
    for (std::size_t i = 0; i < values.size(); ++i)
    {
        if (values[i] != expected(i))
            return std::string(name) + " has " + std::to_string(values[i]) +
                   " at " + std::to_string(i) + " instead of " +
                   std::to_string(expected(i));
    }
    return "";
}

}  // namespace

GDALDatasetUniquePtr rowsAsSlice(std::size_t first, std::size_t count,
                                 bool anew, const CubeKind &kind)
{
    GDALAllRegister();
    GDALDatasetUniquePtr dataset(
        GetGDALDriverManager()->GetDriverByName("MEM")->CreateMultiDimensional(
            "rows", nullptr, nullptr));
    const auto root = dataset->GetRootGroup();
    for (auto part : kind.parts())
    {
        part.inGroup = false;
        addRows(*groupIn(root, part.group()), first, count, anew, part);
    }
    return dataset;
}

std::string wrongInCube(const std::string &target, std::size_t rows,
                        std::size_t first, std::size_t anewFrom,
                        const CubeKind &kind)
{
    const auto &shape = kind.shape;
    GDALDatasetUniquePtr dataset(
        GDALDataset::Open(target.c_str(), GDAL_OF_MULTIDIM_RASTER));
    auto cube = dataset ? dataset->GetRootGroup() : nullptr;
    if (cube && !kind.group().empty())
        cube = cube->OpenGroupFromFullname("/" + kind.group());
    if (!cube)
        return rows == 0 ? ""
                         : std::string("it cannot be opened: ") +
                               CPLGetLastErrorMsg();
    const auto perRow = shape.height * shape.width;
    auto wrong = compare(*cube, "time", rows, 1,
                         [&](std::size_t i) { return label(first + i); });
    if (wrong.empty())
        wrong =
            compare(*cube, "air", rows, perRow,
                    [&](std::size_t i)
                    {
                        const auto row = first + i / perRow;
                        return value(kind, row, i / shape.width % shape.height,
                                     i % shape.width, row >= anewFrom);
                    });
    if (wrong.empty())
        wrong = compare(*cube, "x", shape.width, 1, [](std::size_t i)
                        { return static_cast<double>(7 + i); });
    return wrong;
}

}  // namespace mdimappend::protocol_testing

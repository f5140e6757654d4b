// Inputs for tests of slices, made by GDAL itself in a folder of their own.

#pragma once

#include "slice/slice.h"

#include <gtest/gtest.h>

#include <cpl_conv.h>
#include <cpl_string.h>

#include <filesystem>
#include <fstream>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

// A namespace of its own: all tests are linked into one program.
namespace mdimappend::slice_testing
{

class SliceTest : public ::testing::Test
{
  protected:
    std::filesystem::path folder;

    void SetUp() override
    {
        GDALAllRegister();
        const auto *test =
            testing::UnitTest::GetInstance()->current_test_info();
        folder = std::filesystem::temp_directory_path() /
                 ("mdimappend_" + std::to_string(getpid()) + "_" +
                  test->test_suite_name() + "_" + test->name());
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }

    void TearDown() override
    {
        std::filesystem::remove_all(folder);
    }

    std::string path(const std::string &name) const
    {
        return (folder / name).string();
    }

    void write(const std::string &name, const std::string &text) const
    {
        std::filesystem::create_directories((folder / name).parent_path());
        std::ofstream(folder / name, std::ios::binary) << text;
    }
};

inline GDALDriver &driver(const char *name)
{
    GDALDriver *found = GetGDALDriverManager()->GetDriverByName(name);
    if (!found)
        throw std::runtime_error(std::string("no driver ") + name);
    return *found;
}

using Dimensions = std::vector<std::shared_ptr<GDALDimension>>;

inline std::shared_ptr<GDALMDArray> makeArray(GDALGroup &group,
                                              const std::string &name,
                                              const Dimensions &over,
                                              GDALDataType type = GDT_Float64)
{
    return group.CreateMDArray(name, over, GDALExtendedDataType::Create(type));
}

inline void setText(GDALIHasAttribute &owner, const std::string &name,
                    const std::string &text)
{
    owner.CreateAttribute(name, {}, GDALExtendedDataType::CreateString())
        ->Write(text.c_str());
}

template <class T>
void setNumber(GDALIHasAttribute &owner, const std::string &name,
               GDALDataType type, T value)
{
    owner.CreateAttribute(name, {}, GDALExtendedDataType::Create(type))
        ->Write(static_cast<const void *>(&value), sizeof value);
}

/// Writes first, first + 1, ... in C order.
inline void fill(GDALMDArray &array, double first = 0)
{
    std::vector<std::size_t> count;
    std::vector<GUInt64> start;
    std::size_t size = 1;
    for (const auto &dimension : array.GetDimensions())
    {
        start.push_back(0);
        count.push_back(dimension->GetSize());
        size *= count.back();
    }
    start.push_back(0);
    count.push_back(1);
    std::vector<double> values(size);
    std::iota(values.begin(), values.end(), first);
    ASSERT_TRUE(array.Write(start.data(), count.data(), nullptr, nullptr,
                            GDALExtendedDataType::Create(GDT_Float64),
                            values.data()));
}

inline std::unique_ptr<Slice> mustOpen(const SliceRequest &request)
{
    auto slice = Slice::open(request);
    if (!slice)
        throw std::runtime_error(slice.status().message());
    return std::move(*slice);
}

inline const SliceArray *find(const Slice &slice, const std::string &name)
{
    for (const SliceArray &array : slice.arrays())
        if (array.name == name)
            return &array;
    return nullptr;
}

inline const SliceArray &arrayOf(const Slice &slice, const std::string &name)
{
    const SliceArray *array = find(slice, name);
    if (!array)
        throw std::runtime_error("no array " + name);
    return *array;
}

inline std::size_t numberOf(const Slice &slice, const std::string &name)
{
    return &arrayOf(slice, name) - slice.arrays().data();
}

/// All values of a numeric array, as double.
inline std::vector<double> valuesOf(const Slice &slice, const std::string &name)
{
    const SliceArray &array = arrayOf(slice, name);
    std::size_t size = 1;
    for (auto n : array.shape)
        size *= n;
    std::vector<char> raw(size * array.type.GetSize());
    auto reader = slice.reader();
    if (!reader)
        throw std::runtime_error(reader.status().message());
    const std::vector<std::uint64_t> start(array.shape.size(), 0);
    if (auto status = (*reader)->read(numberOf(slice, name), start, array.shape,
                                      raw.data());
        !status)
        throw std::runtime_error(status.message());
    std::vector<double> values(size);
    GDALCopyWords64(raw.data(), array.type.GetNumericDataType(),
                    static_cast<int>(array.type.GetSize()), values.data(),
                    GDT_Float64, 8, static_cast<GPtrDiff_t>(size));
    return values;
}

template <class T> T elementAs(const std::optional<std::string> &bytes)
{
    T value{};
    if (!bytes || bytes->size() != sizeof(T))
        throw std::runtime_error("no element of that size");
    std::memcpy(&value, bytes->data(), sizeof(T));
    return value;
}

}  // namespace mdimappend::slice_testing

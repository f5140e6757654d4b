// Finding the append dimension, and adding it.

#include "slice/group_list.h"
#include "slice/slice_test_support.h"

#include <gmock/gmock.h>

#include <thread>

namespace mdimappend
{
namespace
{

using namespace slice_testing;

using testing::ElementsAre;
using testing::HasSubstr;

class AppendDimensionOf : public SliceTest
{
  protected:
    GDALDatasetUniquePtr dataset;
    std::shared_ptr<GDALGroup> root;

    void SetUp() override
    {
        SliceTest::SetUp();
        dataset.reset(
            driver("MEM").CreateMultiDimensional("memory", nullptr, nullptr));
        root = dataset->GetRootGroup();
    }

    std::shared_ptr<GDALDimension> dimension(const std::string &name,
                                             GUInt64 size,
                                             const std::string &type = "")
    {
        return root->CreateDimension(name, type, "", size);
    }

    SliceRequest request(const std::string &appendDim = "",
                         std::optional<std::string> label = {})
    {
        SliceRequest asked;
        asked.name = "memory";
        asked.dataset = dataset.get();
        asked.appendDim = appendDim;
        asked.label = std::move(label);
        return asked;
    }

    std::string refusal(const SliceRequest &asked)
    {
        const auto slice = Slice::open(asked);
        if (slice)
            return "";
        EXPECT_EQ(slice.status().kind(), Failure::Refused);
        return slice.status().message();
    }
};

TEST_F(AppendDimensionOf, prefersTheNameTime)
{
    const auto time = dimension("time", 3);
    const auto run = dimension("run", 2, GDAL_DIM_TYPE_TEMPORAL);
    makeArray(*root, "a", {time, run});
    EXPECT_EQ(mustOpen(request())->appendDim(), "time");
    EXPECT_EQ(mustOpen(request("run"))->size(), 2u);
}

TEST_F(AppendDimensionOf, takesTheOnlyTemporalOneOrAxisT)
{
    makeArray(*root, "a",
              {dimension("run", 2, GDAL_DIM_TYPE_TEMPORAL), dimension("x", 4)});
    EXPECT_EQ(mustOpen(request())->appendDim(), "run");
    const auto step = dimension("step", 5);
    setText(*makeArray(*root, "step", {step}), "axis", "T");
    EXPECT_THAT(refusal(request()),
                HasSubstr("more than one time dimension. Its dimensions: "
                          "run (2), x (4), step (5)"));
}

TEST_F(AppendDimensionOf, isRefusedWithAllDimensionsIfThereIsNone)
{
    makeArray(*root, "a", {dimension("y", 2), dimension("x", 4)});
    EXPECT_THAT(refusal(request()), HasSubstr("y (2), x (4)"));
    EXPECT_THAT(refusal(request("time")), HasSubstr("has no dimension 'time'"));
}

TEST_F(AppendDimensionOf, comesFromAScalarWithItsBounds)
{
    const auto x = dimension("x", 4);
    const auto bnds = dimension("bnds", 2);
    auto time = makeArray(*root, "time", {});
    time->SetUnit("days since 2000-01-01");
    setText(*time, "bounds", "time_bnds");
    fill(*time, 42);
    fill(*makeArray(*root, "time_bnds", {bnds}));
    fill(*makeArray(*root, "a", {x}));
    const auto slice = mustOpen(request());
    EXPECT_EQ(slice->appendDim(), "time");
    EXPECT_FALSE(slice->givenLabel());
    const SliceArray label = arrayOf(*slice, "time");
    EXPECT_TRUE(label.labels);
    EXPECT_THAT(label.shape, ElementsAre(1u));
    EXPECT_EQ(label.units, "days since 2000-01-01");
    EXPECT_THAT(valuesOf(*slice, "time"), ElementsAre(42));
    EXPECT_THAT(arrayOf(*slice, "time_bnds").dimensions,
                ElementsAre("time", "bnds"));
    EXPECT_THAT(valuesOf(*slice, "a"), ElementsAre(0, 1, 2, 3));
}

TEST_F(AppendDimensionOf, isAddedToDataOnly)
{
    const auto y = dimension("y", 2);
    const auto x = dimension("x", 3);
    const auto bnds = dimension("bnds", 2);
    setText(*makeArray(*root, "x", {x}), "bounds", "x_bnds");
    makeArray(*root, "x_bnds", {x, bnds});
    makeArray(*root, "lat", {y, x});
    makeArray(*root, "crs", {}, GDT_Int32);
    makeArray(*root, "cell_area", {y, x});
    auto data = makeArray(*root, "a", {y, x});
    setText(*data, "coordinates", "lat lon");
    setText(*data, "grid_mapping", "crs: x y");
    setText(*data, "cell_measures", "area: cell_area");
    const auto slice = mustOpen(request("time", "2020-01-31"));
    EXPECT_THAT(arrayOf(*slice, "a").dimensions, ElementsAre("time", "y", "x"));
    EXPECT_THAT(arrayOf(*slice, "a").block, testing::SizeIs(3));
    for (const char *name : {"x", "x_bnds", "lat", "crs", "cell_area"})
        EXPECT_THAT(arrayOf(*slice, name).dimensions,
                    testing::Not(testing::Contains("time")))
            << name;
    EXPECT_EQ(slice->givenLabel()->text, "2020-01-31");
    EXPECT_EQ(find(*slice, "time"), nullptr);
}

TEST_F(AppendDimensionOf, isAddedToFieldsOfAFormulaAndNotToItsCoefficients)
{
    const auto level = dimension("level", 2);
    const auto y = dimension("y", 2);
    const auto x = dimension("x", 3);
    setText(*makeArray(*root, "level", {level}), "formula_terms",
            "ap: ap b: b ps: ps");
    makeArray(*root, "ap", {level});
    makeArray(*root, "b", {level});
    makeArray(*root, "ps", {y, x});
    makeArray(*root, "a", {level, y, x});
    const auto slice = mustOpen(request("time", "2020-01-31"));
    EXPECT_THAT(arrayOf(*slice, "ps").dimensions,
                ElementsAre("time", "y", "x"));
    for (const char *name : {"level", "ap", "b"})
        EXPECT_THAT(arrayOf(*slice, name).dimensions, ElementsAre("level"));
}

TEST_F(AppendDimensionOf, wantsNoLabelIfItIsThere)
{
    makeArray(*root, "a", {dimension("time", 3)});
    EXPECT_THAT(refusal(request("", "2020")),
                HasSubstr("it already has the dimension 'time'"));
}

TEST_F(AppendDimensionOf, wantsNoLabelBesideAScalar)
{
    makeArray(*root, "time", {});
    makeArray(*root, "a", {dimension("x", 3)});
    EXPECT_THAT(refusal(request("", "2020")),
                HasSubstr("it already has the scalar 'time'"));
}

TEST_F(AppendDimensionOf, refusesALabelArrayThatIsNoScalar)
{
    const auto x = dimension("x", 3);
    makeArray(*root, "time", {x});
    makeArray(*root, "a", {x});
    EXPECT_THAT(refusal(request("time", "2020")), HasSubstr("is not a scalar"));
}

TEST_F(AppendDimensionOf, findsCoordinatesThatHaveGapsInTheirList)
{
    const auto time = dimension("time", 2);
    makeArray(*root, "a", {time, dimension("x", 3)});
    const auto slice = mustOpen(request());
    EXPECT_EQ(slice->arrays().size(), 1u);
    EXPECT_FALSE(arrayOf(*slice, "a").labels);
}

TEST_F(AppendDimensionOf, refusesOneNameWithTwoSizes)
{
    makeArray(*root, "a", {dimension("time", 2)});
    const auto other = root->CreateGroup("other");
    makeArray(*root, "b", {other->CreateDimension("time", "", "", 3)});
    EXPECT_THAT(refusal(request()), HasSubstr("has size 3, but 2"));
}

TEST_F(AppendDimensionOf, refusesCompoundTypesByNameUnlessExcluded)
{
    const auto time = dimension("time", 2);
    makeArray(*root, "a", {time});
    std::vector<std::unique_ptr<GDALEDTComponent>> members;
    members.push_back(std::make_unique<GDALEDTComponent>(
        "x", 0, GDALExtendedDataType::Create(GDT_Float32)));
    root->CreateMDArray(
        "pair", {time},
        GDALExtendedDataType::Create("pair", 4, std::move(members)));
    EXPECT_THAT(refusal(request()), HasSubstr("array 'pair': a compound type"));
    SliceRequest asked = request();
    asked.excludedArrays = {"pair"};
    EXPECT_EQ(mustOpen(asked)->arrays().size(), 1u);
    asked.excludedArrays.clear();
    asked.arrays = {"a"};
    EXPECT_EQ(mustOpen(asked)->arrays().size(), 1u);
}

TEST_F(AppendDimensionOf, readsOnlyTheRootGroup)
{
    const auto nested = root->CreateGroup("nested");
    makeArray(*nested, "a", {dimension("time", 2)});
    EXPECT_THAT(refusal(request()),
                HasSubstr("root group has no arrays. Groups that have: "
                          "'/nested'. --slice-group /nested takes that one"));
    SliceRequest asked = request();
    asked.group = "nested";
    EXPECT_EQ(arrayOf(*mustOpen(asked), "a").dimensions.front(), "time");
}

TEST_F(AppendDimensionOf, isLookedForInAllGroups)
{
    const auto time = dimension("time", 2);
    const auto other = dimension("x", 2);
    for (const std::string name : {"a", "b", "c"})
    {
        const auto group = root->CreateGroup(name);
        makeArray(*group, "v", {name == "c" ? other : time});
        makeArray(*group->CreateGroup("deep"), "w", {time});
    }
    EXPECT_THAT(*groupsOf(request()),
                ElementsAre("/a", "/b", "/a/deep", "/b/deep", "/c/deep"));
    makeArray(*root, "time", {time});
    EXPECT_EQ(groupsOf(request())->front(), "/");
    SliceRequest asked = request();
    asked.appendDim = "when";
    EXPECT_TRUE(groupsOf(asked)->empty());
    asked.renamedArrays = {{"x", "when"}};
    EXPECT_THAT(*groupsOf(asked), ElementsAre("/c"));
}

TEST_F(AppendDimensionOf, borrowedDatasetsAreReadByManyThreads)
{
    fill(*makeArray(*root, "a", {dimension("time", 100)}));
    const auto slice = mustOpen(request());
    EXPECT_EQ(slice->fingerprint(), "");
    std::vector<double> sums(4);
    std::vector<std::thread> threads;
    for (double &sum : sums)
        threads.emplace_back(
            [&]
            {
                for (int i = 0; i < 50; ++i)
                    for (double value : valuesOf(*slice, "a"))
                        sum += value;
            });
    for (std::thread &thread : threads)
        thread.join();
    EXPECT_THAT(sums, testing::Each(50 * 4950.0));
}

}  // namespace
}  // namespace mdimappend

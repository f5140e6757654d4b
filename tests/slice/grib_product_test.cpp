// What tells fields of GRIB apart, beside parameter, level and time.

#include "slice/grib_product.h"

#include <gmock/gmock.h>

namespace mdimappend
{
namespace
{

/// The numbers that all templates begin with, those of the template itself, and
/// of a period of three hours with a statistic.
Json numbers(std::vector<long> own, std::optional<long> statistic = {},
             long surface = 255)
{
    std::vector<long> all = {0, 0, 2, 255, 0,       0, 0, 1,
                             3, 1, 0, 0,   surface, 7, 8};
    all.insert(all.end(), own.begin(), own.end());
    if (statistic)
        for (const long each : std::vector<long>{2024, 1, 1, 6, 0, 0, 1, 0,
                                                 *statistic, 2, 1, 3, 255, 0})
            all.push_back(each);
    return all;
}

std::optional<GribProduct> product(long number, const Json &values)
{
    Json attributes = Json::object();
    attributes["product_definition_template_number"] = number;
    attributes["product_definition_numbers"] = values;
    return gribProduct(attributes);
}

std::string suffixOf(long number, const Json &values)
{
    const auto found = product(number, values);
    return found ? found->suffix : "unknown";
}

TEST(GribProduct, isNamedByItsTemplate)
{
    EXPECT_EQ(suffixOf(0, numbers({})), "");
    EXPECT_EQ(suffixOf(1, numbers({3, 12, 50})), "_m12");
    EXPECT_EQ(suffixOf(2, numbers({4, 50})), "_spread");
    EXPECT_EQ(suffixOf(6, numbers({90})), "_90");
    EXPECT_EQ(suffixOf(8, numbers({}, 1)), "_acc");
    EXPECT_EQ(suffixOf(9, numbers({0, 1, 2, 0, 0, 0, 5}, 3)),
              "_0_1_2_0_0_0_5_min");
    EXPECT_EQ(suffixOf(10, numbers({90}, 0)), "_90_avg");
    EXPECT_EQ(suffixOf(11, numbers({3, 12, 50}, 2)), "_m12_max");
    EXPECT_EQ(suffixOf(12, numbers({0, 50}, 1)), "_mean_acc");
    EXPECT_EQ(suffixOf(2, numbers({193, 50})), "_derived193");
}

TEST(GribProduct, isUnknownWhereTheNumbersAreNotThose)
{
    EXPECT_EQ(suffixOf(41, numbers({3, 12, 50})), "unknown");
    EXPECT_EQ(suffixOf(40, Json::array({0, 0, 4})), "unknown");
    EXPECT_EQ(suffixOf(1, numbers({3, 12})), "unknown");
    EXPECT_EQ(suffixOf(8, numbers({2024, 1, 1, 6})), "unknown");
    EXPECT_EQ(suffixOf(0, Json::array({1, "x"})), "unknown");
    EXPECT_FALSE(gribProduct(Json::object()));
}

TEST(GribProduct, isAnotherByWhatItIsAFieldOf)
{
    const auto control = product(1, numbers({1, 0, 50}));
    EXPECT_EQ(*control, *product(1, numbers({3, 0, 51})));
    EXPECT_FALSE(*control == *product(1, numbers({3, 1, 50})));
    EXPECT_FALSE(*control == *product(0, numbers({})));
    EXPECT_FALSE(*product(8, numbers({}, 0)) == *product(8, numbers({}, 2)));
    EXPECT_FALSE(*product(0, numbers({})) == *product(8, numbers({}, 0)));
    // A member that is perturbed the other way.
    EXPECT_FALSE(*product(1, numbers({2, 1, 50})) ==
                 *product(1, numbers({3, 1, 50})));
    // A layer between two surfaces.
    EXPECT_FALSE(*product(0, numbers({})) == *product(0, numbers({}, {}, 1)));
}

TEST(GribProduct, hasAParameterOfItsCentreIfThatIsLocal)
{
    const auto of = [](long discipline, long centre, long parameter)
    {
        Json attributes = Json::object();
        attributes["discipline_code"] = discipline;
        attributes["center_code"] = centre;
        attributes["product_definition_template_number"] = 0;
        Json values = numbers({});
        values[1] = parameter;
        attributes["product_definition_numbers"] = values;
        return *gribProduct(attributes);
    };
    EXPECT_EQ(of(0, 98, 5), of(0, 7, 5));
    EXPECT_FALSE(of(0, 98, 5) == of(2, 98, 5));
    EXPECT_FALSE(of(0, 98, 193) == of(0, 7, 193));
    EXPECT_FALSE(of(0, 98, 193) == of(0, 98, 195));
}

TEST(GribProduct, takesNumbersWithoutSignsForThoseWithThem)
{
    // GDAL's attributes are of unsigned numbers.
    Json own = numbers({}, {}, 1);
    Json unsignedOnes = own;
    own[13] = -127;
    unsignedOnes[13] = 4294967169;
    EXPECT_EQ(*product(0, own), *product(0, unsignedOnes));
}

}  // namespace
}  // namespace mdimappend

#include "slice/grib_codes.h"

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

struct Named
{
    long code;
    const char *suffix;
    const char *words;
};

/// Code table 4.10.
constexpr std::array<Named, 9> statistics = {{{0, "_avg", "average"},
                                              {1, "_acc", "accumulation"},
                                              {2, "_max", "maximum"},
                                              {3, "_min", "minimum"},
                                              {4, "_dif", "difference"},
                                              {5, "_rms", "root mean square"},
                                              {6, "_std", "standard deviation"},
                                              {7, "_cov", "covariance"},
                                              {9, "_rat", "ratio"}}};

/// Code table 4.7.
constexpr std::array<Named, 5> derived = {
    {{0, "_mean", "unweighted mean of all members"},
     {1, "_wmean", "weighted mean of all members"},
     {2, "_sd", "standard deviation of the members"},
     {3, "_nsd", "normalized standard deviation of the members"},
     {4, "_spread", "spread of all members"}}};

template <std::size_t N>
const Named *namedIn(const std::array<Named, N> &names, long code)
{
    const auto found = std::ranges::find(names, code, &Named::code);
    return found == names.end() ? nullptr : &*found;
}

}  // namespace

std::string gribStatisticSuffix(long code)
{
    const Named *named = namedIn(statistics, code);
    return named ? named->suffix : "_statistic" + std::to_string(code);
}

std::string gribStatisticWords(long code)
{
    const Named *named = namedIn(statistics, code);
    return named ? named->words : "statistic " + std::to_string(code);
}

std::string gribDerivedSuffix(long code)
{
    const Named *named = namedIn(derived, code);
    return named ? named->suffix : "_derived" + std::to_string(code);
}

std::string gribDerivedWords(long code)
{
    const Named *named = namedIn(derived, code);
    return named ? named->words : "derived " + std::to_string(code);
}

}  // namespace mdimappend

// Translates NumPy's units of time into those of CF that xarray decodes.

#include "slice/numpy_time.h"

#include <cpl_string.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>

namespace mdimappend
{

namespace
{

struct NumpyUnit
{
    std::string_view symbol;
    const char *name;
    const char *resolution;  ///< the coarsest of xarray's that holds it
};

constexpr std::array<NumpyUnit, 8> numpyUnits{
    {{"D", "days", "s"},
     {"h", "hours", "s"},
     {"m", "minutes", "s"},
     {"s", "seconds", "s"},
     {"ms", "milliseconds", "ms"},
     {"us", "microseconds", "us"},
     {"\xce\xbcs", "microseconds", "us"},
     {"ns", "nanoseconds", "ns"}}};

}  // namespace

NumpyTime numpyTimeOf(const GDALMDArray &array)
{
    const auto told = [&](const char *member)
    {
        return std::string(CSLFetchNameValueDef(
            array.GetStructuralInfo(),
            ("data_type." + std::string(member)).c_str(), ""));
    };
    NumpyTime found;
    const auto type = told("name");
    const bool isDate = type == "numpy.datetime64";
    found.isTime = isDate || type == "numpy.timedelta64";
    if (!found.isTime)
        return found;
    const auto symbol = told("unit");
    const auto step = told("scale_factor");
    const auto *const unit =
        std::ranges::find(numpyUnits, symbol, &NumpyUnit::symbol);
    if (unit == std::end(numpyUnits) || (!step.empty() && step != "1"))
    {
        found.problem = refused("its type " + type + " counts in steps of " +
                                (step.empty() ? "1" : step) + " '" + symbol +
                                "', which xarray has no units for in files. "
                                "Exclude it with --exclude-array.");
        return found;
    }
    if (isDate)
        found.attributes = {
            {"units", std::string(unit->name) + " since 1970-01-01"},
            {"calendar", "proleptic_gregorian"}};
    else
        found.attributes = {
            {"units", unit->name},
            {"dtype", std::string("timedelta64[") + unit->resolution + "]"}};
    return found;
}

}  // namespace mdimappend

// What GDAL calls when it loads the plugin: the driver and its algorithms.

#include "registration.h"

#include "mdim_append_algorithm.h"
#include "mdimappend_driver.h"
#include "target_name.h"

#include <gdal_priv.h>

#include <memory>

namespace mdimappend
{

namespace
{

template <class Algorithm> std::unique_ptr<GDALAlgorithm> make()
{
    return std::make_unique<Algorithm>();
}

void declareAlgorithms()
{
    auto &registry = GDALGlobalAlgorithmRegistry::GetSingleton();
    // Without it, `gdal --help` lists the built-in mdim twice.
    if (!registry.HasDeclaredSubAlgorithm({"mdim"}))
        registry.DeclareAlgorithm({"mdim"},
                                  []() -> std::unique_ptr<GDALAlgorithm>
                                  { return nullptr; });
    if (!registry.HasDeclaredSubAlgorithm({"mdim", "append"}))
        registry.DeclareAlgorithm({"mdim", "append"},
                                  make<MdimAppendAlgorithm>);
}

}  // namespace

}  // namespace mdimappend

void GDALRegister_MDIMAPPEND()
{
    using namespace mdimappend;
    if (!GDAL_CHECK_VERSION("MDIMAPPEND plugin"))
        return;
    if (GDALGetDriverByName(DRIVER_NAME))
        return;
    GetGDALDriverManager()->RegisterDriver(new MdimAppendDriver);
    declareAlgorithms();
}

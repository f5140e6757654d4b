#include "registration.h"

#include "distributed_algorithms.h"
#include "driver_algorithms.h"
#include "mdim_append_algorithm.h"

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

GDALAlgorithm *instantiate(const std::vector<std::string> &path)
{
    const std::string verb = path.empty() ? "" : path.back();
    if (verb == StatusAlgorithm::NAME)
        return new StatusAlgorithm;
    if (verb == RecoverAlgorithm::NAME)
        return new RecoverAlgorithm;
    if (verb == LogAlgorithm::NAME)
        return new LogAlgorithm;
    if (verb == UnlockAlgorithm::NAME)
        return new UnlockAlgorithm;
    if (verb == BeginAlgorithm::NAME)
        return new BeginAlgorithm;
    if (verb == WriteAlgorithm::NAME)
        return new WriteAlgorithm;
    if (verb == CommitAlgorithm::NAME)
        return new CommitAlgorithm;
    if (verb == AbortAlgorithm::NAME)
        return new AbortAlgorithm;
    if (verb == RenewAlgorithm::NAME)
        return new RenewAlgorithm;
    return nullptr;
}

}  // namespace

}  // namespace mdimappend

void GDALRegister_MDIMAPPEND()
{
    using namespace mdimappend;
    if (!GDAL_CHECK_VERSION("MDIMAPPEND plugin"))
        return;
    if (GDALGetDriverByName("MDIMAPPEND"))
        return;
    auto driver = std::make_unique<GDALDriver>();
    driver->SetDescription("MDIMAPPEND");
    driver->SetMetadataItem(GDAL_DMD_LONGNAME,
                            "Appending to Zarr cubes (algorithms)");
    driver->pfnInstantiateAlgorithm = instantiate;
    for (const char *verb :
         {StatusAlgorithm::NAME, RecoverAlgorithm::NAME, LogAlgorithm::NAME,
          UnlockAlgorithm::NAME, BeginAlgorithm::NAME, WriteAlgorithm::NAME,
          CommitAlgorithm::NAME, AbortAlgorithm::NAME, RenewAlgorithm::NAME})
        driver->DeclareAlgorithm({verb});
    GetGDALDriverManager()->RegisterDriver(driver.release());
    declareAlgorithms();
}

// A target as GDAL's Zarr driver reads it, once it is not in the middle of a
// commit.

#include "target_dataset.h"

#include "storage/object_address.h"
#include "transaction/readable.h"

#include <cpl_error.h>
#include <gdal_pam.h>
#include <gdal_proxy.h>

#include <chrono>

namespace mdimappend
{

namespace
{

using Clock = std::chrono::steady_clock;

/// Applying an append is renames, or as many puts; who looks at a map waits.
constexpr std::chrono::seconds longestWait(5);

class TargetBand final : public GDALProxyRasterBand
{
  public:
    TargetBand(GDALDataset &target, int number, GDALRasterBand &band)
        : m_band(band)
    {
        poDS = &target;
        nBand = number;
        nRasterXSize = band.GetXSize();
        nRasterYSize = band.GetYSize();
        eDataType = band.GetRasterDataType();
        band.GetBlockSize(&nBlockXSize, &nBlockYSize);
    }

  private:
    GDALRasterBand *RefUnderlyingRasterBand(bool) const override
    {
        return &m_band;
    }

    GDALRasterBand &m_band;
};

class TargetDataset final : public GDALProxyDataset
{
  public:
    /// `root` is null for a classic raster.
    TargetDataset(std::unique_ptr<GDALDataset> zarr,
                  std::shared_ptr<GDALGroup> root)
        : m_zarr(std::move(zarr)), m_root(std::move(root)),
          m_subdatasets(m_zarr->GetMetadata("SUBDATASETS"))
    {
        nRasterXSize = m_zarr->GetRasterXSize();
        nRasterYSize = m_zarr->GetRasterYSize();
        for (int i = 1; i <= m_zarr->GetRasterCount(); ++i)
            SetBand(i, std::make_unique<TargetBand>(*this, i,
                                                    *m_zarr->GetRasterBand(i)));
        nameSubdatasets();
    }

    std::shared_ptr<GDALGroup> GetRootGroup() const override
    {
        return m_root;
    }

    GDALDriver *GetDriver() const override
    {
        return poDriver;
    }

    char **GetFileList() override
    {
        return nullptr;
    }

    CSLConstList GetMetadata(const char *domain) override
    {
        return isSubdatasets(domain) ? m_subdatasets.List()
                                     : GDALProxyDataset::GetMetadata(domain);
    }

    const char *GetMetadataItem(const char *name, const char *domain) override
    {
        return isSubdatasets(domain)
                   ? m_subdatasets.FetchNameValue(name)
                   : GDALProxyDataset::GetMetadataItem(name, domain);
    }

  private:
    GDALDataset *RefUnderlyingDataset() const override
    {
        return m_zarr.get();
    }

    CPLErr IBuildOverviews(const char *, int, const int *, int, const int *,
                           GDALProgressFunc, void *, CSLConstList) override
    {
        ReportError(CE_Failure, CPLE_NotSupported, "%s",
                    "overviews would be written beside the target or into it. "
                    "Nothing was written.");
        return CE_Failure;
    }

    static bool isSubdatasets(const char *domain)
    {
        return domain && EQUAL(domain, "SUBDATASETS");
    }

    /// ZARR:"cube.zarr":/air becomes MDIMAPPEND:"cube.zarr":/air.
    void nameSubdatasets()
    {
        const std::string theirs = "ZARR:";
        for (int i = 1;; ++i)
        {
            const auto key = "SUBDATASET_" + std::to_string(i) + "_NAME";
            const char *name = m_subdatasets.FetchNameValue(key.c_str());
            if (!name)
                return;
            if (STARTS_WITH(name, theirs.c_str()))
                m_subdatasets.SetNameValue(
                    key.c_str(),
                    (NAME_PREFIX + std::string(name + theirs.size())).c_str());
        }
    }

    std::unique_ptr<GDALDataset> m_zarr;
    std::shared_ptr<GDALGroup> m_root;
    CPLStringList m_subdatasets;
};

Result<std::unique_ptr<GDALDataset>>
openZarr(const std::string &name, unsigned flags, CSLConstList options)
{
    const char *const zarr[] = {"Zarr", nullptr};
    if (!GDALGetDriverByName(*zarr))
        return error("this GDAL has no Zarr driver");
    std::unique_ptr<GDALDataset> dataset;
    std::string why;
    {
        const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
        dataset.reset(GDALDataset::Open(
            name.c_str(), flags | GDAL_OF_VERBOSE_ERROR, zarr, options));
        why = CPLGetLastErrorMsg();
    }
    if (!dataset)
        return error("target '" + name + "' cannot be opened: " + why);
    return dataset;
}

/// Through the store's root, whose consolidated metadata change at one instant.
Result<std::unique_ptr<GDALDataset>> openMultidimensional(const Site &site,
                                                          CSLConstList options)
{
    MDIMAPPEND_ASSIGN(std::unique_ptr<GDALDataset> zarr,
                      openZarr(site.store(), GDAL_OF_MULTIDIM_RASTER, options));
    auto root = zarr->GetRootGroup();
    if (root && !site.group.empty())
        root = root->OpenGroupFromFullname("/" + site.group);
    if (!root)
        return error("target '" + site.store() + "' has no group '" +
                     site.group + "'");
    return std::unique_ptr<GDALDataset>(
        std::make_unique<TargetDataset>(std::move(zarr), std::move(root)));
}

Result<std::unique_ptr<GDALDataset>>
openClassic(const Site &site, const std::string &array, CSLConstList options)
{
    const auto path = site.object(site.group);
    MDIMAPPEND_ASSIGN(
        std::unique_ptr<GDALDataset> zarr,
        openZarr(array.empty() ? path : "ZARR:\"" + path + "\"" + array,
                 GDAL_OF_RASTER, options));
    // Statistics that somebody asks for would be saved into the store, and be
    // wrong after the next append.
    if (auto *pam = dynamic_cast<GDALPamDataset *>(zarr.get()))
        pam->SetPamFlags(pam->GetPamFlags() | GPF_NOSAVE);
    return std::unique_ptr<GDALDataset>(
        std::make_unique<TargetDataset>(std::move(zarr), nullptr));
}

}  // namespace

Result<std::unique_ptr<GDALDataset>> openTarget(const TargetName &name,
                                                const std::string &group,
                                                unsigned flags,
                                                CSLConstList options)
{
    const bool multidimensional = (flags & GDAL_OF_MULTIDIM_RASTER) != 0;
    if (multidimensional && !name.array.empty())
        return Status(Failure::Usage,
                      "'" + name.array +
                          "' is an array: to open the target as a "
                          "multidimensional raster, leave it out");
    const auto deadline = Clock::now() + longestWait;
    while (true)
    {
        MDIMAPPEND_ASSIGN(const ReadableTarget before,
                          waitUntilReadable(name.path, group, deadline));
        // GDAL keeps the folder's listing, which may say that there is no cube.
        if (isRemote(name.path))
            VSICurlPartialClearCache(before.site.parent.c_str());
        auto dataset = multidimensional
                           ? openMultidimensional(before.site, options)
                           : openClassic(before.site, name.array, options);
        MDIMAPPEND_ASSIGN(const ReadableTarget after,
                          waitUntilReadable(name.path, group, deadline));
        if (after.appends == before.appends)
            return dataset;
        if (Clock::now() >= deadline)
            return Status(Failure::Locked,
                          "target '" + name.path +
                              "' was appended to repeatedly while it was being "
                              "opened; try again.");
    }
}

}  // namespace mdimappend

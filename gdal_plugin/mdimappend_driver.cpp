// The driver MDIMAPPEND: opens targets by its prefix, and copies datasets by
// the algorithm of `gdal mdim append`.

#include "mdimappend_driver.h"

#include "begin_algorithm.h"
#include "creation_options.h"
#include "deletion_before_copy.h"
#include "distributed_algorithms.h"
#include "driver_algorithms.h"
#include "mdim_append_algorithm.h"
#include "slice/slice_name.h"
#include "target_dataset.h"
#include "target_name.h"

#include <cpl_error.h>
#include <cpl_vsi.h>

#include <array>
#include <exception>
#include <string>

namespace mdimappend
{

namespace
{

void report(const Status &failure)
{
    CPLError(CE_Failure,
             failure.kind() == Failure::Usage ? CPLE_IllegalArg
                                              : CPLE_AppDefined,
             "%s: %s", DRIVER_NAME, messageText(failure).c_str());
}

/// Calls `act`, which returns a Result; null after an error.
template <class Act> GDALDataset *datasetOf(Act act)
{
    try
    {
        auto dataset = act();
        if (dataset)
            return dataset->release();
        report(dataset.status());
    }
    catch (const std::exception &failure)
    {
        report(error(failure.what()));
    }
    return nullptr;
}

int identify(GDALOpenInfo *info)
{
    return !isOpenedBeforeCopy(*info) &&
           (isLookedForBeforeCopy(*info) || hasPrefix(info->pszFilename));
}

Result<std::unique_ptr<GDALDataset>> openForUsers(const GDALOpenInfo &info)
{
    MDIMAPPEND_ASSIGN(const TargetName name, parseTargetName(info.pszFilename));
    if (info.eAccess == GA_Update)
        return Status(Failure::Usage,
                      "'" + name.path +
                          "' is open for reading only: copy a slice to it "
                          "(CreateCopy), or use `gdal mdim append`. Nothing "
                          "was written.");
    CPLStringList options(static_cast<CSLConstList>(info.papszOpenOptions));
    const std::string group = options.FetchNameValueDef("GROUP", "");
    options.SetNameValue("GROUP", nullptr);
    // It would leave a list of chunks in the store, soon a wrong one.
    options.SetNameValue("CACHE_TILE_PRESENCE", nullptr);
    return openTarget(name, group,
                      static_cast<unsigned>(info.nOpenFlags) &
                          (GDAL_OF_RASTER | GDAL_OF_MULTIDIM_RASTER),
                      options.List());
}

GDALDataset *open(GDALOpenInfo *info)
{
    if (isOpenedBeforeCopy(*info) || !hasPrefix(info->pszFilename))
        return nullptr;
    return datasetOf([&] { return openForUsers(*info); });
}

/// Whether the dataset is what its file is, so that the algorithm can open that
/// by itself: then it reads with several handles, checks what it reads, and
/// knows the file again. Rasters may have been given other metadata in memory.
bool isItsFile(GDALDataset &source)
{
    VSIStatBufL state;
    return source.GetAccess() == GA_ReadOnly && source.GetDriver() &&
           source.GetRootGroup() &&
           VSIStatL(fileOf(source.GetDescription()).c_str(), &state) == 0;
}

bool setSlice(GDALDataset &source, GDALAlgorithm &append)
{
    std::vector<GDALArgDatasetValue> slices;
    if (!isItsFile(source))
    {
        slices.emplace_back(&source);
        return append.GetArg(GDAL_ARG_NAME_INPUT)->Set(std::move(slices));
    }
    slices.emplace_back(std::string(source.GetDescription()));
    std::vector<std::string> options;
    for (const char *option : CPLStringList(source.GetOpenOptions()))
        options.emplace_back(option);
    return append.GetArg(GDAL_ARG_NAME_INPUT)->Set(std::move(slices)) &&
           append.GetArg(GDAL_ARG_NAME_INPUT_FORMAT)
               ->Set(std::vector<std::string>{
                   source.GetDriver()->GetDescription()}) &&
           (options.empty() ||
            append.GetArg(GDAL_ARG_NAME_OPEN_OPTION)->Set(options));
}

/// Null without a failure: the algorithm has said what is wrong.
Result<std::unique_ptr<GDALDataset>>
appendCopy(const std::string &target, GDALDataset &source, CSLConstList options,
           GDALProgressFunc progress, void *progressData)
{
    MDIMAPPEND_ASSIGN(const TargetName name, parseTargetName(target));
    if (!name.array.empty())
        return Status(Failure::Usage, "'" + target +
                                          "' is an array of a target. Nothing "
                                          "was written.");
    MdimAppendAlgorithm append;
    append.setCommand("GDAL driver MDIMAPPEND");
    MDIMAPPEND_RETURN_IF_ERROR(
        setCreationOptions(options, append).suffixed("Nothing was written."));
    if (!setSlice(source, append) ||
        !append.GetArg(GDAL_ARG_NAME_OUTPUT)->Set(name.path) ||
        !append.Run(progress, progressData))
        return std::unique_ptr<GDALDataset>();
    CPLDebug(DRIVER_NAME, "%s", append.outputString().c_str());
    if (append.isDryRun())
        return Status(Failure::Usage,
                      "a settings file says dry_run. Nothing was written.");
    auto appended =
        openTarget(name, append.group(), GDAL_OF_MULTIDIM_RASTER, nullptr);
    if (!appended)
        return appended.takeStatus().prefixed("the slice is in, but");
    return appended;
}

GDALDataset *createCopy(const char *target, GDALDataset *source, int,
                        CSLConstList options, GDALProgressFunc progress,
                        void *progressData)
{
    return datasetOf(
        [&]
        {
            return appendCopy(target, *source, options, progress, progressData);
        });
}

CPLErr refuse(const std::string &what)
{
    report(error(
        what +
        " A cube and its sidecar (the folder with its name and '.mdimappend') "
        "belong together: delete, move or copy both. Nothing was changed."));
    return CE_Failure;
}

CPLErr refuseDelete(const char *name)
{
    // What is wrong with the name, createCopy says.
    if (isDeletedBeforeCopy(name))
        return CE_Failure;
    return refuse("'" + std::string(name) + "' is not deleted.");
}

CPLErr refuseRename(const char *, const char *name)
{
    return refuse("'" + std::string(name) + "' is not renamed.");
}

CPLErr refuseCopyFiles(const char *, const char *name)
{
    return refuse("the files of '" + std::string(name) + "' are not copied.");
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

/// GROUP, and those of the Zarr driver that are passed on to it. GDAL asks for
/// them when it registers the driver, when it does not know that one yet.
constexpr const char *openOptions = R"(<OpenOptionList>
  <Option name='GROUP' type='string' description='Group inside the store'/>
  <Option name='USE_CONSOLIDATED_METADATA' type='boolean' default='YES'/>
  <Option name='LIST_ALL_ARRAYS' type='boolean' default='NO'/>
  <Option name='MULTIBAND' type='boolean' default='YES'/>
  <Option name='DIM_X' type='string'/>
  <Option name='DIM_Y' type='string'/>
  <Option name='LOAD_EXTRA_DIM_METADATA_DELAY' type='string'/>
</OpenOptionList>)";

constexpr std::array<const char *, 2> optionLists = {
    GDAL_DMD_CREATIONOPTIONLIST, GDAL_DMD_MULTIDIM_DATASET_CREATIONOPTIONLIST};

}  // namespace

MdimAppendDriver::MdimAppendDriver()
{
    SetDescription(DRIVER_NAME);
    SetMetadataItem(GDAL_DMD_LONGNAME, "Zarr cubes that grow by slices");
    SetMetadataItem(GDAL_DMD_CONNECTION_PREFIX, NAME_PREFIX);
    SetMetadataItem(GDAL_DMD_OPENOPTIONLIST, openOptions);
    SetMetadataItem(GDAL_DCAP_RASTER, "YES");
    SetMetadataItem(GDAL_DCAP_MULTIDIM_RASTER, "YES");
    // Neither GDAL_DCAP_CREATE_MULTIDIMENSIONAL, which `gdal mdim convert` asks
    // for, nor GDAL_DCAP_CREATECOPY (so no pfnCreateCopy, which implies it), as
    // `gdal raster convert` and its kin do: with --overwrite they delete a cube
    // that is named without the prefix, before a driver is asked.
    SetMetadataItem(GDAL_DCAP_CREATECOPY_MULTIDIMENSIONAL, "YES");
    pfnIdentify = identify;
    pfnOpen = open;
    pfnDelete = refuseDelete;
    pfnRename = refuseRename;
    pfnCopyFiles = refuseCopyFiles;
    pfnInstantiateAlgorithm = instantiate;
    for (const char *verb :
         {StatusAlgorithm::NAME, RecoverAlgorithm::NAME, LogAlgorithm::NAME,
          UnlockAlgorithm::NAME, BeginAlgorithm::NAME, WriteAlgorithm::NAME,
          CommitAlgorithm::NAME, AbortAlgorithm::NAME, RenewAlgorithm::NAME})
        DeclareAlgorithm({verb});
}

GDALDriver::CreateCopyCallback MdimAppendDriver::GetCreateCopyCallback()
{
    return createCopy;
}

void MdimAppendDriver::listOptions()
{
    const MdimAppendAlgorithm append;
    SetMetadataItem(GDAL_DMD_CREATIONOPTIONLIST,
                    creationOptionsXml(append, "CreationOptionList").c_str());
    SetMetadataItem(
        GDAL_DMD_MULTIDIM_DATASET_CREATIONOPTIONLIST,
        creationOptionsXml(append, "MultiDimDatasetCreationOptionList")
            .c_str());
}

const char *MdimAppendDriver::GetMetadataItem(const char *name,
                                              const char *domain)
{
    for (const char *list : optionLists)
        if (name && EQUAL(name, list))
            std::call_once(m_optionsListed, [this] { listOptions(); });
    return GDALDriver::GetMetadataItem(name, domain);
}

CSLConstList MdimAppendDriver::GetMetadata(const char *domain)
{
    std::call_once(m_optionsListed, [this] { listOptions(); });
    return GDALDriver::GetMetadata(domain);
}

}  // namespace mdimappend

// From arguments to the options of an append: those that were given, over those
// of settings files.

#include "mdim_append_algorithm.h"

#include "storage/object_address.h"
#include "storage/target_name.h"

#include <cpl_conv.h>
#include <gdal_priv.h>

#include <algorithm>
#include <cstdlib>

namespace mdimappend
{

namespace
{

/// Options whose text means what it means in a settings file.
Status applyTexts(const Json &texts, AppendOptions &options)
{
    Settings settings;
    settings.options = std::move(options);
    auto applied = applySettings(texts, "the command line", settings);
    options = std::move(settings.options);
    return applied;
}

}  // namespace

std::string sliceName(GDALArgDatasetValue &value, const std::string &unnamed)
{
    std::string name = value.GetName();
    const auto *dataset = value.GetDatasetRef();
    if (name.empty() && dataset)
        name = dataset->GetDescription();
    return name.empty() ? unnamed : name;
}

Status MdimAppendAlgorithm::readSlices(AppendOptions &options)
{
    if (!m_slices.empty())
        options.slices.clear();
    for (const auto &slice : m_slices)
        if (slice.GetName().empty() && !slice.GetDatasetRef())
            return {Failure::Usage, "the name of a slice is empty"};
    for (std::size_t i = 0; i < m_slices.size(); ++i)
        options.slices.push_back(
            {sliceName(m_slices[i], "slice " + std::to_string(i + 1)), {}});
    if (given("slices-from"))
        options.slicesFrom = m_slicesFrom;
    if (options.slices.empty() && options.slicesFrom.empty())
        return {Failure::Usage,
                "no slice was named ('" + m_target + "' is the target)"};
    if (m_labels.empty())
        return Status::ok();
    if (m_labels.size() != options.slices.size())
        return {Failure::Usage,
                std::to_string(m_labels.size()) + " label" +
                    (m_labels.size() == 1 ? "" : "s") + " for " +
                    std::to_string(options.slices.size()) + " slice" +
                    (options.slices.size() == 1 ? "" : "s")};
    for (std::size_t i = 0; i < m_labels.size(); ++i)
        options.slices[i].label = m_labels[i];
    return Status::ok();
}

Status MdimAppendAlgorithm::readSliceOptions(AppendOptions &options) const
{
    if (given("append-dim"))
        options.appendDim = m_appendDim;
    if (given("slice-group"))
        options.sliceGroup = m_sliceGroup;
    if (given("array"))
        options.arrays = m_arrays;
    if (given("exclude-array"))
        options.excludedArrays = m_excludedArrays;
    if (given("vary"))
        options.vary = m_vary;
    if (given("label-from"))
        options.labelFrom = m_labelFrom;
    if (given("input-format"))
        options.allowedDrivers = m_inputFormats;
    if (given("open-option"))
        options.openOptions = m_openOptions;
    if (given("ready-suffix"))
        options.readySuffix = m_readySuffix;
    // The other options have a text that a settings file may have too.
    Json texts = Json::object();
    if (given("rename"))
    {
        Json names = Json::object();
        for (const auto &pair : m_renames)
        {
            const auto middle = pair.find('=');
            if (middle == 0 || middle == std::string::npos ||
                names.contains(pair.substr(0, middle)))
                return {Failure::Usage,
                        "--rename: '" + pair +
                            "' is not FROM=TO, or is given twice"};
            names[pair.substr(0, middle)] = pair.substr(middle + 1);
        }
        options.renamedArrays.clear();
        texts["rename"] = std::move(names);
    }
    if (given("wait"))
        texts["wait"] = m_wait;
    if (given("poll-interval"))
        texts["poll_interval"] = m_pollInterval;
    if (given("slice-config"))
        texts["slice_config"] = m_sliceConfig;
    return applyTexts(texts, options);
}

Status MdimAppendAlgorithm::readTargetOptions(AppendOptions &options) const
{
    MDIMAPPEND_ASSIGN(options.target, targetPath(m_target));
    if (given("group"))
        options.group = m_group;
    if (given("zarr-format"))
        options.zarrFormat =
            m_zarrFormat == 2 ? ZarrFormat::V2 : ZarrFormat::V3;
    if (given("overwrite"))
        options.overwrite = m_overwrite;
    for (const auto &spec : m_encodings)
        MDIMAPPEND_RETURN_IF_ERROR(parseEncoding(spec, options.encodings));
    Json texts = Json::object();
    if (given("consolidated"))
        texts["consolidated"] = m_consolidated;
    if (given("attributes"))
        texts["attributes"] = m_attributes;
    if (given("target-config"))
        texts["target_config"] = m_targetConfig;
    return applyTexts(texts, options);
}

Status MdimAppendAlgorithm::readGuardOptions(AppendOptions &options) const
{
    if (given("require-aligned"))
        options.requireAligned = m_requireAligned;
    if (given("groups"))
        options.groups = m_groups;
    if (given("again"))
        options.again = m_again;
    if (given("merge-shards"))
        options.mergeShards = m_mergeShards;
    Json texts = Json::object();
    const auto add = [&](const char *name, const std::string &value)
    {
        if (given(name))
            texts[CPLString(name).replaceAll('-', '_')] = value;
    };
    add("on-size", m_onSize);
    add("on-coordinate", m_onCoordinate);
    add("on-static", m_onStatic);
    add("on-crs", m_onCrs);
    add("on-missing-array", m_onMissingArray);
    add("on-extra-array", m_onExtraArray);
    add("on-overflow", m_onOverflow);
    add("on-units", m_onUnits);
    add("on-precision", m_onPrecision);
    add("on-duplicate", m_onDuplicate);
    MDIMAPPEND_RETURN_IF_ERROR(applyTexts(texts, options));
    if (given("step"))
    {
        MDIMAPPEND_ASSIGN(options.step, parseStep(m_step));
    }
    return Status::ok();
}

Status MdimAppendAlgorithm::readRunOptions(AppendOptions &options) const
{
    if (given("slices-per-commit"))
        options.slicesPerCommit = m_slicesPerCommit;
    if (given("keep-going"))
        options.keepGoing = m_keepGoing;
    if (given("num-threads") ||
        (!m_settings->given.contains("num_threads") &&
         !isRemote(options.target) &&
         CPLGetConfigOption("GDAL_NUM_THREADS", nullptr)))
        options.threads = m_threads;
    // GDAL cuts it to the number of processors, which wait, mostly.
    constexpr int mostRemote = 256;
    if (given("num-threads") && isRemote(options.target))
        options.threads =
            std::clamp(std::atoi(m_threadsText.c_str()), m_threads, mostRemote);
    if (given("dry-run"))
        options.dryRun = m_dryRun;
    if (given("message"))
        options.message = m_message;
    if (given("lock-timeout"))
    {
        MDIMAPPEND_ASSIGN(options.lockTimeout, parseDuration(m_lockTimeout));
    }
    Json texts = Json::object();
    if (given("lock"))
        texts["lock"] = m_lock;
    // Its default is not the same for all that take these options.
    if (given("lease") || !m_settings->given.contains("lease"))
        texts["lease"] = m_lease;
    if (given("durability"))
        texts["durability"] = m_durability;
    return applyTexts(texts, options);
}

Result<AppendOptions> MdimAppendAlgorithm::options()
{
    AppendOptions options = m_settings->options;
    MDIMAPPEND_RETURN_IF_ERROR(readSlices(options));
    MDIMAPPEND_RETURN_IF_ERROR(readSliceOptions(options));
    MDIMAPPEND_RETURN_IF_ERROR(readTargetOptions(options));
    MDIMAPPEND_RETURN_IF_ERROR(readGuardOptions(options));
    MDIMAPPEND_RETURN_IF_ERROR(readRunOptions(options));
    options.command = m_command.empty() ? "gdal mdim append" : m_command;
    return options;
}

Surroundings MdimAppendAlgorithm::surroundings()
{
    Surroundings around;
    for (auto &slice : m_slices)
        around.datasets.push_back(slice.GetDatasetRef());
    if (m_tellsAtOnce)
        around.tell = [this](const std::string &line) { tell(line); };
    around.cancelled = m_cancelled;
    around.warn = [this](const std::string &text)
    { say(CE_Warning, printableLine(text)); };
    return around;
}

}  // namespace mdimappend

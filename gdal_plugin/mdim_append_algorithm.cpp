#include "mdim_append_algorithm.h"

#include "storage/object_address.h"

#include <cpl_conv.h>

#include <algorithm>
#include <cstdio>
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

std::string settingsText(const AppendOptions &options)
{
    return options.dryRun
               ? "settings: " +
                     dumpJson(withoutSecrets(toSettings(options)), 2) + "\n"
               : "";
}

}  // namespace

SliceInput sliceInput(GDALArgDatasetValue &value, const std::string &unnamed)
{
    SliceInput slice;
    slice.name = value.GetName();
    slice.dataset = value.GetDatasetRef();
    if (slice.name.empty() && slice.dataset)
        slice.name = slice.dataset->GetDescription();
    if (slice.name.empty())
        slice.name = unnamed;
    return slice;
}

MdimAppendAlgorithm::MdimAppendAlgorithm()
    : MdimAppendAlgorithm(NAME,
                          "Append slices to a Zarr cube: validated, atomic, "
                          "recoverable.",
                          {}, "30s")
{
    m_longDescription =
        "Each slice (a NetCDF, GRIB, HDF5, Zarr or GeoTIFF file, or whatever "
        "else GDAL opens) becomes the next steps of the target along the "
        "append dimension, in one transaction: readers see the old cube or "
        "the new one. The first slice makes the target. Running the same "
        "command again appends what is missing.";
}

MdimAppendAlgorithm::MdimAppendAlgorithm(
    const char *name, const char *description,
    std::span<const std::string_view> hidden, const std::string &lease)
    : GDALAlgorithm(name, description, ""), m_lease(lease)
{
    AddProgressArg();
    AddArg("settings", 0,
           "JSON or YAML file with settings; each over those before, the "
           "command line over all",
           &m_settingsFiles)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("FILE");
    addSliceArguments();
    addTargetArguments();
    addGuardArguments();
    addRunArguments();
    AddOutputStringArg(&m_outputString);
    AddArg("return-code", 0,
           "Exit status: 0 all is in, 1 error, 3 locked, 4 a slice is missing "
           "or unreadable, 5 a slice was refused",
           &m_returnCode)
        .SetHiddenForCLI()
        .SetIsInput(false)
        .SetIsOutput(true);
    hide(hidden);
}

void MdimAppendAlgorithm::hide(std::span<const std::string_view> names)
{
    for (const auto &argument : GetArgs())
    {
        auto *made =
            dynamic_cast<GDALInConstructionAlgorithmArg *>(argument.get());
        if (made && std::ranges::find(names, made->GetName()) != names.end())
            made->SetHidden();
    }
}

void MdimAppendAlgorithm::addSliceArguments()
{
    AddInputFormatsArg(&m_inputFormats);
    AddOpenOptionsArg(&m_openOptions);
    AddArg(GDAL_ARG_NAME_INPUT, 'i', "Slices to append, in this order",
           &m_slices, GDAL_OF_MULTIDIM_RASTER | GDAL_OF_RASTER)
        .SetPositional()
        .SetMinCount(0)
        .SetAutoOpenDataset(false)
        // Else names are split at commas and lose their quotation marks.
        .SetPackedValuesAllowed(false)
        .SetMetaVar("SLICE");
    AddArg(GDAL_ARG_NAME_OUTPUT, 'o',
           "The Zarr store to append to; made from the first slice if it does "
           "not exist (may be left out if a settings file has target_dir)",
           &m_target)
        .SetPositional()
        .SetRequired()
        .SetMetaVar("TARGET");
    AddArg("append-dim", 0,
           "Dimension to append along (default: the target's own, else 'time', "
           "else the only temporal one)",
           &m_appendDim)
        .SetMetaVar("NAME");
    AddArg("array", 0, "Take only this array of the slices, and those it needs",
           &m_arrays)
        .SetMetaVar("NAME");
    AddArg("exclude-array", 0, "Leave out this array of the slices",
           &m_excludedArrays)
        .SetMetaVar("NAME");
    AddArg("rename", 0, "Another name for an array of the slices", &m_renames)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("FROM=TO");
    AddArg("label", 0,
           "Label along the append dimension, one for each slice that has none "
           "(a date, a number or a text)",
           &m_labels)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("VALUE");
    AddArg("label-from", 0,
           "Where the labels come from: 'name:PATTERN' (file name with "
           "strptime codes and *, as in 'name:S2_*_%Y%m%d_*.tif') or "
           "'metadata:ITEM'",
           &m_labelFrom)
        .SetMetaVar("name:PATTERN|metadata:ITEM");
    AddArg("slices-from", 0,
           "More slices, one a line, read as they arrive ('-': standard input)",
           &m_slicesFrom)
        .SetMetaVar("FILE|-");
    AddArg("wait", 0,
           "How long to wait for a slice that is not there or not complete "
           "(as in 30s, 5min, forever)",
           &m_wait)
        .SetMetaVar("DURATION");
    AddArg("poll-interval", 0,
           "How often to look for a slice that is waited "
           "for",
           &m_pollInterval)
        .SetDefault(m_pollInterval)
        .SetMetaVar("DURATION");
    AddArg("ready-suffix", 0,
           "A slice is complete when a file of its name and this suffix is "
           "there",
           &m_readySuffix)
        .SetMetaVar("TEXT");
    AddArg("slice-config", 0, "GDAL configuration option for slices only",
           &m_sliceConfig)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("KEY=VALUE");
}

void MdimAppendAlgorithm::addTargetArguments()
{
    AddArg("group", 0, "Group inside the store", &m_group).SetMetaVar("NAME");
    AddArg("zarr-format", 0, "Zarr format of a new target", &m_zarrFormat)
        .SetDefault(m_zarrFormat)
        .SetMinValueIncluded(2)
        .SetMaxValueIncluded(3);
    AddArg("consolidated", 0, "Whether a new target has consolidated metadata",
           &m_consolidated)
        .SetDefault(m_consolidated)
        .SetChoices("yes", "no");
    AddArg("encoding", 0,
           "Storage of an array of a new target (or of all, '*'): dtype, "
           "scale, offset, nodata, units, calendar, chunk, shard, compress, "
           "level, shuffle, filters, separator",
           &m_encodings)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("NAME:key=value,...");
    AddArg("attributes", 0,
           "What the slices' attributes are to the target's: those of the "
           "first stay, of the last replace or update them, none are taken",
           &m_attributes)
        .SetDefault(m_attributes)
        .SetChoices("keep", "replace", "update", "ignore");
    AddArg("overwrite", 0, "Make a new target in place of the old one",
           &m_overwrite);
    AddArg("target-config", 0, "GDAL configuration option for the target only",
           &m_targetConfig)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("KEY=VALUE");
}

void MdimAppendAlgorithm::addGuardArguments()
{
    AddArg("on-size", 0, "When the size of another dimension differs",
           &m_onSize)
        .SetDefault(m_onSize)
        .SetChoices("error");
    AddArg("on-coordinate", 0,
           "What to do when coordinates of the other dimensions differ",
           &m_onCoordinate)
        .SetDefault(m_onCoordinate)
        .SetChoices("error", "ignore");
    AddArg("on-crs", 0, "When the CRS differs", &m_onCrs)
        .SetDefault(m_onCrs)
        .SetChoices("error", "ignore");
    AddArg("on-missing-array", 0,
           "When a slice lacks an array along the append dimension: refuse it, "
           "or fill with the missing value",
           &m_onMissingArray)
        .SetDefault(m_onMissingArray)
        .SetChoices("error", "fill");
    AddArg("on-extra-array", 0,
           "When a slice has an array that the target has not", &m_onExtraArray)
        .SetDefault(m_onExtraArray)
        .SetChoices("ignore", "error");
    AddArg("on-overflow", 0,
           "When a value does not fit the target's type: refuse, store the "
           "nearest that fits, or the missing value",
           &m_onOverflow)
        .SetDefault(m_onOverflow)
        .SetChoices("error", "clamp", "fill");
    AddArg("on-units", 0, "When units differ and cannot be converted",
           &m_onUnits)
        .SetDefault(m_onUnits)
        .SetChoices("error", "ignore");
    AddArg("on-duplicate", 0,
           "When a label is there already: skip it if the values are equal "
           "and else refuse, refuse, skip, or replace",
           &m_onDuplicate)
        .SetDefault(m_onDuplicate)
        .SetChoices("identical", "error", "skip", "replace");
    AddArg("step", 0,
           "Steps between labels: any, increasing, decreasing, constant, a "
           "duration (6h, 1D, 1mo) or a number",
           &m_step)
        .SetDefault(m_step)
        .SetMetaVar("STEP");
    AddArg("require-aligned", 0,
           "Refuse slices that would not fill whole chunks", &m_requireAligned);
    AddArg("merge-shards", 0,
           "Allow replacing a partly filled shard (a reader could fail at that "
           "moment)",
           &m_mergeShards);
}

void MdimAppendAlgorithm::addRunArguments()
{
    AddArg("lock", 0, "How writers exclude each other", &m_lock)
        .SetDefault(m_lock)
        .SetChoices("auto", "lease", "none");
    AddArg("lease", 0,
           "With --lock lease and in object stores, how long a writer counts "
           "as there after its last sign of life",
           &m_lease)
        .SetDefault(m_lease)
        .SetMetaVar("DURATION");
    AddArg("lock-timeout", 0,
           "How long to wait for another writer (0: not at all; as in 30s, "
           "5min, forever)",
           &m_lockTimeout)
        .SetDefault(m_lockTimeout)
        .SetMetaVar("DURATION");
    AddArg("durability", 0,
           "What an acknowledged append survives: a power cut (full) or a kill "
           "of the process (process)",
           &m_durability)
        .SetDefault(m_durability)
        .SetChoices("full", "process");
    AddArg("slices-per-commit", 0, "How many slices make one atomic commit",
           &m_slicesPerCommit)
        .SetDefault(m_slicesPerCommit)
        .SetMinValueIncluded(1)
        .SetMetaVar("N");
    AddArg("keep-going", 0,
           "Pass over slices that are refused or unreadable, and go on",
           &m_keepGoing);
    AddNumThreadsArg(&m_threads, &m_threadsText);
    AddArg("dry-run", 0, "Check and plan, write nothing", &m_dryRun);
    AddArg("message", 0, "Text for the log", &m_message);
    AddArg("report", 0, "Form of the report", &m_report)
        .SetDefault(m_report)
        .SetChoices("text", "json");
}

bool MdimAppendAlgorithm::ParseCommandLineArguments(
    const std::vector<std::string> &words)
{
    // GDAL (3.13) gives the last positional argument to `output`, even if
    // --output is spelled, and then says that it was not expected. So the
    // target, wherever it comes from, is made the last positional argument.
    std::vector<std::string> files;
    std::vector<std::string> targets;
    std::vector<std::string> others;
    for (std::size_t i = 0; i < words.size(); ++i)
    {
        const auto &word = words[i];
        const auto equals = word.find('=');
        const auto *argument = word.size() > 1 && word[0] == '-'
                                   ? GetArg(word.substr(0, equals), false)
                                   : nullptr;
        std::vector<std::string> option = {word};
        std::string value;
        if (argument && equals != std::string::npos)
            value = word.substr(equals + 1);
        else if (argument && argument->GetType() != GAAT_BOOLEAN &&
                 i + 1 < words.size())
        {
            value = words[++i];
            option.push_back(value);
        }
        const std::string name = argument ? argument->GetName() : "";
        // Neither help nor its own mistake is the business of a file.
        const bool lacksValue = argument && option.size() == 1 &&
                                argument->GetType() != GAAT_BOOLEAN &&
                                equals == std::string::npos;
        if (lacksValue || name == "help" || name == "json-usage")
            return GDALAlgorithm::ParseCommandLineArguments(words);
        if (name == GDAL_ARG_NAME_OUTPUT)
            targets.push_back(value);
        else
            others.insert(others.end(), option.begin(), option.end());
        if (name == "settings")
            files.push_back(value);
    }
    if (!files.empty())
        loadSettings(files);
    // Run() says what is wrong with a settings file, without the usage.
    if (!m_settingsStatus)
        return true;
    if (targets.empty() && m_settings &&
        m_settings->given.contains("target_dir"))
        targets.push_back(m_settings->options.target);
    // What would be taken for an option, and mistakes, are GDAL's affair.
    if (targets.size() != 1 || targets[0].empty() || targets[0][0] == '-')
        return GDALAlgorithm::ParseCommandLineArguments(words);
    others.push_back(targets[0]);
    return GDALAlgorithm::ParseCommandLineArguments(others);
}

bool MdimAppendAlgorithm::ValidateArguments()
{
    if (!m_settings && m_settingsStatus)
        loadSettings(m_settingsFiles);
    if (!m_settingsStatus)
        return true;
    const auto &settings = *m_settings;
    if (!given(GDAL_ARG_NAME_OUTPUT) && settings.given.contains("target_dir") &&
        !GetArg(GDAL_ARG_NAME_OUTPUT)->Set(settings.options.target))
        return false;
    if (!given("report"))
        m_report = settings.report;
    m_quiet = m_quiet || settings.quiet;
    const bool fromQueue =
        given("slices-from") || !settings.options.slicesFrom.empty();
    m_tellsAtOnce = fromQueue && IsCalledFromCommandLine() && !m_quiet &&
                    m_report == "text";
    // A progress bar would be in the way of who parses the report, or reads it
    // line by line; and of a queue nobody knows the whole.
    if (m_report == "json" || settings.quiet || m_tellsAtOnce)
        m_progressBarRequested = false;
    return GDALAlgorithm::ValidateArguments();
}

void MdimAppendAlgorithm::loadSettings(const std::vector<std::string> &files)
{
    auto settings = readSettings(files);
    if (settings)
        m_settings = std::move(*settings);
    else
        m_settingsStatus = settings.takeStatus();
}

bool MdimAppendAlgorithm::given(const char *name) const
{
    const auto *argument = GetArg(name);
    return argument && argument->IsExplicitlySet();
}

Status MdimAppendAlgorithm::readSlices(AppendOptions &options)
{
    if (!m_slices.empty())
        options.slices.clear();
    for (std::size_t i = 0; i < m_slices.size(); ++i)
        options.slices.push_back(
            sliceInput(m_slices[i], "slice " + std::to_string(i + 1)));
    if (given("slices-from"))
        options.slicesFrom = m_slicesFrom;
    if (options.slices.empty() && options.slicesFrom.empty())
        return {Failure::Usage,
                "no slice was named ('" + m_target + "' is the target)"};
    if (m_labels.empty())
        return Status::ok();
    if (m_labels.size() != options.slices.size())
        return {Failure::Usage,
                std::to_string(m_labels.size()) + " labels for " +
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
    if (given("array"))
        options.arrays = m_arrays;
    if (given("exclude-array"))
        options.excludedArrays = m_excludedArrays;
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
                return {Failure::Usage, "--rename: '" + pair +
                                            "' is not FROM=TO, or is there "
                                            "twice"};
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
    options.target = m_target;
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
    add("on-crs", m_onCrs);
    add("on-missing-array", m_onMissingArray);
    add("on-extra-array", m_onExtraArray);
    add("on-overflow", m_onOverflow);
    add("on-units", m_onUnits);
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
    if (m_tellsAtOnce)
        options.tell = [this](const std::string &line) { tell(line); };
    options.command = m_command.empty() ? "gdal mdim append" : m_command;
    options.cancelled = m_cancelled;
    options.warn = [this](const std::string &text)
    {
        if (!m_quiet)
            ReportError(CE_Warning, CPLE_AppDefined, "%s",
                        printable(text).c_str());
    };
    return options;
}

bool MdimAppendAlgorithm::fail(const Status &status)
{
    m_returnCode = exitStatus(status);
    // `gdal` itself says 1 for wrong usage.
    if (status.kind() == Failure::Usage && !m_standalone)
        m_returnCode = 1;
    ReportError(CE_Failure, CPLE_AppDefined, "%s", messageText(status).c_str());
    return false;
}

/// To standard output, now: whoever feeds a queue waits for it.
void MdimAppendAlgorithm::tell(const std::string &report)
{
    const std::string text = printable(report);
    const bool written =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    m_told = (std::fflush(stdout) == 0) && written && m_told;
}

void MdimAppendAlgorithm::writeReport(const AppendOptions &options,
                                      const Report &report)
{
    if (m_report == "json")
    {
        Json json = toJson(report);
        if (options.dryRun)
            json["settings"] = withoutSecrets(toSettings(options));
        m_outputString = dumpJson(json, 2) + "\n";
        return;
    }
    if (m_quiet)
        return;
    if (m_tellsAtOnce)
        m_outputString += printable(toText(report.recovery));
    else
        m_outputString += printable(settingsText(options) + toText(report));
}

bool MdimAppendAlgorithm::RunImpl(GDALProgressFunc progress, void *progressData)
{
    m_returnCode = 1;
    if (!m_settingsStatus)
        return fail(m_settingsStatus);
    auto resolved = options();
    if (!resolved)
        return fail(resolved.status());
    m_group = resolved->group;
    m_dryRun = resolved->dryRun;
    for (const auto &warning : m_settings->warnings)
        resolved->warn(warning);
    double shown = 1;
    double reached = 0;
    if (progress)
        resolved->progress = [=, &shown, &reached](double fraction)
        {
            shown = reached = fraction;
            return progress(fraction, "", progressData) != FALSE;
        };
    // Who is called back can end the run also while it waits for a lock or for
    // a slice, when there is no progress.
    if (progress && !resolved->cancelled && !IsCalledFromCommandLine())
        resolved->cancelled = [=, &reached]
        { return progress(reached, "", progressData) == FALSE; };
    if (m_tellsAtOnce)
        tell(settingsText(*resolved));
    Report report = append(*resolved);
    report.warnings.insert(report.warnings.begin(),
                           m_settings->warnings.begin(),
                           m_settings->warnings.end());
    // A bar that stopped half-way has not ended its line.
    if (IsCalledFromCommandLine() && shown < 1)
        m_outputString = "\n";
    writeReport(*resolved, report);
    if (!report.status)
    {
        for (const auto &slice : report.slices)
        {
            if (!slice.status &&
                slice.status.message() != report.status.message())
                ReportError(CE_Failure, CPLE_AppDefined, "%s",
                            messageText(slice.status).c_str());
        }
        return fail(report.status);
    }
    if (!m_told)
        return fail(error("standard output cannot be written. The slices are "
                          "in: `gdal driver mdimappend log` says which."));
    m_returnCode = 0;
    return true;
}

}  // namespace mdimappend

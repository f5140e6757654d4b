#include "mdim_append_algorithm.h"

#include <cpl_conv.h>

namespace mdimappend
{

MdimAppendAlgorithm::MdimAppendAlgorithm()
    : GDALAlgorithm(NAME,
                    "Append slices to a Zarr cube: validated, atomic, "
                    "recoverable.",
                    "")
{
    m_longDescription =
        "Each slice (a NetCDF, GRIB, HDF5, Zarr or GeoTIFF file, or whatever "
        "else GDAL opens) becomes the next steps of the target along the "
        "append dimension, in one transaction: readers see the old cube or "
        "the new one. The first slice makes the target. Running the same "
        "command again appends what is missing.";
    AddProgressArg();
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
           "not exist",
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
           "Storage of an array of a new target (or of all, '*'): chunk and "
           "shard shapes (4x50x50), compress, level",
           &m_encodings)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("NAME:key=value,...");
}

void MdimAppendAlgorithm::addGuardArguments()
{
    AddArg("on-coordinate", 0,
           "What to do when coordinates of the other dimensions differ",
           &m_onCoordinate)
        .SetDefault(m_onCoordinate)
        .SetChoices("error", "ignore");
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
        .SetChoices("auto", "none");
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
        .SetChoices("text", "json")
        .AddAction(
            [this]
            {
                // A progress bar would be in the way of who parses this.
                if (m_report == "json")
                    m_progressBarRequested = false;
            });
}

Status MdimAppendAlgorithm::readSlices(AppendOptions &options)
{
    if (m_slices.empty())
        return {Failure::Usage, "no slice was named"};
    if (!m_labels.empty() && m_labels.size() != m_slices.size())
        return {Failure::Usage,
                std::to_string(m_labels.size()) + " labels for " +
                    std::to_string(m_slices.size()) + " slices"};
    for (std::size_t i = 0; i < m_slices.size(); ++i)
    {
        SliceInput slice;
        slice.name = m_slices[i].GetName();
        slice.dataset = m_slices[i].GetDatasetRef();
        if (slice.name.empty() && slice.dataset)
            slice.name = slice.dataset->GetDescription();
        if (slice.name.empty())
            slice.name = "slice " + std::to_string(i + 1);
        if (!m_labels.empty())
            slice.label = m_labels[i];
        options.slices.push_back(std::move(slice));
    }
    return Status::ok();
}

Result<AppendOptions> MdimAppendAlgorithm::options()
{
    AppendOptions options;
    MDIMAPPEND_RETURN_IF_ERROR(readSlices(options));
    options.target = m_target;
    options.group = m_group;
    options.appendDim = m_appendDim;
    options.labelFrom = m_labelFrom;
    options.arrays = m_arrays;
    options.excludedArrays = m_excludedArrays;
    options.allowedDrivers = m_inputFormats;
    options.openOptions = m_openOptions;
    options.zarrFormat = m_zarrFormat == 2 ? ZarrFormat::V2 : ZarrFormat::V3;
    options.consolidated = m_consolidated == "yes";
    for (const auto &spec : m_encodings)
        MDIMAPPEND_RETURN_IF_ERROR(parseEncoding(spec, options.encodings));
    options.ignoreCoordinates = m_onCoordinate == "ignore";
    options.requireAligned = m_requireAligned;
    options.mergeShards = m_mergeShards;
    options.lock = m_lock != "none";
    MDIMAPPEND_ASSIGN(options.lockTimeout, parseDuration(m_lockTimeout));
    options.durability =
        m_durability == "process" ? Durability::Process : Durability::Full;
    options.slicesPerCommit = m_slicesPerCommit;
    options.keepGoing = m_keepGoing;
    options.threads = m_threads;
    options.dryRun = m_dryRun;
    options.message = m_message;
    options.command = m_command.empty() ? "gdal mdim append" : m_command;
    options.cancelled = m_cancelled;
    options.warn = [this](const std::string &text)
    { ReportError(CE_Warning, CPLE_AppDefined, "%s", text.c_str()); };
    return options;
}

bool MdimAppendAlgorithm::fail(const Status &status)
{
    m_returnCode = exitStatus(status);
    // `gdal` itself says 1 for wrong usage.
    if (status.kind() == Failure::Usage && !m_standalone)
        m_returnCode = 1;
    ReportError(CE_Failure, CPLE_AppDefined, "%s", status.message().c_str());
    return false;
}

bool MdimAppendAlgorithm::RunImpl(GDALProgressFunc progress, void *progressData)
{
    m_returnCode = 1;
    auto settings = options();
    if (!settings)
        return fail(settings.status());
    double shown = 1;
    if (progress)
        settings->progress = [=, &shown](double fraction)
        {
            shown = fraction;
            return progress(fraction, "", progressData) != FALSE;
        };
    const Report report = append(*settings);
    // A bar that stopped half-way has not ended its line.
    if (IsCalledFromCommandLine() && shown < 1)
        m_outputString = "\n";
    if (m_report == "json")
        m_outputString = dumpJson(toJson(report), 2) + "\n";
    else if (!m_quiet)
        m_outputString += toText(report);
    if (!report.status)
    {
        for (const auto &slice : report.slices)
        {
            if (!slice.status &&
                slice.status.message() != report.status.message())
                ReportError(CE_Failure, CPLE_AppDefined, "%s",
                            slice.status.message().c_str());
        }
        return fail(report.status);
    }
    m_returnCode = 0;
    return true;
}

}  // namespace mdimappend

// The one definition of every option of an append: its name, what it takes, and
// the help for it.

#include "mdim_append_algorithm.h"

#include <algorithm>

namespace mdimappend
{

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

/// As AddProgressArg() has it, but for what it says of warnings.
void MdimAppendAlgorithm::addQuiet()
{
    AddArg("quiet", 'q',
           "No report and no progress bar; warnings and errors stay", &m_quiet)
        .SetAvailableInPipelineStep(false)
        .SetCategory(GAAC_COMMON)
        .AddAction([this] { m_progressBarRequested = false; });
    AddArg("progress", 0, "Display progress bar", &m_progressBarRequested)
        .SetAvailableInPipelineStep(false)
        .SetHidden()
        .SetCategory(GAAC_COMMON);
}

MdimAppendAlgorithm::MdimAppendAlgorithm(
    const char *name, const char *description,
    std::span<const std::string_view> hidden, const std::string &lease)
    : GDALAlgorithm(name, description, ""), m_lease(lease)
{
    addQuiet();
    AddArg("settings", 0,
           "JSON or YAML file with settings; each overrides those before, the "
           "command line overrides all",
           &m_settingsFiles)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("FILE");
    addSliceArguments();
    addArrivalArguments();
    addTargetArguments();
    addGuardArguments();
    addRunArguments();
    AddOutputStringArg(&m_outputString);
    AddArg("return-code", 0,
           "Exit status: 0 all slices are in, 1 error, 3 locked, 4 a slice is "
           "missing or unreadable, 5 a slice was refused",
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
        // Else GDAL splits names at commas and takes their quotation marks.
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
    AddArg("slice-group", 0,
           "Take this group of each slice, with what it sees of the groups "
           "above it (NetCDF-4, HDF5, Zarr)",
           &m_sliceGroup)
        .SetMetaVar("PATH")
        .SetMutualExclusionGroup("slice-groups");
    AddArg("groups", 0,
           "Append all groups of each slice that have the append dimension, "
           "each to the group of the same name, in one commit",
           &m_groups)
        .SetMutualExclusionGroup("slice-groups");
    AddArg("array", 0,
           "Take only this array of the slices (* and ? are wildcards), and "
           "those it needs",
           &m_arrays)
        .SetMetaVar("NAME");
    AddArg("exclude-array", 0,
           "Leave out this array of the slices (* and ? are wildcards)",
           &m_excludedArrays)
        .SetMetaVar("NAME");
    AddArg("vary", 0,
           "Give this array of a new target the append dimension: each step "
           "has its own",
           &m_vary)
        .SetMetaVar("NAME");
    AddArg("rename", 0,
           "Another name for an array or a dimension of the slices; one that "
           "has that name already keeps it",
           &m_renames)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("FROM=TO");
    AddArg("label", 0,
           "Label along the append dimension, one for each slice that has none "
           "(a date, a number or a text)",
           &m_labels)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("VALUE");
    AddArg(
        "label-from", 0,
        "Where the labels come from: 'name:PATTERN' (file or folder name with "
        "strptime codes and *, as in 'name:S2_*_%Y%m%d_*.tif') or "
        "'metadata:ITEM'",
        &m_labelFrom)
        .SetMetaVar("name:PATTERN|metadata:ITEM");
}

/// How slices come, are waited for and are read.
void MdimAppendAlgorithm::addArrivalArguments()
{
    AddArg("slices-from", 0,
           "More slices, one a line, read as they arrive ('-': standard input)",
           &m_slicesFrom)
        .SetMetaVar("FILE|-");
    AddArg("wait", 0,
           "How long to wait for a slice that is not there or not complete "
           "(as in 30s, 5min, forever)",
           &m_wait)
        .SetMetaVar("DURATION");
    AddArg("poll-interval", 0, "How often to look for a slice while waiting",
           &m_pollInterval)
        .SetDefault(m_pollInterval)
        .SetMetaVar("DURATION");
    AddArg(
        "ready-suffix", 0,
        "A slice is complete when a file with its name and this suffix exists",
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
           "What becomes of the target's attributes: the first slice's stay, "
           "each slice's replace or update them, or none are taken",
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
    AddArg("on-static", 0,
           "When arrays without the append dimension differ that are no "
           "coordinates (masks, orography, scalars): refuse the slice, or keep "
           "the target's",
           &m_onStatic)
        .SetDefault(m_onStatic)
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
           "When a slice has an array that the target does not have",
           &m_onExtraArray)
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
    AddArg("on-precision", 0,
           "When a slice is packed in much finer steps than the target",
           &m_onPrecision)
        .SetDefault(m_onPrecision)
        .SetChoices("error", "round");
    AddArg("on-duplicate", 0,
           "When a label is there already: skip it if the values are equal, "
           "else refuse; or refuse, skip or replace",
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
    AddArg("again", 0,
           "Without labels: append slices that the log names, too, if another "
           "program has written the target since (their steps may be gone)",
           &m_again);
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
           "as alive after its last sign of life",
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
    AddArg("verbose", 0,
           "Report each slice in a line, also those that were in before",
           &m_verbose);
}

}  // namespace mdimappend

// `gdal driver mdimappend begin`: an append's options for a transaction of many
// parts.

#include "begin_algorithm.h"

#include "distributed/begin.h"
#include "distributed_arguments.h"
#include "report_stream.h"
#include "trace_listener.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mdimappend
{

namespace
{

/// What is about more slices than one, or about waiting for them.
constexpr std::array<std::string_view, 16> withoutMeaning = {
    GDAL_ARG_NAME_INPUT,
    "slices-from",
    "wait",
    "poll-interval",
    "ready-suffix",
    "overwrite",
    "on-duplicate",
    "again",
    "groups",
    "require-aligned",
    "lock",
    "slices-per-commit",
    "keep-going",
    "dry-run",
    "report",
    "verbose"};

}  // namespace

BeginAlgorithm::BeginAlgorithm()
    : MdimAppendAlgorithm(NAME,
                          "Begin an append (or a write to a region) whose "
                          "parts many processes write. Prints its token.",
                          withoutMeaning, "1h")
{
    AddArg("like", 0,
           "Template: a slice with the arrays, types, attributes and "
           "coordinates that the parts will have",
           &m_like, GDAL_OF_MULTIDIM_RASTER | GDAL_OF_RASTER)
        .SetRequired()
        .SetAutoOpenDataset(false)
        .SetMetaVar("SLICE");
    AddArg("size", 0,
           "How many steps along the append dimension the parts will bring "
           "(default: those of the template, with its labels)",
           &m_size)
        .SetMinValueIncluded(1)
        .SetMetaVar("N");
    AddArg("region", 0,
           "Replace values in this part of the target instead of appending: "
           "indices from FROM up to, but not including, TO",
           &m_region)
        .SetMetaVar("DIMENSION=FROM:TO");
    AddArg("create", 0, "Make a new target; refuse an existing one", &m_create);
    AddArg("attended", 0,
           "This process waits for the end: it renews the lease, which is over "
           "with it",
           &m_attended)
        .SetHiddenForCLI();
}

Status BeginAlgorithm::checkArguments() const
{
    for (const auto &name : withoutMeaning)
    {
        const std::string option(name);
        if (name != GDAL_ARG_NAME_INPUT && given(option.c_str()))
            return {Failure::Usage, "--" + option +
                                        " has no meaning for a transaction of "
                                        "many parts"};
    }
    if (given(GDAL_ARG_NAME_INPUT))
        return {Failure::Usage,
                "the template is named with --like, slices with `write`"};
    const bool region = !m_region.empty();
    if (region && (m_create || m_size > 0))
        return {Failure::Usage,
                "a region is part of an existing target, and has its own size: "
                "--region excludes --create and --size"};
    return Status::ok();
}

/// What it prints is for a program.
bool BeginAlgorithm::ValidateArguments()
{
    const bool valid = MdimAppendAlgorithm::ValidateArguments();
    m_progressBarRequested = false;
    return valid;
}

bool BeginAlgorithm::RunImpl(GDALProgressFunc progress, void *progressData)
{
    const TraceListener listener;
    const ReportStream report(IsCalledFromCommandLine());
    m_returnCode = 1;
    if (!m_settingsStatus)
        return fail(m_settingsStatus);
    Status done;
    try
    {
        done = begin(progress, progressData);
    }
    catch (const std::exception &failure)
    {
        done = error("target '" + m_target + "': " + failure.what());
    }
    if (!done)
        return fail(done);
    m_returnCode = 0;
    return true;
}

Status BeginAlgorithm::begin(GDALProgressFunc progress, void *progressData)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkArguments());
    m_slices.clear();
    m_slices.push_back(std::move(m_like));
    BeginRequest request;
    MDIMAPPEND_ASSIGN(request.options, options());
    if (request.options.dryRun)
        return {Failure::Usage, "a dry run begins nothing: `gdal mdim append "
                                "--dry-run` shows what would happen"};
    request.options.command = "gdal driver mdimappend begin";
    request.around = surroundings();
    request.around.progress = progressOf(progress, progressData);
    if (m_size > 0)
        request.rows = static_cast<std::uint64_t>(m_size);
    MDIMAPPEND_ASSIGN(request.region, parseRegion(m_region));
    request.mustCreate = m_create;
    request.isAttended = m_attended;
    MDIMAPPEND_ASSIGN(const Begun begun, beginParts(request));
    for (const auto &warning : begun.warnings)
        request.around.warn(warning);
    m_outputString = jsonLine(toJson(begun.token));
    return Status::ok();
}

}  // namespace mdimappend

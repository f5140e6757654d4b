// `gdal driver mdimappend write|commit|abort|renew`: what is done with a token.

#include "distributed_algorithms.h"

#include "append/report.h"
#include "distributed/end.h"
#include "distributed/renewal.h"
#include "distributed/write_part.h"
#include "distributed_arguments.h"
#include "mdim_append_algorithm.h"
#include "trace.h"
#include "trace_listener.h"

namespace mdimappend
{

TokenAlgorithm::TokenAlgorithm(const char *name, const char *description)
    : GDALAlgorithm(name, description, "")
{
    // What it prints is for a program.
    m_progressBarRequested = false;
    AddArg("token", 0, "The token that `begin` printed, or a file with it",
           &m_token)
        .SetPositional()
        .SetRequired()
        .SetMetaVar("TOKEN");
    AddArg("target-config", 0, "GDAL configuration option for the target only",
           &m_targetConfig)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("KEY=VALUE");
    AddOutputStringArg(&m_outputString);
    AddArg("return-code", 0, "Exit status", &m_returnCode)
        .SetHiddenForCLI()
        .SetIsInput(false)
        .SetIsOutput(true);
}

void TokenAlgorithm::addThreads()
{
    AddNumThreadsArg(&m_threads, &m_threadsText);
}

AppendOptions TokenAlgorithm::targetOptions() const
{
    AppendOptions options;
    options.targetConfig = m_targetConfig;
    options.command = "gdal driver mdimappend " + GetName();
    return options;
}

bool TokenAlgorithm::RunImpl(GDALProgressFunc progress, void *progressData)
{
    const TraceListener listener;
    m_returnCode = 1;
    const auto run = [&]() -> Status
    {
        MDIMAPPEND_ASSIGN(const auto text, jsonArgument(m_token));
        MDIMAPPEND_ASSIGN(const Token token, parseToken(text));
        trace(token.transaction, GetName(), " by its token");
        return act(token, progress, progressData);
    };
    Status done;
    try
    {
        done = run();
    }
    catch (const std::exception &failure)
    {
        done = error(failure.what());
    }
    m_returnCode = done                            ? 0
                   : done.kind() == Failure::Usage ? 1
                                                   : exitStatus(done);
    if (!done)
        CPLError(CE_Failure, CPLE_AppDefined, "%s", messageText(done).c_str());
    return static_cast<bool>(done);
}

WriteAlgorithm::WriteAlgorithm()
    : TokenAlgorithm(NAME, "Write one part of a transaction. Prints its "
                           "receipt, for the commit.")
{
    AddInputFormatsArg(&m_inputFormats);
    AddOpenOptionsArg(&m_openOptions);
    AddArg(GDAL_ARG_NAME_INPUT, 'i', "The part: a slice", &m_slice,
           GDAL_OF_MULTIDIM_RASTER | GDAL_OF_RASTER)
        .SetPositional()
        .SetRequired()
        .SetAutoOpenDataset(false)
        .SetMetaVar("SLICE");
    AddArg("at", 0,
           "Where the part begins in what the transaction writes: a step along "
           "the append dimension, or an index along another one",
           &m_at)
        .SetMetaVar("OFFSET|DIMENSION=OFFSET");
    AddArg("label", 0, "Label of a part that has none", &m_label)
        .SetMetaVar("VALUE");
    AddArg("label-from", 0, "Where its label comes from, as for an append",
           &m_labelFrom)
        .SetMetaVar("name:PATTERN|metadata:ITEM");
    AddArg("slice-config", 0, "GDAL configuration option for the slice only",
           &m_sliceConfig)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("KEY=VALUE");
    addThreads();
}

Status WriteAlgorithm::act(const Token &token, GDALProgressFunc progress,
                           void *progressData)
{
    PartRequest request;
    request.token = token;
    request.slice.name = sliceName(m_slice, "the part");
    request.slice.dataset = m_slice.GetDatasetRef();
    if (!m_label.empty())
        request.slice.label = m_label;
    // GDAL takes an empty text for no values at all.
    if (m_at.empty() && GetArg("at")->IsExplicitlySet())
        m_at.emplace_back();
    MDIMAPPEND_ASSIGN(request.at, parseOffsets(m_at, token));
    request.labelFrom = m_labelFrom;
    request.allowedDrivers = m_inputFormats;
    request.openOptions = m_openOptions;
    request.sliceConfig = m_sliceConfig;
    request.targetConfig = m_targetConfig;
    request.threads = m_threads;
    request.progress = progressOf(progress, progressData);
    request.warn = [](const std::string &warning)
    {
        CPLError(CE_Warning, CPLE_AppDefined, "%s",
                 printableLine(warning).c_str());
    };
    MDIMAPPEND_ASSIGN(const Receipt receipt, writePart(request));
    m_outputString = jsonLine(toJson(receipt));
    return Status::ok();
}

CommitAlgorithm::CommitAlgorithm()
    : TokenAlgorithm(NAME, "Commit a transaction, if the receipts cover every "
                           "chunk exactly once.")
{
    AddArg("receipt", 0,
           "The receipts that `write` printed, or files with them ('-': "
           "standard input)",
           &m_receipts)
        .SetPositional()
        .SetMinCount(0)
        .SetPackedValuesAllowed(false)
        .SetMetaVar("RECEIPT");
    AddArg("dry-run", 0, "Check that everything is there, commit nothing",
           &m_dryRun);
    AddArg("message", 0, "Text for the log", &m_message);
    AddArg("json", 0, "Report as JSON", &m_json);
}

Status CommitAlgorithm::act(const Token &token, GDALProgressFunc, void *)
{
    MDIMAPPEND_ASSIGN(const auto receipts, readReceipts(m_receipts));
    auto options = targetOptions();
    options.dryRun = m_dryRun;
    options.message = m_message;
    MDIMAPPEND_ASSIGN(const auto report, commitParts(token, receipts, options));
    m_outputString =
        m_json ? dumpJson(toJson(report), 2) + "\n" : printable(toText(report));
    return Status::ok();
}

AbortAlgorithm::AbortAlgorithm()
    : TokenAlgorithm(NAME,
                     "Give up a transaction and everything written for it.")
{
}

Status AbortAlgorithm::act(const Token &token, GDALProgressFunc, void *)
{
    MDIMAPPEND_RETURN_IF_ERROR(abortParts(token, targetOptions()));
    m_outputString = "aborted: none of it is in the target\n";
    return Status::ok();
}

RenewAlgorithm::RenewAlgorithm()
    : TokenAlgorithm(NAME, "Renew the lease of a transaction: it lasts its "
                           "full length again, from now on.")
{
}

Status RenewAlgorithm::act(const Token &token, GDALProgressFunc, void *)
{
    MDIMAPPEND_RETURN_IF_ERROR(renewLease(token, targetOptions()));
    m_outputString = "renewed\n";
    return Status::ok();
}

}  // namespace mdimappend

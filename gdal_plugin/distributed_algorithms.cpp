#include "distributed_algorithms.h"

#include "append/report.h"
#include "distributed/begin.h"
#include "distributed/end.h"
#include "distributed/write_part.h"

#include <cpl_vsi.h>
#include <cpl_vsi_virtual.h>

#include <array>
#include <charconv>
#include <memory>
#include <string_view>

namespace mdimappend
{

namespace
{

constexpr std::size_t largestArgument = 64U << 20;

/// What is about more slices than one, or about waiting for them.
constexpr std::array<std::string_view, 13> withoutMeaning = {
    GDAL_ARG_NAME_INPUT,
    "slices-from",
    "wait",
    "poll-interval",
    "ready-suffix",
    "overwrite",
    "on-duplicate",
    "require-aligned",
    "lock",
    "slices-per-commit",
    "keep-going",
    "dry-run",
    "report"};

/// JSON as it stands, or the file that it is in; '-' is standard input.
Result<std::string> jsonArgument(const std::string &word)
{
    const auto first = word.find_first_not_of(" \t\r\n");
    if (first != std::string::npos &&
        (word[first] == '{' || word[first] == '['))
        return word;
    const std::string name = word == "-" ? "/vsistdin/" : word;
    const VSIVirtualHandleUniquePtr file(VSIFOpenL(name.c_str(), "rb"));
    if (!file)
        return Status(Failure::Usage, "'" + word +
                                          "' is neither JSON nor a file that "
                                          "can be read");
    std::string text;
    std::string part(1U << 16, '\0');
    while (text.size() < largestArgument)
    {
        const auto count = file->Read(part.data(), 1, part.size());
        text.append(part, 0, count);
        if (count < part.size())
            break;
    }
    return text;
}

/// A receipt, a line for each of several, or a list.
Result<std::vector<Receipt>> readReceipts(const std::vector<std::string> &words)
{
    std::vector<Receipt> receipts;
    const auto add = [&](const Json &json) -> Status
    {
        MDIMAPPEND_ASSIGN(auto receipt, parseReceipt(json));
        receipts.push_back(std::move(receipt));
        return Status::ok();
    };
    for (const auto &word : words)
    {
        MDIMAPPEND_ASSIGN(const auto text, jsonArgument(word));
        if (const auto whole = parseJson(text))
        {
            if (!whole->is_array())
                MDIMAPPEND_RETURN_IF_ERROR(add(*whole).prefixed(word));
            else
                for (const auto &each : *whole)
                    MDIMAPPEND_RETURN_IF_ERROR(add(each).prefixed(word));
            continue;
        }
        for (std::size_t at = 0; at < text.size();)
        {
            const auto end = std::min(text.find('\n', at), text.size());
            const auto line = text.substr(at, end - at);
            at = end + 1;
            if (line.find_first_not_of(" \t\r") == std::string::npos)
                continue;
            const auto json = parseJson(line);
            MDIMAPPEND_RETURN_IF_ERROR(
                add(json ? *json : Json()).prefixed("'" + word + "'"));
        }
    }
    return receipts;
}

std::optional<std::uint64_t> wholeNumber(const std::string &text)
{
    std::uint64_t number = 0;
    const char *begin = text.data();
    const char *end = begin + text.size();
    const auto parsed = std::from_chars(begin, end, number);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end)
        return std::nullopt;
    return number;
}

/// "time=24", or "24" along the append dimension.
Result<std::map<std::string, std::uint64_t>>
parseOffsets(const std::vector<std::string> &words, const Token &token)
{
    std::map<std::string, std::uint64_t> offsets;
    for (const auto &word : words)
    {
        const auto equals = word.rfind('=');
        const bool named = equals != std::string::npos;
        const auto number = wholeNumber(word.substr(named ? equals + 1 : 0));
        const auto dimension = named ? word.substr(0, equals)
                                     : textMember(token.plan, "append_dim");
        if (!number || dimension.empty())
            return Status(Failure::Usage,
                          "--at " + word +
                              ": an offset is OFFSET, or DIMENSION=OFFSET");
        if (!offsets.emplace(dimension, *number).second)
            return Status(Failure::Usage,
                          "--at: there are two offsets along '" + dimension +
                              "'");
    }
    return offsets;
}

Result<Region> parseRegion(const std::vector<std::string> &words)
{
    Region region;
    for (const auto &word : words)
    {
        const auto equals = word.rfind('=');
        const auto colon = word.rfind(':');
        const bool hasForm = equals != std::string::npos && equals > 0 &&
                             colon != std::string::npos && colon > equals;
        const auto first =
            hasForm ? wholeNumber(word.substr(equals + 1, colon - equals - 1))
                    : std::nullopt;
        const auto end =
            hasForm ? wholeNumber(word.substr(colon + 1)) : std::nullopt;
        if (!first || !end)
            return Status(Failure::Usage,
                          "--region " + word +
                              ": a region is DIMENSION=FROM:TO, with TO after "
                              "the last index");
        if (!region.emplace(word.substr(0, equals), std::pair(*first, *end))
                 .second)
            return Status(Failure::Usage, "--region: '" +
                                              word.substr(0, equals) +
                                              "' is there twice");
    }
    return region;
}

std::function<bool(double)> progressOf(GDALProgressFunc progress,
                                       void *progressData)
{
    if (!progress)
        return {};
    return [=](double fraction)
    { return progress(fraction, "", progressData) != FALSE; };
}

std::string line(const Json &json)
{
    return dumpJson(json, -1) + "\n";
}

}  // namespace

BeginAlgorithm::BeginAlgorithm()
    : MdimAppendAlgorithm(NAME,
                          "Begin an append (or a write to a region) that many "
                          "processes write parts of. Prints its token.",
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
           "indices from FROM up to, without, TO",
           &m_region)
        .SetMetaVar("DIMENSION=FROM:TO");
    AddArg("create", 0, "Make a new target; refuse one that is there",
           &m_create);
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
                "the template is named with --like, and slices by `write`"};
    const bool region = !m_region.empty();
    if (region && (m_create || m_size > 0))
        return {Failure::Usage,
                "a region is part of a target that is there, and has its own "
                "size: --region excludes --create and --size"};
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
        return {Failure::Usage,
                "a dry run begins nothing: `gdal mdim append --dry-run` tells "
                "what would be"};
    request.options.command = "gdal driver mdimappend begin";
    request.options.progress = progressOf(progress, progressData);
    if (m_size > 0)
        request.rows = static_cast<std::uint64_t>(m_size);
    MDIMAPPEND_ASSIGN(request.region, parseRegion(m_region));
    request.mustCreate = m_create;
    MDIMAPPEND_ASSIGN(const Begun begun, beginParts(request));
    for (const auto &name : begun.ignoredArrays)
        request.options.warn("array '" + name +
                             "' of the template is not in the target and is "
                             "left out");
    m_outputString = line(toJson(begun.token));
    return Status::ok();
}

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
    m_returnCode = 1;
    const auto run = [&]() -> Status
    {
        MDIMAPPEND_ASSIGN(const auto text, jsonArgument(m_token));
        MDIMAPPEND_ASSIGN(const Token token, parseToken(text));
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
        ReportError(CE_Failure, CPLE_AppDefined, "%s",
                    messageText(done).c_str());
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
           "the append dimension, or an index of another one",
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
    request.slice = sliceInput(m_slice, "the part");
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
    MDIMAPPEND_ASSIGN(const Receipt receipt, writePart(request));
    m_outputString = line(toJson(receipt));
    return Status::ok();
}

CommitAlgorithm::CommitAlgorithm()
    : TokenAlgorithm(NAME, "Commit a transaction, if the receipts have every "
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
    AddArg("dry-run", 0, "Check that all is there, commit nothing", &m_dryRun);
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
    : TokenAlgorithm(NAME, "Give up a transaction and all that was written "
                           "for it.")
{
}

Status AbortAlgorithm::act(const Token &token, GDALProgressFunc, void *)
{
    MDIMAPPEND_RETURN_IF_ERROR(abortParts(token, targetOptions()));
    m_outputString = "aborted: nothing of it is in the target\n";
    return Status::ok();
}

RenewAlgorithm::RenewAlgorithm()
    : TokenAlgorithm(NAME, "Renew the lease of a transaction: it lasts as "
                           "long as at the beginning, from now on.")
{
}

Status RenewAlgorithm::act(const Token &token, GDALProgressFunc, void *)
{
    MDIMAPPEND_RETURN_IF_ERROR(renewLease(token, targetOptions()));
    m_outputString = "renewed\n";
    return Status::ok();
}

}  // namespace mdimappend

// The command line, the run and its report: `gdal mdim append`.

#include "mdim_append_algorithm.h"

#include "trace.h"
#include "trace_listener.h"

#include <cstdio>

namespace mdimappend
{

namespace
{

std::string settingsText(const AppendOptions &options)
{
    return options.dryRun
               ? "settings: " +
                     dumpJson(withoutSecrets(toSettings(options)), 2) + "\n"
               : "";
}

}  // namespace

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
    m_verbose = m_verbose || settings.verbose;
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

bool MdimAppendAlgorithm::fail(const Status &status)
{
    m_returnCode = exitStatus(status);
    // `gdal` itself says 1 for wrong usage.
    if (status.kind() == Failure::Usage && !m_standalone)
        m_returnCode = 1;
    say(CE_Failure, messageText(status));
    return false;
}

/// Errors and warnings, without the algorithm's name in front: the text says by
/// itself what it is about.
void MdimAppendAlgorithm::say(CPLErr level, const std::string &text)
{
    if (m_bar)
        m_bar->clear();
    CPLError(level, CPLE_AppDefined, "%s", text.c_str());
}

/// To standard output, now: whoever feeds a queue waits for it.
void MdimAppendAlgorithm::tell(const std::string &report)
{
    const std::string text = printable(report);
    std::FILE *to = m_reportStream->file();
    const bool written =
        std::fwrite(text.data(), 1, text.size(), to) == text.size();
    m_told = (std::fflush(to) == 0) && written && m_told;
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
        m_outputString +=
            printable(toText(report.recovery) + summaryOf(report));
    else
        m_outputString +=
            printable(settingsText(options) + toText(report, m_verbose));
}

/// One error for each slice that is not in, the one that ended the run last.
bool MdimAppendAlgorithm::failAsReported(const Report &report)
{
    for (const auto &slice : report.slices)
    {
        if (!slice.status && slice.status.message() != report.status.message())
            say(CE_Failure, messageText(slice.status));
    }
    return fail(report.status);
}

bool MdimAppendAlgorithm::RunImpl(GDALProgressFunc progress, void *progressData)
{
    m_reportStream = std::make_unique<ReportStream>(IsCalledFromCommandLine());
    const bool done = run(progress, progressData);
    m_bar.reset();
    m_reportStream.reset();
    return done;
}

bool MdimAppendAlgorithm::run(GDALProgressFunc progress, void *progressData)
{
    const TraceListener listener;
    m_returnCode = 1;
    if (!m_settingsStatus)
        return fail(m_settingsStatus);
    auto resolved = options();
    if (!resolved)
        return fail(resolved.status());
    m_group = resolved->group;
    m_dryRun = resolved->dryRun;
    trace("append", "slices named: ", resolved->slices.size());
    Surroundings around = surroundings();
    for (const auto &warning : m_settings->warnings)
        around.warn(warning);
    double reached = 0;
    if (progress && IsCalledFromCommandLine())
    {
        m_bar = std::make_unique<ProgressBar>(m_reportStream->file());
        around.progress = [this](double fraction)
        {
            m_bar->show(fraction);
            return true;
        };
    }
    else if (progress)
    {
        around.progress = [=, &reached](double fraction)
        {
            reached = fraction;
            return progress(fraction, "", progressData) != FALSE;
        };
    }
    // Who is called back can end the run also while it waits for a lock or for
    // a slice, when there is no progress.
    if (progress && !around.cancelled && !IsCalledFromCommandLine())
        around.cancelled = [=, &reached]
        { return progress(reached, "", progressData) == FALSE; };
    if (m_tellsAtOnce)
        tell(settingsText(*resolved));
    Report report = append(*resolved, around);
    report.warnings.insert(report.warnings.begin(),
                           m_settings->warnings.begin(),
                           m_settings->warnings.end());
    if (m_bar)
        m_bar->clear();
    writeReport(*resolved, report);
    if (!report.status)
        return failAsReported(report);
    if (!m_told)
        return fail(error("cannot write to standard output. The slices are in: "
                          "`gdal driver mdimappend log` says which."));
    m_returnCode = 0;
    return true;
}

}  // namespace mdimappend

// `gdal mdim append`: the one definition of every option of an append. The
// standalone command, Python and the driver all use this algorithm.
//
// mdim_append_arguments.cpp defines the arguments, mdim_append_options.cpp
// makes options of what was given, mdim_append_algorithm.cpp runs.

#pragma once

#include "append/append.h"
#include "progress_bar.h"
#include "report_stream.h"
#include "settings/settings.h"

#include <gdalalgorithm_cpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

/// Of a slice that was named, or is open; `unnamed` if it has no name.
std::string sliceName(GDALArgDatasetValue &value, const std::string &unnamed);

class MdimAppendAlgorithm : public GDALAlgorithm
{
  public:
    static constexpr const char *NAME = "append";

    MdimAppendAlgorithm();

    /// A target that a settings file names needs no TARGET: all positional
    /// arguments are slices then, unless --output is spelled.
    bool
    ParseCommandLineArguments(const std::vector<std::string> &words) override;
    bool ValidateArguments() override;

    /// Asked now and then; true stops the append and undoes it.
    std::function<bool()> m_cancelled;

    int returnCode() const
    {
        return m_returnCode;
    }

    const std::string &outputString() const
    {
        return m_outputString;
    }

    /// Who appends, for the lock and the log.
    void setCommand(std::string command)
    {
        m_command = std::move(command);
    }

    /// How the standalone command was called; its exit status for wrong usage
    /// is 2.
    void setStandalone(std::string command)
    {
        m_standalone = true;
        setCommand(std::move(command));
    }

    /// What was in effect, after a run.
    const std::string &group() const
    {
        return m_group;
    }

    bool isDryRun() const
    {
        return m_dryRun;
    }

  protected:
    /// For what takes the options of an append, and does something else.
    /// `hidden`: the options that have no meaning there.
    MdimAppendAlgorithm(const char *name, const char *description,
                        std::span<const std::string_view> hidden,
                        const std::string &lease);

    bool given(const char *name) const;
    /// Those that were given, over those of settings files.
    Result<AppendOptions> options();
    /// The slices that are open, and who listens.
    Surroundings surroundings();
    bool fail(const Status &status);

    Status m_settingsStatus;
    std::vector<GDALArgDatasetValue> m_slices;
    std::string m_target;
    std::string m_outputString;
    std::string m_lease;
    int m_returnCode = 0;

  private:
    bool RunImpl(GDALProgressFunc progress, void *progressData) override;
    bool run(GDALProgressFunc progress, void *progressData);
    void hide(std::span<const std::string_view> names);
    void addQuiet();
    void addSliceArguments();
    void addArrivalArguments();
    void addTargetArguments();
    void addGuardArguments();
    void addRunArguments();
    void loadSettings(const std::vector<std::string> &files);
    Status readSlices(AppendOptions &options);
    Status readSliceOptions(AppendOptions &options) const;
    Status readTargetOptions(AppendOptions &options) const;
    Status readGuardOptions(AppendOptions &options) const;
    Status readRunOptions(AppendOptions &options) const;
    void tell(const std::string &text);
    void say(CPLErr level, const std::string &text);
    bool failAsReported(const Report &report);
    void writeReport(const AppendOptions &options, const Report &report);

    std::vector<std::string> m_settingsFiles;
    std::optional<Settings> m_settings;

    std::string m_slicesFrom;
    std::vector<std::string> m_inputFormats;
    std::vector<std::string> m_openOptions;
    std::string m_appendDim;
    std::vector<std::string> m_arrays;
    std::string m_sliceGroup;
    std::vector<std::string> m_excludedArrays;
    std::vector<std::string> m_vary;
    std::vector<std::string> m_renames;
    std::vector<std::string> m_labels;
    std::string m_labelFrom;
    std::string m_wait;
    std::string m_pollInterval = "2s";
    std::string m_readySuffix;
    std::vector<std::string> m_sliceConfig;

    std::string m_group;
    int m_zarrFormat = 3;
    std::string m_consolidated = "yes";
    std::vector<std::string> m_encodings;
    std::string m_attributes = "keep";
    bool m_overwrite = false;
    std::vector<std::string> m_targetConfig;

    std::string m_onSize = "error";
    std::string m_onCoordinate = "error";
    std::string m_onStatic = "error";
    std::string m_onCrs = "error";
    std::string m_onMissingArray = "error";
    std::string m_onExtraArray = "ignore";
    std::string m_onOverflow = "error";
    std::string m_onUnits = "error";
    std::string m_onPrecision = "error";
    std::string m_onDuplicate = "identical";
    std::string m_step = "any";
    bool m_requireAligned = false;
    bool m_groups = false;
    bool m_again = false;
    bool m_mergeShards = false;

    std::string m_lock = "auto";
    std::string m_lockTimeout = "60s";
    std::string m_durability = "full";
    int m_slicesPerCommit = 1;
    bool m_keepGoing = false;
    bool m_dryRun = false;
    std::string m_report = "text";
    bool m_verbose = false;
    std::string m_message;
    int m_threads = 0;
    std::string m_threadsText;

    /// Slices come from a queue, and each one's line goes to standard output
    /// when it is settled.
    bool m_tellsAtOnce = false;
    bool m_told = true;                            ///< and no line was lost
    std::unique_ptr<ReportStream> m_reportStream;  ///< while it runs
    std::unique_ptr<ProgressBar> m_bar;
    bool m_standalone = false;
    std::string m_command;
};

}  // namespace mdimappend

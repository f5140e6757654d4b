// `gdal mdim append`: the one definition of every option of an append. The
// standalone command, Python and the driver all use this algorithm.

#pragma once

#include "append/append.h"

#include <gdalalgorithm_cpp.h>

#include <functional>
#include <string>
#include <vector>

namespace mdimappend
{

class MdimAppendAlgorithm final : public GDALAlgorithm
{
  public:
    static constexpr const char *NAME = "append";

    MdimAppendAlgorithm();

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

    /// How the standalone command was called, for the lock and the log; its
    /// exit status for wrong usage is 2.
    void setStandalone(std::string command)
    {
        m_standalone = true;
        m_command = std::move(command);
    }

  private:
    bool RunImpl(GDALProgressFunc progress, void *progressData) override;
    void addSliceArguments();
    void addTargetArguments();
    void addGuardArguments();
    void addRunArguments();
    Result<AppendOptions> options();
    Status readSlices(AppendOptions &options);
    bool fail(const Status &status);

    std::vector<GDALArgDatasetValue> m_slices;
    std::vector<std::string> m_inputFormats;
    std::vector<std::string> m_openOptions;
    std::string m_target;
    std::string m_appendDim;
    std::string m_group;
    std::vector<std::string> m_arrays;
    std::vector<std::string> m_excludedArrays;
    std::vector<std::string> m_labels;
    std::string m_labelFrom;
    int m_zarrFormat = 3;
    std::string m_consolidated = "yes";
    std::vector<std::string> m_encodings;
    std::string m_onCoordinate = "error";
    bool m_requireAligned = false;
    bool m_mergeShards = false;
    std::string m_lock = "auto";
    std::string m_lockTimeout = "60s";
    std::string m_durability = "full";
    int m_slicesPerCommit = 1;
    bool m_keepGoing = false;
    bool m_dryRun = false;
    std::string m_report = "text";
    std::string m_message;
    int m_threads = 0;
    std::string m_threadsText;
    bool m_standalone = false;
    std::string m_command;
    std::string m_outputString;
    int m_returnCode = 0;
};

}  // namespace mdimappend

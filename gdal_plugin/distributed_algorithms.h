// `gdal driver mdimappend write|commit|abort|renew`: one append, or one write
// to a region, by many processes. It is begun by begin_algorithm.h.

#pragma once

#include "distributed/token.h"
#include "settings/options.h"

#include <gdalalgorithm_cpp.h>

#include <string>
#include <vector>

namespace mdimappend
{

/// What the verbs have in common: a token, and where its target is.
class TokenAlgorithm : public GDALAlgorithm
{
  protected:
    TokenAlgorithm(const char *name, const char *description);
    virtual Status act(const Token &token, GDALProgressFunc progress,
                       void *progressData) = 0;
    AppendOptions targetOptions() const;
    void addThreads();

    std::vector<std::string> m_targetConfig;
    std::string m_outputString;
    int m_threads = 0;

  private:
    bool RunImpl(GDALProgressFunc progress, void *progressData) override;

    std::string m_token;
    std::string m_threadsText;
    int m_returnCode = 0;
};

class WriteAlgorithm final : public TokenAlgorithm
{
  public:
    static constexpr const char *NAME = "write";
    WriteAlgorithm();

  private:
    Status act(const Token &token, GDALProgressFunc progress,
               void *progressData) override;

    GDALArgDatasetValue m_slice;
    std::vector<std::string> m_at;
    std::string m_label;
    std::string m_labelFrom;
    std::vector<std::string> m_inputFormats;
    std::vector<std::string> m_openOptions;
    std::vector<std::string> m_sliceConfig;
};

class CommitAlgorithm final : public TokenAlgorithm
{
  public:
    static constexpr const char *NAME = "commit";
    CommitAlgorithm();

  private:
    Status act(const Token &token, GDALProgressFunc progress,
               void *progressData) override;

    std::vector<std::string> m_receipts;
    std::string m_message;
    bool m_dryRun = false;
    bool m_json = false;
};

class AbortAlgorithm final : public TokenAlgorithm
{
  public:
    static constexpr const char *NAME = "abort";
    AbortAlgorithm();

  private:
    Status act(const Token &token, GDALProgressFunc progress,
               void *progressData) override;
};

class RenewAlgorithm final : public TokenAlgorithm
{
  public:
    static constexpr const char *NAME = "renew";
    RenewAlgorithm();

  private:
    Status act(const Token &token, GDALProgressFunc progress,
               void *progressData) override;
};

}  // namespace mdimappend

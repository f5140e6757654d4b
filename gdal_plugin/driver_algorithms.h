// `gdal driver mdimappend status|recover|log|unlock`: looking at a target's
// sidecar, and setting it right.

#pragma once

#include "status.h"
#include "transaction/writer.h"

#include <gdalalgorithm_cpp.h>

#include <string>

namespace mdimappend
{

/// What the verbs have in common: a target, a report, an exit status.
class DriverAlgorithm : public GDALAlgorithm
{
  protected:
    DriverAlgorithm(const char *name, const char *description);
    virtual Status act() = 0;

    /// A store, or what was one: its sidecar.
    Status requireTarget(const Writer &writer) const;

    std::string m_target;
    std::string m_outputString;
    bool m_json = false;

  private:
    bool RunImpl(GDALProgressFunc, void *) override;
    Status readTarget();

    int m_returnCode = 0;
};

class StatusAlgorithm final : public DriverAlgorithm
{
  public:
    static constexpr const char *NAME = "status";
    StatusAlgorithm();

  private:
    Status act() override;

    bool m_objects = false;
};

class RecoverAlgorithm final : public DriverAlgorithm
{
  public:
    static constexpr const char *NAME = "recover";
    RecoverAlgorithm();

  private:
    Status act() override;

    bool m_setAside = false;
    std::string m_lock = "auto";
    std::string m_lease = "30s";
    std::string m_lockTimeout = "60s";
};

class LogAlgorithm final : public DriverAlgorithm
{
  public:
    static constexpr const char *NAME = "log";
    LogAlgorithm();

  private:
    Status act() override;

    int m_last = 0;
};

class UnlockAlgorithm final : public DriverAlgorithm
{
  public:
    static constexpr const char *NAME = "unlock";
    UnlockAlgorithm();

  private:
    Status act() override;
};

}  // namespace mdimappend

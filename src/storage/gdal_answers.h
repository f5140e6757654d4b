// What a store answered to a request of GDAL's file API that failed. GDAL tells
// it where it traces what it does, and of some stores nowhere else.

#pragma once

#include "storage/refusal_words.h"

#include <cpl_conv.h>
#include <cpl_error.h>

#include <string>

namespace mdimappend
{

/// <Code>, <Message> of an error's XML, cut at the end of a line (what follows
/// on others may be signatures) and without the full stop; "" if there is none.
std::string xmlElement(const std::string &xml, const std::string &name);

/// While it lives, messages of GDAL in this thread are kept, and not shown.
class GdalAnswers
{
  public:
    GdalAnswers();
    ~GdalAnswers();
    GdalAnswers(const GdalAnswers &) = delete;
    GdalAnswers &operator=(const GdalAnswers &) = delete;

    /// Whether anything went wrong, by what GDAL reports or traces.
    bool failed() const;

    /// The code of the last error that a store answered; "" if none did.
    std::string code() const;

    /// The reason of a failure, for a message.
    std::string reason() const;

    /// Whether it may pass: no answer, or one that says so. Then `isAway` is
    /// set, but where there may be new credentials.
    bool mayPass(bool &isAway) const;

  private:
    Refusal refusal() const;
    static void CPL_STDCALL keep(CPLErr kind, CPLErrorNum number,
                                 const char *text);

    CPLErrorStateBackuper m_before;
    CPLConfigOptionSetter m_tracing;

    struct Kept
    {
        std::string answer;
        bool failed = false;
    };

    Kept m_kept;
};

}  // namespace mdimappend

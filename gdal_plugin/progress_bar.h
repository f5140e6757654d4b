// The progress bar of a command line: where it is not in the way of the report,
// and gone before anything else is said.

#pragma once

#include <cstdio>

namespace mdimappend
{

/// Where the report goes, as GDAL's own, if that is a terminal; else on
/// standard error: what is piped on is the report and nothing else.
class ProgressBar
{
  public:
    explicit ProgressBar(std::FILE *report);

    /// From 0 to 1, and never back.
    void show(double fraction);

    /// Before anything else is written. A bar that has come to its end stays.
    void clear();

  private:
    void write(const char *text);

    std::FILE *m_stream;
    bool m_isTerminal;
    int m_shown = -1;  ///< ticks, 40 in all
};

}  // namespace mdimappend

// Standard output is for the report. GDAL's GRIB library, and others, print to
// it what they have to say of a file, and a report in JSON would be none.

#pragma once

#include <cstdio>
#include <memory>

namespace mdimappend
{

/// Where a report goes.
class ReportStream
{
  public:
    /// `alone`: until the end of this object, whatever else the process prints
    /// to standard output goes to standard error. For a command only: in a
    /// program of others, standard output is theirs.
    explicit ReportStream(bool alone);
    ReportStream(const ReportStream &) = delete;
    ReportStream &operator=(const ReportStream &) = delete;
    ~ReportStream();

    std::FILE *file() const
    {
        return m_own ? m_own.get() : stdout;
    }

  private:
    struct Closer
    {
        void operator()(std::FILE *file) const
        {
            static_cast<void>(std::fclose(file));
        }
    };

    std::unique_ptr<std::FILE, Closer> m_own;
};

}  // namespace mdimappend

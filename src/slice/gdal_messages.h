// Collects what GDAL says in this thread while it lives, instead of letting it
// reach stderr, and restores the error state that was there before.

#pragma once

#include <cpl_error.h>

#include <string>

namespace mdimappend
{

class GdalMessages
{
  public:
    GdalMessages();
    ~GdalMessages();
    GdalMessages(const GdalMessages &) = delete;
    GdalMessages &operator=(const GdalMessages &) = delete;

    /// The last failure's text; `otherwise` if there was none.
    std::string failure(const std::string &otherwise) const;

    bool failed() const
    {
        return !m_failure.empty();
    }

    /// The first warning that says that a part of the file could not be read:
    /// drivers then go on without a tag, which may be the nodata value.
    const std::string &unreadable() const
    {
        return m_unreadable;
    }

    void clear();

  private:
    static void CPL_STDCALL collect(CPLErr level, CPLErrorNum number,
                                    const char *text);

    CPLErrorStateBackuper m_state{};
    std::string m_failure{};
    std::string m_unreadable{};
};

}  // namespace mdimappend

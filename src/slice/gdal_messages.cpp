// Collects GDAL's messages of one thread, and tells those of files that could
// not be read from the others.

#include "slice/gdal_messages.h"

#include "slice/checked_files.h"

#include <cpl_string.h>

namespace mdimappend
{

GdalMessages::GdalMessages()
{
    CPLPushErrorHandlerEx(collect, this);
    CPLSetCurrentErrorHandlerCatchDebug(FALSE);
}

GdalMessages::~GdalMessages()
{
    CPLPopErrorHandler();
}

std::string GdalMessages::failure(const std::string &otherwise) const
{
    std::string text = m_failure.empty() ? otherwise : m_failure;
    // Our sentences end by themselves.
    while (text.ends_with('.') || text.ends_with('\n'))
        text.pop_back();
    return text;
}

void GdalMessages::clear()
{
    m_failure.clear();
    m_unreadable.clear();
}

void CPL_STDCALL GdalMessages::collect(CPLErr level, CPLErrorNum,
                                       const char *text)
{
    auto *self = static_cast<GdalMessages *>(CPLGetErrorHandlerUserData());
    if (level >= CE_Failure)
        self->m_failure = withPlainNames(text);
    else if (self->m_unreadable.empty() &&
             std::string_view(text).find("IO error during reading") !=
                 std::string_view::npos)
        self->m_unreadable = withPlainNames(text);
}

}  // namespace mdimappend

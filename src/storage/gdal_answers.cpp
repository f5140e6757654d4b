// Collects what GDAL's file API says in error messages, and nowhere else.

#include "storage/gdal_answers.h"

#include "secrets.h"

#include <cpl_vsi_error.h>

namespace mdimappend
{

std::string xmlElement(const std::string &xml, const std::string &name)
{
    const auto open = xml.find("<" + name + ">");
    if (open == std::string::npos)
        return {};
    const auto first = open + name.size() + 2;
    const auto last = xml.find_first_of("<\r\n", first);
    auto text = xml.substr(first, last == std::string::npos ? 0 : last - first);
    if (text.ends_with('.'))
        text.pop_back();
    return text;
}

GdalAnswers::GdalAnswers() : m_tracing("CPL_DEBUG", "ON", false)
{
    CPLPushErrorHandlerEx(keep, &m_kept);
    CPLErrorReset();
    VSIErrorReset();
}

GdalAnswers::~GdalAnswers()
{
    CPLPopErrorHandler();
}

void CPL_STDCALL GdalAnswers::keep(CPLErr kind, CPLErrorNum, const char *text)
{
    auto &kept = *static_cast<Kept *>(CPLGetErrorHandlerUserData());
    const std::string message = text;
    const bool isAnswer = message.find("<Code>") != std::string::npos;
    if (isAnswer)
        kept.answer = message;
    // Where there was no answer at all, that is what is traced of it.
    kept.failed = kept.failed || isAnswer || kind >= CE_Failure ||
                  message.ends_with(": (null)");
}

bool GdalAnswers::failed() const
{
    return m_kept.failed || VSIGetLastErrorNo() != VSIE_None;
}

std::string GdalAnswers::code() const
{
    return xmlElement(m_kept.answer, "Code");
}

std::string GdalAnswers::reason() const
{
    if (const auto answered = code(); !answered.empty())
    {
        const auto message = xmlElement(m_kept.answer, "Message");
        return answered + (message.empty() || message == answered
                               ? std::string()
                               : ": " + message);
    }
    const std::string vsi = VSIGetLastErrorMsg();
    const std::string message = vsi.empty() ? CPLGetLastErrorMsg() : vsi;
    return textWithoutSecrets(message.substr(0, message.find('\n')));
}

}  // namespace mdimappend

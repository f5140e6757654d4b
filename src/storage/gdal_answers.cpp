// Collects what GDAL's file API says in error messages, and nowhere else.

#include "storage/gdal_answers.h"

#include "secrets.h"

#include <cpl_vsi_error.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

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

/// GDAL tells the status of an answer in its own words, of some requests.
Refusal GdalAnswers::refusal() const
{
    Refusal refusal{0, code(), xmlElement(m_kept.answer, "Message")};
    const std::string said = VSIGetLastErrorMsg();
    for (const std::string before : {"HTTP error code: ", "response code: "})
    {
        if (const auto at = said.find(before); at != said.npos)
            refusal.status =
                std::strtol(said.c_str() + at + before.size(), nullptr, 10);
    }
    return refusal;
}

bool GdalAnswers::mayPass(bool &isAway) const
{
    constexpr std::array<std::string_view, 11> passing = {
        "Internal",
        "Unavailable",
        "SlowDown",
        "Busy",
        "TimedOut",
        "Timeout",
        "Throttl",
        "TooMany",
        "RateLimit",
        "Aborted",
        "OperationNotAllowed"};
    constexpr std::array<std::string_view, 3> damaged = {
        "BadDigest", "Md5Mismatch", "IncompleteBody"};
    const auto answer = refusal();
    const auto is = [&](std::string_view part)
    { return answer.code.find(part) != std::string::npos; };
    const long status = answer.status;
    if (!answer.code.empty())
        isAway = std::ranges::any_of(passing, is);
    else
        isAway = status < 400 || status >= 500 || status == 408 ||
                 status == 409 || status == 429;
    return isAway || std::ranges::any_of(damaged, is) || hasExpired(answer);
}

std::string GdalAnswers::reason() const
{
    if (const auto answered = code(); !answered.empty())
    {
        const auto message = xmlElement(m_kept.answer, "Message");
        const auto words = wordsFor(refusal());
        return answered +
               (message.empty() || message == answered ? std::string()
                                                       : ": " + message) +
               (words.empty() ? words : ". " + words);
    }
    const std::string vsi = VSIGetLastErrorMsg();
    const std::string message = vsi.empty() ? CPLGetLastErrorMsg() : vsi;
    return textWithoutSecrets(message.substr(0, message.find('\n')));
}

}  // namespace mdimappend

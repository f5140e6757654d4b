// Secrets in texts: user names and passwords of URLs, values of queries (also
// of URLs that are a percent-encoded part of another), KEY=VALUE.

#include "secrets.h"

#include <cpl_string.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <initializer_list>
#include <string_view>

namespace mdimappend
{

namespace
{

constexpr std::string_view hidden = "***";

bool isNameCharacter(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
           c == '-' || c == '.';
}

/// Names of GDAL's configuration options, and of parameters of signed URLs.
bool isSecretName(std::string_view name)
{
    while (name.starts_with('-'))
        name.remove_prefix(1);
    std::string upper(name);
    std::ranges::transform(upper, upper.begin(), [](unsigned char c)
                           { return static_cast<char>(std::toupper(c)); });
    constexpr std::array parts = {
        "SECRET",        "TOKEN",       "PASSWORD",    "PASSWD",
        "USERPWD",       "SIGNATURE",   "CREDENTIAL",  "BEARER",
        "PRIVATE_KEY",   "ACCESS_KEY",  "ACCOUNT_KEY", "ACCOUNTKEY",
        "CONNECTION_ST", "SAS",         "HEADERS",     "AUTHORIZATION",
        "COOKIE",        "STORAGE_KEY", "API_KEY"};
    constexpr std::array whole = {"SIG", "KEY", "PWD", "AUTH"};
    return std::ranges::any_of(parts, [&](const char *part)
                               { return upper.find(part) != upper.npos; }) ||
           std::ranges::find(whole, upper) != whole.end();
}

/// "https://user:password@host" as "https://***@host".
std::string withoutUserInfo(std::string text)
{
    for (auto at = text.find("://"); at != text.npos; at = text.find("://", at))
    {
        at += 3;
        const auto end =
            std::min(text.find_first_of("/?# '\"\n", at), text.size());
        const auto user = text.substr(at, end - at).rfind('@');
        if (user != std::string::npos)
            text.replace(at, user, hidden);
    }
    return text;
}

/// The first of some percent-encoded characters from `at` on, whatever the case
/// of their digits.
std::size_t findEncoded(const std::string &text, std::size_t at,
                        std::initializer_list<std::string_view> codes)
{
    for (at = text.find('%', at); at != text.npos; at = text.find('%', at + 1))
    {
        const auto code = CPLString(text.substr(at + 1, 2)).toupper();
        if (std::ranges::find(codes, std::string_view(code)) != codes.end())
            return at;
    }
    return text.npos;
}

/// The same as below of a URL that is a percent-encoded part of another one
/// (/vsicurl?url=...).
std::string withoutEncodedSecrets(std::string clean)
{
    constexpr const char *ends = "& '\"<>)\t\r\n";
    for (auto colon = findEncoded(clean, 0, {"3A"}); colon != clean.npos;
         colon = findEncoded(clean, colon + 3, {"3A"}))
    {
        if (clean.substr(colon + 3, 6) != "%2F%2F" &&
            clean.substr(colon + 3, 6) != "%2f%2f")
            continue;
        const auto first = colon + 9;
        const auto end =
            std::min({findEncoded(clean, first, {"2F", "3F", "23"}),
                      clean.find_first_of(ends, first), clean.size()});
        const auto at = findEncoded(clean, first, {"40"});
        if (at < end)
            clean.replace(first, at - first, hidden);
    }
    for (auto equals = findEncoded(clean, 0, {"3D"}); equals != clean.npos;
         equals = findEncoded(clean, equals + 3, {"3D"}))
    {
        auto first = equals;
        while (first > 0 && isNameCharacter(clean[first - 1]))
            --first;
        // The digits of what is encoded before it look like a name.
        if (first > 0 && clean[first - 1] == '%')
            first = std::min(first + 2, equals);
        if (!isSecretName(
                std::string_view(clean).substr(first, equals - first)))
            continue;
        const auto end =
            std::min({findEncoded(clean, equals + 3, {"26", "23"}),
                      clean.find_first_of(ends, equals), clean.size()});
        clean.replace(equals + 3, end - equals - 3, hidden);
    }
    return clean;
}

/// The values of secrets in queries of URLs; if the text is an argument, also
/// that of KEY=VALUE, all of it.
std::string hideValues(std::string clean, bool isArgument)
{
    for (auto equals = clean.find('='); equals != clean.npos;
         equals = clean.find('=', equals + 1))
    {
        auto first = equals;
        while (first > 0 && isNameCharacter(clean[first - 1]))
            --first;
        if (!isSecretName(
                std::string_view(clean).substr(first, equals - first)))
            continue;
        const char before = first > 0 ? clean[first - 1] : '=';
        if (before == '?' || before == '&')
        {
            const auto end = std::min(
                clean.find_first_of("&# '\"<>)\t\r\n", equals), clean.size());
            clean.replace(equals + 1, end - equals - 1, hidden);
        }
        else if (before == '=' && isArgument)
        {
            clean.replace(equals + 1, clean.npos, hidden);
        }
    }
    return clean;
}

/// The words in a row; of very many those in the middle are counted only.
std::string shortened(const std::vector<std::string> &words)
{
    const auto fitting =
        [](const auto &first, const auto &last, std::size_t most)
    {
        std::size_t size = 0;
        return std::find_if(first, last,
                            [&](const std::string &word)
                            {
                                size += word.size() + 1;
                                return size > most;
                            });
    };
    const auto middle = fitting(words.begin() + 1, words.end(), 650);
    const auto end =
        fitting(words.rbegin(), std::make_reverse_iterator(middle), 250).base();
    std::string text = words.front();
    for (auto word = words.begin() + 1; word != middle; ++word)
        text += " " + *word;
    if (middle != end)
        text += " [" + std::to_string(end - middle) + " more]";
    for (auto word = end; word != words.end(); ++word)
        text += " " + *word;
    return text;
}

}  // namespace

std::string textWithoutSecrets(const std::string &text)
{
    return withoutEncodedSecrets(hideValues(withoutUserInfo(text), false));
}

std::string withoutSecrets(const std::string &argument)
{
    // It may be a setting that is spelled wrongly.
    const auto name = argument.substr(0, argument.find_first_of("= :"));
    if (name.size() < argument.size() && isSecretName(name))
        return argument.substr(0, name.size() + 1) + std::string(hidden);
    return withoutEncodedSecrets(hideValues(withoutUserInfo(argument), true));
}

std::string commandWithoutSecrets(const std::string &program,
                                  const std::vector<std::string> &arguments)
{
    std::vector<std::string> words = {program};
    bool hideNext = false;
    for (const auto &argument : arguments)
    {
        words.push_back(hideNext ? std::string(hidden)
                                 : withoutSecrets(argument));
        // The value of `--config KEY VALUE` is an argument of its own.
        hideNext =
            !hideNext && !argument.empty() &&
            std::ranges::all_of(
                argument, [](unsigned char c)
                { return std::isupper(c) || std::isdigit(c) || c == '_'; }) &&
            isSecretName(argument);
    }
    return shortened(words);
}

}  // namespace mdimappend

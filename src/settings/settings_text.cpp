// Reads a settings file: as JSON or YAML, and with environment variables in it.

#include "settings/settings_text.h"

#include "json/utf8.h"
#include "settings/value.h"
#include "vsi/vsi_file.h"

#include <cpl_error.h>
#include <cpl_string.h>

#include <cerrno>
#include <cstdlib>

namespace mdimappend
{

namespace
{

constexpr std::size_t maximumFileSize = std::size_t{4} << 20;

bool isNameStart(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool isVariableName(const std::string &name)
{
    if (name.empty() || !isNameStart(name[0]))
        return false;
    for (const char c : name)
    {
        if (!isNameStart(c) && !(c >= '0' && c <= '9'))
            return false;
    }
    return true;
}

/// What was replaced is not looked at again: a value may have ${ in it.
Result<std::string> replaced(const Value &value, const std::string &text,
                             const Environment &environment)
{
    std::string result;
    for (std::size_t at = 0; at < text.size();)
    {
        if (text.compare(at, 3, "$${") == 0)
        {
            result += "${";
            at += 3;
            continue;
        }
        if (text.compare(at, 2, "${") != 0)
        {
            result += text[at++];
            continue;
        }
        const auto end = text.find('}', at);
        const auto name = end == text.npos ? std::string()
                                           : text.substr(at + 2, end - at - 2);
        if (!isVariableName(name))
            return value.fail("'" + text.substr(at, 20) +
                              "' is not of the form ${NAME}; for a plain ${ "
                              "write $${");
        const auto found = environment(name);
        if (!found)
            return value.fail("the environment variable '" + name +
                              "' is not set");
        result += *found;
        at = end + 1;
    }
    return result;
}

Status replaceIn(Json &json, const Value &value, const Environment &environment)
{
    if (json.is_string())
    {
        const auto &text = json.get_ref<const std::string &>();
        if (text.find("${") == text.npos)
            return Status::ok();
        MDIMAPPEND_ASSIGN(json, replaced(value, text, environment));
        if (!isUtf8(json.get_ref<const std::string &>()))
            return value.fail("is not UTF-8 after replacing variables");
    }
    else if (json.is_object())
    {
        for (auto &[key, member] : json.items())
            MDIMAPPEND_RETURN_IF_ERROR(replaceIn(
                member,
                Value(member, value.source(),
                      value.path().empty() ? key : value.path() + "." + key),
                environment));
    }
    else if (json.is_array())
    {
        for (std::size_t i = 0; i < json.size(); ++i)
            MDIMAPPEND_RETURN_IF_ERROR(
                replaceIn(json[i], value.at(i), environment));
    }
    return Status::ok();
}

/// A pipe has no size and cannot seek: read until the end.
Result<std::string> readText(const std::string &file)
{
    const auto wrong = [&](const std::string &what)
    { return Status(Failure::Usage, settingsSource(file) + " " + what); };
    CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    CPLErrorReset();
    errno = 0;
    const auto unreadable = [&]
    {
        return wrong(errno == 0 ? "cannot be read"
                                : std::string("cannot be read: ") +
                                      VSIStrerror(errno));
    };
    VsiFile handle = VsiFile::open(file);
    if (!handle)
        return unreadable();
    std::string text(maximumFileSize + 1, '\0');
    const auto size = handle.read(text.data(), text.size());
    if (handle.failed())
        return unreadable();
    if (size > maximumFileSize)
        return wrong("has more than " + std::to_string(maximumFileSize >> 20) +
                     " MiB");
    text.resize(size);
    return text;
}

bool isJson(const std::string &file, const std::string &text)
{
    const auto lower = CPLString(file).tolower();
    if (lower.ends_with(".json"))
        return true;
    if (lower.ends_with(".yaml") || lower.ends_with(".yml"))
        return false;
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != text.npos && text[first] == '{';
}

}  // namespace

std::string settingsSource(const std::string &file)
{
    return "settings file '" + file + "'";
}

Status replaceVariables(Json &value, const Environment &environment,
                        const std::string &source)
{
    return replaceIn(value, Value(value, source), environment);
}

Result<Json> readSettingsText(const std::string &file)
{
    MDIMAPPEND_ASSIGN(const auto text, readText(file));
    const auto source = settingsSource(file);
    const auto wrong = [&](const std::string &what)
    { return Status(Failure::Usage, source + what); };
    if (text.find_first_not_of(" \t\r\n") == text.npos)
        return wrong(" is empty");
    if (text.find('\0') != text.npos || !isUtf8(text))
        return wrong(" is not UTF-8 text");
    const bool json = isJson(file, text);
    auto parsed = json ? parseJson(text) : parseYaml(text);
    if (!parsed)
        return wrong((json ? ": " : " is not valid YAML: ") +
                     parsed.status().message());
    if (parsed->is_null())
        return wrong(" is empty");
    if (!parsed->is_object())
        return wrong(": expected an object (keys and values)");
    const auto environment =
        [](const std::string &name) -> std::optional<std::string>
    {
        const char *found = std::getenv(name.c_str());
        return found ? std::optional<std::string>(found) : std::nullopt;
    };
    MDIMAPPEND_RETURN_IF_ERROR(replaceVariables(*parsed, environment, source));
    return parsed;
}

}  // namespace mdimappend

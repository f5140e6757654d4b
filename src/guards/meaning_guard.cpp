// Compares attributes as CF reads them: flags by mask and value, whatever their
// order.

#include "guards/meaning_guard.h"

#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace mdimappend
{

namespace
{

/// Flags' meanings by mask and value, as texts.
using Flags = std::map<std::pair<std::string, std::string>, std::string>;

std::vector<std::string> words(const std::string &text)
{
    std::istringstream stream(text);
    std::vector<std::string> found;
    for (std::string word; stream >> word;)
        found.push_back(std::move(word));
    return found;
}

/// One number or several. 1 and 1.0 are the same.
std::vector<std::string> numbers(const Json &attributes, const char *name)
{
    std::vector<std::string> found;
    const Json &value = member(attributes, name);
    for (const Json &each : value.is_array() ? value : Json::array({value}))
    {
        if (each.is_number())
            found.push_back(dumpJson(each.get<double>(), -1));
    }
    return found;
}

/// Nothing if the attributes do not say, or not so that it can be understood.
std::optional<Flags> flagsOf(const Json &attributes)
{
    const auto meanings = words(textMember(attributes, "flag_meanings"));
    auto values = numbers(attributes, "flag_values");
    const auto masks = numbers(attributes, "flag_masks");
    if (values.empty())
        values = masks;
    if (meanings.empty() || values.size() != meanings.size() ||
        (!masks.empty() && masks.size() != values.size()))
        return std::nullopt;
    Flags flags;
    for (std::size_t i = 0; i < values.size(); ++i)
        flags[{masks.empty() ? "" : masks[i], values[i]}] = meanings[i];
    return flags;
}

std::string unknownFlags(const Json &slice, const Json &target)
{
    const auto offered = flagsOf(slice);
    const auto known = flagsOf(target);
    std::string text;
    if (!offered || !known)
        return text;
    for (const auto &[flag, meaning] : *offered)
    {
        if (!known->contains(flag))
            text +=
                (text.empty() ? "" : ", ") + flag.second + " (" + meaning + ")";
    }
    return text;
}

}  // namespace

Status checkFlags(const Json &slice, const Json &target)
{
    const auto offered = flagsOf(slice);
    const auto known = flagsOf(target);
    if (!offered || !known)
    {
        const auto found = textMember(slice, "flag_meanings");
        const auto expected = textMember(target, "flag_meanings");
        return found.empty() || expected.empty() || found == expected
                   ? Status::ok()
                   : refused("its flag_meanings are '" + found +
                             "', the target has '" + expected + "'.");
    }
    for (const auto &[flag, meaning] : *offered)
    {
        const auto same = known->find(flag);
        if (same != known->end() && same->second != meaning)
            return refused("its flag " + flag.second + " means '" + meaning +
                           "', the target's '" + same->second +
                           "' (flag_meanings).");
    }
    return Status::ok();
}

std::vector<std::string> otherMeanings(const Slice &slice, const Target &target)
{
    std::vector<std::string> others;
    for (const auto &array : slice.arrays())
    {
        const auto *present = target.find(array.name);
        if (!present)
            continue;
        const Json &attributes = present->document.attributes;
        const auto where = "array '" + array.name + "' of the slices: ";
        for (const char *name : {"standard_name", "positive", "cell_methods"})
        {
            const auto found = textMember(array.attributes, name);
            const auto expected = textMember(attributes, name);
            if (!found.empty() && !expected.empty() && found != expected)
                others.push_back(where + "its " + name + " is '" + found +
                                 "', the target has '" + expected +
                                 "', which stays");
        }
        const auto flags = unknownFlags(array.attributes, attributes);
        if (!flags.empty())
            others.push_back(where + "the target's flag_meanings do not list " +
                             flags);
    }
    return others;
}

}  // namespace mdimappend

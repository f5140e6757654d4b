// Looks into values of JSON without throwing, and compares them.

#include "json/json_text.h"

#include <algorithm>
#include <cmath>

namespace mdimappend
{

namespace
{

using Members = std::vector<std::pair<std::string_view, const Json *>>;

Members sortedMembers(const Json &object)
{
    Members members;
    for (const auto &[key, value] : object.get_ref<const Json::object_t &>())
        members.emplace_back(key, &value);
    std::ranges::sort(members, {}, &Members::value_type::first);
    return members;
}

}  // namespace

const Json &member(const Json &object, std::string_view key)
{
    static const Json missing;
    if (!object.is_object())
        return missing;
    const auto found = object.find(std::string(key));
    return found == object.end() ? missing : *found;
}

std::string textMember(const Json &object, std::string_view key)
{
    const Json &value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::string textOrJson(const Json &value)
{
    return value.is_string() ? value.get<std::string>() : dumpJson(value, -1);
}

std::optional<double> numberMember(const Json &object, std::string_view key)
{
    const Json &value = member(object, key);
    return value.is_number() ? std::optional(value.get<double>())
                             : std::nullopt;
}

bool isCount(const Json &value)
{
    return value.is_number_integer() && value.get<std::int64_t>() >= 0;
}

std::uint64_t countMember(const Json &object, std::string_view key)
{
    const Json &value = member(object, key);
    return isCount(value) ? value.get<std::uint64_t>() : 0;
}

Json &appendMember(Json &object, std::string key, Json value)
{
    auto &members = static_cast<Json::object_t::Container &>(
        object.get_ref<Json::object_t &>());
    return members.emplace_back(std::move(key), std::move(value)).second;
}

bool sameJson(const Json &a, const Json &b)
{
    if (a.is_object() && b.is_object())
        return std::ranges::equal(
            sortedMembers(a), sortedMembers(b), [](const auto &x, const auto &y)
            { return x.first == y.first && sameJson(*x.second, *y.second); });
    if (a.is_array() && b.is_array())
        return std::ranges::equal(a, b, sameJson);
    if (a.is_number_float() && b.is_number_float() &&
        std::isnan(a.get<double>()))
        return std::isnan(b.get<double>());
    return a == b;
}

}  // namespace mdimappend

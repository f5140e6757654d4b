// One value of a settings file (or of an option's text), together with where it
// stands, so that every error names the file and the key.

#pragma once

#include "json/json_text.h"
#include "status.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mdimappend
{

/// The name nearest to `name`, if one is near enough to be what was meant.
std::optional<std::string> nearest(const std::string &name,
                                   const std::vector<std::string> &known);

/// Refers to a Json that must outlive it. All failures are Failure::Usage.
class Value
{
  public:
    Value(const Json &json, std::string source, std::string path = "")
        : m_json(json), m_source(std::move(source)), m_path(std::move(path))
    {
    }

    const Json &json() const
    {
        return m_json;
    }

    /// As in "settings file 'x.yaml'".
    const std::string &source() const
    {
        return m_source;
    }

    /// Keys from the top, as in "variables.air.encoding"; "" at the top.
    const std::string &path() const
    {
        return m_path;
    }

    /// The member `key`, or element `index`, which must exist.
    Value at(const std::string &key) const;
    Value at(std::size_t index) const;

    /// "settings file 'x.yaml', key 'append_dim'"
    std::string where() const;

    /// Says what was expected here, and what was found.
    Status wrong(const std::string &expected) const;
    Status fail(const std::string &what) const;

    /// A number, a truth value or a date without quotation marks is no text:
    /// NO, 1.10 or 007 could turn into something else.
    Result<std::string> text() const;
    /// Text that is not empty.
    Result<std::string> name() const;
    Result<std::vector<std::string>> names() const;
    /// true, false, and what YAML 1.1 takes for them (yes, no, on, off).
    Result<bool> truth() const;
    Result<double> number() const;
    Result<std::int64_t> whole(std::int64_t lowest, std::int64_t highest) const;
    /// The index of the text among `choices`.
    Result<std::size_t> choice(const std::vector<std::string> &choices) const;
    Status requireObject() const;
    Status requireList() const;

  private:
    std::string path(const std::string &key) const;

    const Json &m_json;
    std::string m_source;
    std::string m_path;
};

/// One key of an object: how it is read into `Into`.
template <class Into> struct Key
{
    std::string name;
    /// The key that this one is another name of; "" for none.
    std::string sameAs;
    std::function<Status(const Value &, Into &)> read;
};

/// Two keys of one object that mean the same.
Status givenTwice(const Value &object, const std::string &one,
                  const std::string &other);
Status unknownKey(const Value &object, const std::string &key,
                  const std::vector<std::string> &known);

/// Reads the members of an object, in the order of `keys`, whatever their order
/// in the file. Unknown keys and two names of one key are refused first.
template <class Into>
Status readObject(const Value &object, const std::vector<Key<Into>> &keys,
                  Into &into)
{
    MDIMAPPEND_RETURN_IF_ERROR(object.requireObject());
    std::vector<std::string> known;
    for (const auto &key : keys)
        known.push_back(key.name);
    for (const auto &[name, ignored] : object.json().items())
    {
        if (std::find(known.begin(), known.end(), name) == known.end())
            return unknownKey(object, name, known);
    }
    const auto canonical = [](const Key<Into> &key)
    { return key.sameAs.empty() ? key.name : key.sameAs; };
    std::map<std::string, std::string> given;
    for (const auto &key : keys)
    {
        if (!object.json().contains(key.name))
            continue;
        const auto [at, isNew] = given.emplace(canonical(key), key.name);
        if (!isNew)
            return givenTwice(object, at->second, key.name);
    }
    for (const auto &key : keys)
    {
        if (object.json().contains(key.name))
            MDIMAPPEND_RETURN_IF_ERROR(key.read(object.at(key.name), into));
    }
    return Status::ok();
}

}  // namespace mdimappend

// Decides what the attributes of the target's group become: those of the cube,
// of the slice or of the settings, with templates expanded.

#include "cube/target_attributes.h"

#include "cube/attribute_templates.h"
#include "time/utc_now.h"
#include "zarr/document_key.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string_view>

namespace mdimappend
{

namespace
{

/// Of the only one.
Json labelJson(const Labels &labels)
{
    const auto &label = labels.values.at(0);
    if (labels.kind == Labels::Kind::Date)
        return labels.describe(0);
    if (const auto *text = std::get_if<std::string>(&label))
        return *text;
    if (const auto *number = std::get_if<double>(&label))
        return *number;
    const auto whole = std::get<Instant>(label);
    return whole > INT64_MAX ? Json(static_cast<std::uint64_t>(whole))
                             : Json(static_cast<std::int64_t>(whole));
}

bool isTemplate(const std::string &name, const std::string &argument)
{
    const auto isOneOf = [&](std::initializer_list<std::string_view> names)
    { return std::ranges::find(names, name) != names.end(); };
    return isOneOf({"now", "slice", "message", "history", "first_label",
                    "last_label"}) ||
           (!argument.empty() &&
            isOneOf({"min", "max", "lower_bound", "upper_bound"}));
}

Status unknownTemplate(const std::string &name)
{
    return {Failure::Usage,
            "the template '{{ " + name +
                " }}' is unknown: expected first_label, last_label, min(NAME), "
                "max(NAME), lower_bound(NAME), upper_bound(NAME), slice, "
                "message, history or now; no code is evaluated"};
}

/// What templates stand for, once the cube has grown.
class TemplateValues
{
  public:
    TemplateValues(const AppendOptions &options, const Json &present,
                   const Slice &slice, bool creates, const CubeState &cube)
        : m_options(options), m_present(present), m_slice(slice),
          m_creates(creates), m_cube(cube)
    {
    }

    Result<Json> operator()(const std::string &name,
                            const std::string &argument) const
    {
        if (name == "now")
            return Json(utcNow());
        if (name == "slice")
            return Json(m_slice.name());
        if (name == "message")
            return Json(m_options.message);
        if (name == "history")
            return Json(textMember(m_present.is_null() ? m_slice.attributes()
                                                       : m_present,
                                   "history"));
        if (name == "first_label" || name == "last_label")
            return label(name == "first_label");
        if (name == "min" || name == "lower_bound")
            return edge(argument, false, name == "lower_bound");
        if (name == "max" || name == "upper_bound")
            return edge(argument, true, name == "upper_bound");
        return unknownTemplate(name);
    }

  private:
    /// What a new target lacks, the slice lacks that makes it; what is lacking
    /// in one that is there no slice will bring.
    Status cannotBe(const std::string &why) const
    {
        return {m_creates ? Failure::Refused : Failure::Usage, why};
    }

    Result<Json> label(bool first) const
    {
        const auto &labels = m_cube.labels;
        if (labels.size() == 0)
            return cannotBe("the target has no labels for a template");
        return labelJson(first ? labels.part(0, 1) : labels.last(1));
    }

    /// The smallest or largest value of a coordinate, or half a cell beyond it.
    Result<Json> edge(const std::string &name, bool largest, bool ofCell) const
    {
        if (name == m_cube.target.appendDim && !ofCell &&
            m_cube.labels.size() > 0)
        {
            const auto &labels = m_cube.labels;
            const bool up = labels.at(0) < labels.at(labels.size() - 1);
            return label(largest != up);
        }
        const auto found = m_cube.coordinates->find(name);
        if (found == m_cube.coordinates->end() || found->second.numbers.empty())
            return cannotBe("the template names '" + name +
                            "', which is not a numeric coordinate");
        const auto &numbers = found->second.numbers;
        const auto [low, high] = std::ranges::minmax_element(numbers);
        const double value = largest ? *high : *low;
        if (!ofCell || numbers.size() < 2)
            return Json(value);
        const bool atEnd = value == numbers.back();
        const double half =
            std::fabs(atEnd ? numbers.back() - numbers[numbers.size() - 2]
                            : numbers[1] - numbers[0]) /
            2;
        return Json(largest ? value + half : value - half);
    }

    const AppendOptions &m_options;
    const Json &m_present;
    const Slice &m_slice;
    bool m_creates;
    const CubeState &m_cube;
};

const char *documentOf(ZarrFormat format)
{
    return format == ZarrFormat::V3 ? "zarr.json" : ".zattrs";
}

Result<Json> nextAttributes(const AppendOptions &options, const Json &present,
                            bool create, const Slice &slice,
                            const CubeState &after)
{
    Json next = present;
    switch (options.attributesMode)
    {
    case AttributesMode::Keep:
        // A group that was there before the cube has its own already.
        if (create)
        {
            next = slice.attributes();
            next.update(present);
        }
        break;
    case AttributesMode::Replace:
        next = slice.attributes();
        break;
    case AttributesMode::Update:
        next.update(slice.attributes());
        break;
    case AttributesMode::Ignore:
        break;
    }
    MDIMAPPEND_ASSIGN(
        const Json fixed,
        expandTemplates(options.attributes,
                        TemplateValues(options, create ? Json() : present,
                                       slice, create, after)));
    for (const auto &[key, value] : fixed.items())
    {
        if (value.is_null())
            next.erase(key);
        else
            next[key] = value;
    }
    return next;
}

Result<Documents> withAttributes(const Target &target, const std::string &group,
                                 Documents documents, const Json &attributes)
{
    Documents current = target.documents;
    const auto take = [&](const Documents &patched, const std::string &below)
    {
        for (const auto &[key, bytes] : patched)
        {
            const auto full = below.empty() ? key : below + "/" + key;
            current[full] = documents[full] = bytes;
        }
    };
    MDIMAPPEND_ASSIGN(const Documents own,
                      patchAttributes(target.format, current, std::nullopt,
                                      group, attributes));
    take(own, "");
    for (const auto &copy : target.consolidated)
    {
        // The copy is patched as a store of its own whose root is its group.
        const std::size_t skip = copy.group.empty() ? 0 : copy.group.size() + 1;
        const Documents relative = documentsBelow(current, copy.group);
        const auto inside =
            group.size() > skip ? group.substr(skip) : std::string();
        MDIMAPPEND_ASSIGN(const Documents patched,
                          patchAttributes(target.format, relative,
                                          copy.key.substr(skip), inside,
                                          attributes));
        take(patched, copy.group);
    }
    return documents;
}

/// Whether the document is of this group or one around it.
bool isGroupDocument(const std::string &key, const std::string &group)
{
    const auto folder = parentOf(key);
    return folder.empty() || folder == group || group.starts_with(folder + "/");
}

/// The group's attributes come before what consolidates them. They are in every
/// commit that may change them, changed or not: all slices of a commit have the
/// same documents.
void addToOrder(const Target &target, const std::string &group, Intent &intent)
{
    const auto attributes = documentKey(group, documentOf(target.format));
    if (!intent.next.contains(attributes))
    {
        const auto present = target.documents.find(attributes);
        intent.next[attributes] =
            present == target.documents.end() ? "{}" : present->second;
    }
    std::vector<std::string> keys = {attributes};
    for (const auto &copy : target.consolidated)
    {
        keys.push_back(copy.key);
        intent.next.try_emplace(copy.key, target.documents.at(copy.key));
    }
    auto place = std::ranges::find_if(intent.order, [&](const std::string &key)
                                      { return isGroupDocument(key, group); });
    for (const auto &key : keys)
    {
        if (std::ranges::find(intent.order, key) == intent.order.end())
            place = intent.order.insert(place, key) + 1;
    }
}

}  // namespace

bool mayChangeAttributes(const AppendOptions &options)
{
    return options.attributesMode == AttributesMode::Replace ||
           options.attributesMode == AttributesMode::Update ||
           !options.attributes.empty();
}

Status checkTemplates(const AppendOptions &options)
{
    return expandTemplates(options.attributes,
                           [](const std::string &name, const std::string &of)
                           {
                               return isTemplate(name, of)
                                          ? Result<Json>(Json())
                                          : unknownTemplate(name);
                           })
        .status();
}

Result<Json> presentAttributes(const Target &target, const std::string &group)
{
    const bool v3 = target.format == ZarrFormat::V3;
    const auto found =
        target.documents.find(documentKey(group, documentOf(target.format)));
    if (found == target.documents.end())
        return Json::object();
    MDIMAPPEND_ASSIGN(Json document, parseJson(found->second));
    Json attributes = v3 ? member(document, "attributes") : document;
    return attributes.is_object() ? std::move(attributes) : Json::object();
}

Status setAttributes(const AppendOptions &options, const Site &site,
                     const Slice &slice, const Json &present, bool create,
                     CubeState &cube, Intent &intent)
{
    MDIMAPPEND_ASSIGN(const Json next,
                      nextAttributes(options, present, create, slice, cube));
    MDIMAPPEND_ASSIGN(
        intent.next,
        withAttributes(cube.target, site.group, std::move(intent.next), next));
    addToOrder(cube.target, site.group, intent);
    for (const auto &[key, bytes] : intent.next)
        cube.target.documents[key] = bytes;
    return Status::ok();
}

}  // namespace mdimappend

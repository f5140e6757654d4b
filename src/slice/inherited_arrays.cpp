// Goes through the arrays of a group, and looks above it for what they need.

#include "slice/inherited_arrays.h"

#include "slice/attributes_json.h"
#include "slice/group_arrays.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace mdimappend
{

namespace
{

constexpr std::array<const char *, 7> attributesThatRefer = {
    "bounds",        "climatology",   "coordinates",        "grid_mapping",
    "cell_measures", "formula_terms", "ancillary_variables"};

class Inheritance
{
  public:
    Inheritance(SourceContents &contents, OpenedArrays &opened,
                const MultidimSource &source, const SliceRequest &request)
        : m_contents(contents), m_opened(opened), m_source(source),
          m_request(request), m_group(source.group)
    {
        for (std::size_t i = 0; i < m_group.groups.size(); ++i)
            m_names.push_back(namesAt(i));
    }

    Status add()
    {
        for (const auto &array : m_opened)
            noteDimensions(*array);
        // More are added meanwhile, which may need others.
        for (std::size_t i = 0; i < m_opened.size(); ++i)
            MDIMAPPEND_RETURN_IF_ERROR(addNeededBy(i));
        for (auto &array : m_hidden)
            m_contents.arrays.push_back(std::move(array));
        return Status::ok();
    }

  private:
    /// Identities of dimensions: the path where paths tell them apart, and the
    /// size.
    using Dimension = std::pair<std::string, std::uint64_t>;

    std::set<std::string> namesAt(std::size_t level) const
    {
        const char *const showAll[] = {"SHOW_ALL=YES", nullptr};
        const auto listed =
            m_source.zarr ? m_source.zarr->arrayNames(m_group.keyOf(level))
                          : m_group.groups[level]->GetMDArrayNames(showAll);
        return {listed.begin(), listed.end()};
    }

    /// Zarr's dimensions have names only.
    Dimension identityOf(const GDALDimension &dimension) const
    {
        return {m_source.driver == "Zarr" ? "" : dimension.GetFullName(),
                dimension.GetSize()};
    }

    void noteDimensions(const GDALMDArray &array)
    {
        for (const auto &dimension : array.GetDimensions())
            m_dimensions.emplace(dimension->GetName(), identityOf(*dimension));
    }

    /// The nearest group that has an array of the name, the slice's own first.
    std::optional<std::size_t> levelOf(const std::string &name) const
    {
        for (std::size_t level = m_names.size(); level-- > 0;)
            if (m_names[level].contains(name))
                return level;
        return std::nullopt;
    }

    Status addNeededBy(std::size_t number)
    {
        nameReferences(m_contents.arrays[number]);
        std::vector<std::pair<std::string, bool>> needed;
        for (const auto &dimension : m_opened[number]->GetDimensions())
            needed.emplace_back(dimension->GetName(), false);
        const Json &attributes = m_contents.arrays[number].array.attributes;
        for (auto &name : referencedNames(attributes))
            needed.emplace_back(std::move(name), true);
        std::istringstream others(
            textMember(attributes, "ancillary_variables"));
        for (std::string name; others >> name;)
            needed.emplace_back(name, true);
        for (const auto &[name, isReferred] : needed)
            MDIMAPPEND_RETURN_IF_ERROR(addFromAbove(name, isReferred));
        return Status::ok();
    }

    /// As a coordinate, or also as what is referred to.
    Status addFromAbove(const std::string &name, bool isReferred)
    {
        const auto level = levelOf(name);
        if (!level || *level == m_group.level() ||
            isExcluded(m_request, validKey(name)) ||
            m_contents.find(validKey(name)) ||
            !m_asked.emplace(name, isReferred).second)
            return Status::ok();
        const auto key = m_group.keyOf(*level, name);
        const GdalMessages messages;
        const auto array = m_group.groups[*level]->OpenMDArray(name);
        if (!array && m_source.zarr)
            m_hidden.push_back(hiddenArray(*m_source.zarr, key));
        else if (!array)
            return cannotOpen(name, messages);
        else if (!isOnlyDimension(*array) && fits(*array, name, isReferred))
            take(key, array);
        return Status::ok();
    }

    void take(const std::string &key, const std::shared_ptr<GDALMDArray> &array)
    {
        m_contents.arrays.push_back(describeArray(m_source, key, *array));
        m_opened.push_back(array);
        noteDimensions(*array);
    }

    /// Not if a dimension of it is another one by that name, in a group below.
    bool fits(const GDALMDArray &array, const std::string &name,
              bool isReferred) const
    {
        const auto &dimensions = array.GetDimensions();
        if (!isReferred &&
            (dimensions.size() != 1 || dimensions[0]->GetName() != name))
            return false;
        return std::ranges::all_of(
            dimensions,
            [&](const auto &dimension)
            {
                const auto known = m_dimensions.find(dimension->GetName());
                return known == m_dimensions.end() ||
                       known->second == identityOf(*dimension);
            });
    }

    void nameReferences(SourceArray &described) const
    {
        const auto group = described.path.substr(0, described.path.rfind('/'));
        for (const char *attribute : attributesThatRefer)
        {
            const auto text = textMember(described.array.attributes, attribute);
            if (text.find('/') != std::string::npos)
                described.array.attributes[attribute] = withNames(text, group);
        }
    }

    /// The words of a text, those that are paths as names if they may be.
    std::string withNames(const std::string &text,
                          const std::string &group) const
    {
        std::istringstream words(text);
        std::string named;
        for (std::string word; words >> word;)
        {
            const bool hasColon = word.ends_with(':');
            if (hasColon)
                word.pop_back();
            named += (named.empty() ? "" : " ") + nameOf(word, group) +
                     (hasColon ? ":" : "");
        }
        return named;
    }

    std::string nameOf(const std::string &reference,
                       const std::string &group) const
    {
        if (reference.find('/') == std::string::npos)
            return reference;
        std::vector<std::string> parts;
        std::istringstream path(
            reference.starts_with('/') ? reference : group + "/" + reference);
        for (std::string part; std::getline(path, part, '/');)
        {
            if (part == ".." && !parts.empty())
                parts.pop_back();
            else if (part == "..")
                return reference;
            else if (!part.empty() && part != ".")
                parts.push_back(part);
        }
        const auto level = parts.empty() ? std::nullopt : levelOf(parts.back());
        std::string key;
        for (const auto &part : parts)
            key += (key.empty() ? "" : "/") + part;
        return level && m_group.keyOf(*level, parts.back()) == key
                   ? parts.back()
                   : reference;
    }

    SourceContents &m_contents;
    OpenedArrays &m_opened;
    const MultidimSource &m_source;
    const SliceRequest &m_request;
    const SourceGroup &m_group;
    std::vector<std::set<std::string>> m_names{};  ///< of arrays, by level
    std::map<std::string, Dimension> m_dimensions{};
    std::set<std::pair<std::string, bool>> m_asked{};
    std::vector<SourceArray> m_hidden{};
};

}  // namespace

Status addInherited(SourceContents &contents, OpenedArrays &opened,
                    const MultidimSource &source, const SliceRequest &request)
{
    return Inheritance(contents, opened, source, request).add();
}

}  // namespace mdimappend

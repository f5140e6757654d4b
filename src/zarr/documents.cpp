// Patches `shape` in documents, and nothing but its digits.

#include "zarr/documents.h"

#include "json/json_scanner.h"
#include "json/utf8.h"
#include "zarr/document_key.h"

namespace mdimappend
{

namespace
{

using Replacements = std::vector<std::pair<TextSpan, std::string>>;

/// The elements of an array of integers, as they stand in the text.
class ShapeElements
{
  public:
    void key(std::string_view, TextSpan)
    {
        m_isShape = false;
    }

    void enter(bool isObject, std::size_t)
    {
        m_isShape = m_isShape && !isObject && ++m_depth == 1;
    }

    void leave(std::size_t)
    {
    }

    void string(std::string_view, TextSpan)
    {
        m_isShape = false;
    }

    bool number(const JsonLexer::Number &number, TextSpan span)
    {
        m_isShape = m_isShape && number.isInteger;
        m_spans.push_back(span);
        return true;
    }

    void literal(JsonLexer::Literal, TextSpan)
    {
        m_isShape = false;
    }

    bool isShape() const
    {
        return m_isShape && m_depth == 1;
    }

    const std::vector<TextSpan> &spans() const
    {
        return m_spans;
    }

  private:
    bool m_isShape = true;
    int m_depth = 0;
    std::vector<TextSpan> m_spans;
};

Status replaceShape(std::string_view document, TextSpan shape,
                    const Growth &growth, Replacements &replacements)
{
    const std::string_view text =
        document.substr(shape.begin, shape.end - shape.begin);
    ShapeElements elements;
    MDIMAPPEND_RETURN_IF_ERROR(JsonScanner(text, elements).scan());
    if (!elements.isShape())
        return error("'shape' is " + std::string(utf8Beginning(text, 200)) +
                     ": expected a list of integers");
    if (elements.spans().size() != growth.shape.size())
        return error("'shape' has " + std::to_string(elements.spans().size()) +
                     " dimensions, the new shape has " +
                     std::to_string(growth.shape.size()));
    for (std::size_t i = 0; i < growth.shape.size(); ++i)
    {
        const TextSpan span = elements.spans()[i];
        std::string size = std::to_string(growth.shape[i]);
        if (text.substr(span.begin, span.end - span.begin) != size)
            replacements.emplace_back(
                TextSpan{shape.begin + span.begin, shape.begin + span.end},
                std::move(size));
    }
    return Status::ok();
}

/// The shapes to be replaced in one document.
struct ShapePaths
{
    std::vector<JsonPath> paths;
    std::vector<const Growth *> growths;

    void add(JsonPath path, const Growth &growth)
    {
        paths.push_back(std::move(path));
        growths.push_back(&growth);
    }
};

Result<std::string> patchDocument(std::string_view document,
                                  const ShapePaths &shapes)
{
    MDIMAPPEND_ASSIGN(const auto spans, locate(document, shapes.paths));
    Replacements replacements;
    for (std::size_t i = 0; i < spans.size(); ++i)
    {
        const Growth &growth = *shapes.growths[i];
        Status status =
            spans[i] ? replaceShape(document, *spans[i], growth, replacements)
                     : error("it holds no 'shape' of this array");
        if (!status)
            return std::move(status).prefixed("array '" + growth.path + "'");
    }
    return replaceSpans(document, std::move(replacements));
}

JsonPath shapeInConsolidated(ZarrFormat format, const std::string &path)
{
    if (format == ZarrFormat::V3)
        return {"consolidated_metadata", "metadata", path, "shape"};
    return {"metadata", documentKey(path, ".zarray"), "shape"};
}

}  // namespace

Result<Documents> patchShapes(ZarrFormat format, const Documents &current,
                              const std::optional<std::string> &consolidatedKey,
                              const std::vector<Growth> &growths)
{
    const std::string_view own =
        format == ZarrFormat::V3 ? "zarr.json" : ".zarray";
    std::map<std::string, ShapePaths> documents;
    for (const Growth &growth : growths)
    {
        documents[documentKey(growth.path, own)].add({"shape"}, growth);
        if (consolidatedKey)
            documents[*consolidatedKey].add(
                shapeInConsolidated(format, growth.path), growth);
    }

    Documents patched;
    for (const auto &[key, shapes] : documents)
    {
        const auto document = current.find(key);
        if (document == current.end())
            return error("the document " + key + " is missing");
        auto bytes = patchDocument(document->second, shapes);
        if (!bytes)
            return bytes.takeStatus().prefixed(key);
        if (*bytes != document->second)
            patched.emplace(key, std::move(*bytes));
    }
    return patched;
}

}  // namespace mdimappend

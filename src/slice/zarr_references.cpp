// Refuses slices whose reference file names files elsewhere on this machine.

#include "slice/zarr_references.h"

#include "json/json_scanner.h"
#include "slice/whole_file.h"

#include <cpl_conv.h>
#include <cpl_vsi.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

namespace mdimappend
{

namespace
{

namespace fs = std::filesystem;

/// References are lists whose first element is the file; an object's other
/// lists of texts (names of dimensions) are no paths that lead anywhere.
class References
{
  public:
    explicit References(const std::string &folder) : m_folder(folder)
    {
    }

    void key(std::string_view, TextSpan)
    {
    }

    void enter(bool isObject, std::size_t)
    {
        m_first = !isObject;
    }

    void leave(std::size_t)
    {
        m_first = false;
    }

    void string(std::string_view text, TextSpan)
    {
        if (m_first && !isReferenceAllowed(text, m_folder))
            m_refused = text;
        m_first = false;
    }

    bool number(const JsonLexer::Number &, TextSpan)
    {
        m_first = false;
        return true;
    }

    void literal(JsonLexer::Literal, TextSpan)
    {
        m_first = false;
    }

    const std::optional<std::string> &refused() const
    {
        return m_refused;
    }

  private:
    const std::string &m_folder;
    bool m_first = false;  ///< the next value is the first of a list
    std::optional<std::string> m_refused;
};

/// "file" of /vsikerchunk_json_ref/{file}.
std::string withoutPrefix(const std::string &file)
{
    for (const std::string_view prefix :
         {"/vsikerchunk_json_ref/", "/vsikerchunk_parquet_ref/"})
    {
        if (!file.starts_with(prefix))
            continue;
        auto inner = file.substr(prefix.size());
        if (inner.starts_with('{'))
            inner = inner.substr(1, inner.find('}') - 1);
        return inner;
    }
    return file;
}

Status elsewhere(const std::string &what)
{
    return refused("is a reference file: " + what + " --slice-config " +
                   referencesAllowed + " follows it.");
}

}  // namespace

bool areReferencesAllowed()
{
    return EQUAL(CPLGetConfigOption("MDIMAPPEND_REFERENCES", ""), "ANYWHERE");
}

bool isReferenceAllowed(std::string_view reference, const std::string &folder)
{
    constexpr std::array<std::string_view, 8> remote = {
        "/vsicurl/http", "/vsis3/",  "/vsigs/",    "/vsiaz/",
        "/vsiadls/",     "/vsioss/", "/vsiswift/", "/vsiwebhdfs/"};
    std::string path(reference);
    if (path.starts_with("file://"))
        path.erase(0, std::string_view("file://").size());
    else if (!path.starts_with("/") && path.find("://") != path.npos)
        return true;
    if (path.starts_with("/vsi"))
        return std::ranges::any_of(remote, [&](std::string_view prefix)
                                   { return path.starts_with(prefix); });
    std::error_code code;
    // That of a name without a folder is the one that is worked in.
    const fs::path around = folder.empty() ? "." : folder;
    const auto below = fs::weakly_canonical(around, code);
    const auto meant = fs::weakly_canonical(around / path, code);
    const auto relative = meant.lexically_relative(below);
    return !code && !relative.empty() && *relative.begin() != "..";
}

Status checkReferences(const std::string &file)
{
    if (areReferencesAllowed())
        return Status::ok();
    const auto path = withoutPrefix(file);
    VSIStatBufL state;
    const bool isThere = VSIStatL(path.c_str(), &state) == 0;
    // A folder on a web server that lists none is no file, either.
    if (!isThere && path == file)
        return Status::ok();
    const bool isFolder = isThere && VSI_ISDIR(state.st_mode);
    const auto text = readWholeFile(isFolder ? path + "/.zmetadata" : path);
    if (isFolder)
    {
        // Only references in Parquet files have that member.
        const auto spans = text ? locate(*text, {{"record_size"}})
                                : Result<std::vector<std::optional<TextSpan>>>(
                                      std::vector<std::optional<TextSpan>>());
        return spans && !spans->empty() && spans->front()
                   ? elsewhere("where it leads cannot be checked.")
                   : Status::ok();
    }
    if (!text)
        return elsewhere("it is too large to be checked.");
    const auto folder = fs::path(path).parent_path().string();
    References references(folder);
    const auto scanned = JsonScanner(*text, references).scan();
    if (references.refused())
        return elsewhere("it refers to '" + *references.refused() +
                         "', which is neither beside it nor below its folder.");
    return scanned
               ? Status::ok()
               : elsewhere("it cannot be checked (" + scanned.message() + ").");
}

}  // namespace mdimappend

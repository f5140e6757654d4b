// Looks at the beginning of a file.

#include "slice/not_data.h"

#include "vsi/paths.h"
#include "vsi/vsi_file.h"

#include <array>
#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <unistd.h>

namespace mdimappend
{

namespace
{

struct Beginning
{
    std::string_view text;  ///< in small letters
    const char *what;
};

constexpr std::array<Beginning, 9> noData = {
    {{"<!doctype html", "an HTML page"},
     {"<html", "an HTML page"},
     {"<?xml", "an XML document, as servers answer with"},
     {"<error", "an XML document, as servers answer with"},
     {"#!", "a script"},
     {"{", "a JSON document"},
     {"[", "a JSON document"},
     {"%pdf-", "a PDF document"},
     {"version https://git-lfs", "a pointer of Git LFS, not the file itself"}}};

bool driversSayNothing(const std::string &message)
{
    return message.empty() ||
           message.find("not recognized as") != std::string::npos;
}

/// Nothing if it cannot be opened.
std::optional<std::string> beginningOf(const std::string &path)
{
    VsiFile file = VsiFile::open(path);
    if (!file)
        return std::nullopt;
    std::array<char, 256> start{};
    const auto size = file.read(start.data(), start.size());
    return std::string(start.data(), size);
}

/// Without white space and a byte order mark in front; in small letters.
std::string comparable(std::string text)
{
    if (text.starts_with("\xef\xbb\xbf"))
        text.erase(0, 3);
    text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    for (char &c : text)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
}

}  // namespace

Status checkMayBeRead(const std::string &path)
{
    if (isVirtual(path) || ::access(path.c_str(), R_OK) == 0 || errno != EACCES)
        return Status::ok();
    return refused("cannot be read: Permission denied.");
}

Status cannotBeOpened(const std::string &path, const std::string &why)
{
    const std::string text =
        "cannot be opened: " + (why.empty() ? "no driver knows it" : why) + ".";
    if (isFolder(path))
        return unavailable(text + " It is a folder.");
    const auto start = beginningOf(path);
    if (!start)
        return unavailable(text);
    if (start->empty())
        return unavailable(text + " The file is empty.");
    if (start->starts_with("\x89HDF\r\n\x1a\n"))
        return unavailable(text + " It begins as an HDF5 or netCDF-4 file: it "
                                  "may be incomplete.");
    if (start->starts_with("GRIB"))
        return unavailable(text +
                           " It begins as a GRIB file: it may be incomplete.");
    // Waiting does not unpack it.
    if (driversSayNothing(why) && start->starts_with("\x1f\x8b"))
        return refused(text + " It is compressed by gzip: name it '/vsigzip/" +
                       path + "'.");
    if (driversSayNothing(why) && start->starts_with("PK\x03\x04"))
        return refused(text +
                       " It is a ZIP archive: name a file in it, "
                       "'/vsizip/" +
                       path + "/NAME'.");
    const std::string begins = comparable(*start);
    for (const auto &known : noData)
    {
        if (driversSayNothing(why) && begins.starts_with(known.text))
            return refused("is not data: it begins as " +
                           std::string(known.what) + ".");
    }
    return unavailable(text);
}

}  // namespace mdimappend

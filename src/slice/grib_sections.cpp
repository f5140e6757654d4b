// Goes from section to section by their lengths, each of which has to lie
// within its message. Values are not read, but for the bitmap.

#include "slice/grib_sections.h"

#include "slice/gdal_messages.h"
#include "vsi/vsi_file.h"

#include <algorithm>
#include <array>
#include <bit>

namespace mdimappend
{

namespace
{

using Octets = GribSections::Octets;

/// Of a section that is kept. Lists of points of reduced grids are the longest
/// that there are in practice, and some thousand octets long.
constexpr std::uint64_t longestKept = std::uint64_t{1} << 20;

class GribFile
{
  public:
    explicit GribFile(const std::string &path) : m_file(VsiFile::open(path))
    {
    }

    Result<std::vector<GribSections>> read();

  private:
    VsiFile m_file;
    std::uint64_t m_size = 0;
    std::uint64_t m_begin = 0;  ///< of the message
    std::uint64_t m_end = 0;    ///< behind its last section
    std::size_t m_number = 0;   ///< of the message
    std::vector<GribSections> m_found{};
    /// The bitmap before, which another field of the message may take, too.
    std::optional<std::uint64_t> m_missing{};

    Result<bool> findMessage();
    Status readMessage();
    Status readEdition1(std::uint64_t at);
    Status readEdition2(long discipline);
    Status readSection2(GribSections &field, std::uint64_t section,
                        std::uint64_t at, std::uint64_t length);
    Status readBitmap1(GribSections &field, std::uint64_t at,
                       std::uint64_t length);
    Status readBitmap2(GribSections &field, std::uint64_t at,
                       std::uint64_t length);
    Result<std::uint64_t> zeroBits(std::uint64_t at, std::uint64_t bits);
    Result<std::uint64_t> lengthAt(std::uint64_t at, std::size_t size);
    Result<Octets> sectionAt(std::uint64_t at, std::uint64_t length);
    Result<std::string> octets(std::uint64_t at, std::uint64_t count);
    Status damaged(const std::string &what) const;
};

Status GribFile::damaged(const std::string &what) const
{
    return refused("message " + std::to_string(m_number) +
                   " of the file (at byte " + std::to_string(m_begin) +
                   ") is damaged: " + what + ".");
}

Result<std::string> GribFile::octets(std::uint64_t at, std::uint64_t count)
{
    std::string bytes(static_cast<std::size_t>(count), '\0');
    if (at > m_size || count > m_size - at ||
        !m_file.readAt(at, bytes.data(), bytes.size()))
        return unavailable("message " + std::to_string(m_number) +
                           " of the file (at byte " + std::to_string(m_begin) +
                           ") cannot be read to its end.");
    return bytes;
}

Result<std::uint64_t> GribFile::lengthAt(std::uint64_t at, std::size_t size)
{
    MDIMAPPEND_ASSIGN(const std::string bytes, octets(at, size));
    const std::uint64_t length = octetsAt(bytes, 1, size);
    if (length < 5 || at > m_end || length > m_end - at)
        return damaged("a section is longer than the message");
    return length;
}

Result<Octets> GribFile::sectionAt(std::uint64_t at, std::uint64_t length)
{
    if (length > longestKept)
        return damaged("a section of its header has " + std::to_string(length) +
                       " octets");
    MDIMAPPEND_ASSIGN(std::string bytes, octets(at, length));
    return Octets(std::make_shared<const std::string>(std::move(bytes)));
}

/// What is between messages is passed over, as GDAL does.
Result<bool> GribFile::findMessage()
{
    constexpr std::string_view magic = "GRIB";
    constexpr std::uint64_t step = 1 << 16;
    for (std::uint64_t at = m_begin; at + 16 <= m_size;
         at += step - magic.size() + 1)
    {
        MDIMAPPEND_ASSIGN(const std::string bytes,
                          octets(at, std::min(step, m_size - at)));
        const std::size_t found = bytes.find(magic);
        if (found == bytes.npos)
            continue;
        m_begin = at + found;
        ++m_number;
        return true;
    }
    return false;
}

Result<std::uint64_t> GribFile::zeroBits(std::uint64_t at, std::uint64_t bits)
{
    std::uint64_t ones = 0;
    constexpr std::uint64_t step = 1 << 16;
    const std::uint64_t whole = bits / 8;
    for (std::uint64_t done = 0; done < whole; done += step)
    {
        MDIMAPPEND_ASSIGN(const std::string bytes,
                          octets(at + done, std::min(step, whole - done)));
        for (const char byte : bytes)
            ones += static_cast<std::uint64_t>(
                std::popcount(static_cast<unsigned char>(byte)));
    }
    if (bits % 8 != 0)
    {
        MDIMAPPEND_ASSIGN(const std::string last, octets(at + whole, 1));
        const auto byte = static_cast<unsigned char>(
            static_cast<unsigned char>(last[0]) >> (8 - bits % 8));
        ones += static_cast<std::uint64_t>(std::popcount(byte));
    }
    return bits - ones;
}

Status GribFile::readBitmap1(GribSections &field, std::uint64_t at,
                             std::uint64_t length)
{
    field.hasBitmap = true;
    MDIMAPPEND_ASSIGN(const std::string head,
                      octets(at, std::min<std::uint64_t>(length, 6)));
    const std::uint64_t unused = octetsAt(head, 4, 1);
    if (length < 6 || unused > (length - 6) * 8)
        return damaged("its bitmap is too short");
    if (octetsAt(head, 5, 2) != 0)
        return Status::ok();
    MDIMAPPEND_ASSIGN(field.missing,
                      zeroBits(at + 6, (length - 6) * 8 - unused));
    return Status::ok();
}

Status GribFile::readEdition1(std::uint64_t at)
{
    GribSections field;
    field.edition = 1;
    MDIMAPPEND_ASSIGN(std::uint64_t length, lengthAt(at, 3));
    if (length < 28)
        return damaged("its section 1 is too short");
    MDIMAPPEND_ASSIGN(field.product, sectionAt(at, length));
    at += length;
    const std::uint64_t flags = octetsAt(*field.product, 8, 1);
    if (flags & 0x80)
    {
        MDIMAPPEND_ASSIGN(length, lengthAt(at, 3));
        MDIMAPPEND_ASSIGN(field.grid, sectionAt(at, length));
        at += length;
    }
    if (flags & 0x40)
    {
        MDIMAPPEND_ASSIGN(length, lengthAt(at, 3));
        MDIMAPPEND_RETURN_IF_ERROR(readBitmap1(field, at, length));
        at += length;
    }
    if (at > m_end || m_end - at < 11)
        return damaged("it has no values");
    MDIMAPPEND_ASSIGN(field.packing, octets(at, 11));
    m_found.push_back(std::move(field));
    return Status::ok();
}

Status GribFile::readBitmap2(GribSections &field, std::uint64_t at,
                             std::uint64_t length)
{
    if (length < 6)
        return damaged("its section 6 is too short");
    MDIMAPPEND_ASSIGN(const std::string head, octets(at, 6));
    const std::uint64_t indicator = octetsAt(head, 6, 1);
    constexpr std::uint64_t noBitmap = 255, asBefore = 254;
    field.hasBitmap = indicator != noBitmap;
    field.missing.reset();
    if (indicator == asBefore)
        field.missing = m_missing;
    if (indicator != 0)
        return Status::ok();
    const std::uint64_t points = octetsAt(*field.grid, 7, 4);
    if (length - 6 < points / 8 + (points % 8 != 0))
        return damaged("its bitmap is too short");
    MDIMAPPEND_ASSIGN(m_missing, zeroBits(at + 6, points));
    field.missing = m_missing;
    return Status::ok();
}

Status GribFile::readEdition2(long discipline)
{
    GribSections field;
    field.edition = 2;
    field.discipline = discipline;
    m_missing.reset();
    std::uint64_t at = m_begin + 16;
    while (at < m_end)
    {
        MDIMAPPEND_ASSIGN(const std::uint64_t length, lengthAt(at, 4));
        MDIMAPPEND_ASSIGN(const std::string head, octets(at, 5));
        MDIMAPPEND_RETURN_IF_ERROR(
            readSection2(field, octetsAt(head, 5, 1), at, length));
        at += length;
    }
    return Status::ok();
}

Status GribFile::readSection2(GribSections &field, std::uint64_t section,
                              std::uint64_t at, std::uint64_t length)
{
    if (section == 1 || section == 3 || section == 4)
    {
        Octets &kept = section == 1   ? field.identification
                       : section == 3 ? field.grid
                                      : field.product;
        MDIMAPPEND_ASSIGN(kept, sectionAt(at, length));
    }
    if (section == 5)
    {
        MDIMAPPEND_ASSIGN(field.packing,
                          octets(at, std::min<std::uint64_t>(length, 64)));
    }
    if (section >= 6 &&
        (!field.identification || !field.grid || !field.product))
        return damaged("a section of its header is missing");
    if (section == 6)
        MDIMAPPEND_RETURN_IF_ERROR(readBitmap2(field, at, length));
    if (section == 7)
        m_found.push_back(field);
    return Status::ok();
}

Status GribFile::readMessage()
{
    MDIMAPPEND_ASSIGN(const std::string head, octets(m_begin, 16));
    const std::uint64_t edition = octetsAt(head, 8, 1);
    if (edition != 1 && edition != 2)
        return damaged("it says that it is of edition " +
                       std::to_string(edition));
    const std::uint64_t length =
        edition == 1 ? octetsAt(head, 5, 3) : octetsAt(head, 9, 8);
    if (length < 16)
        return damaged("it says that it has " + std::to_string(length) +
                       " octets");
    if (length > m_size - m_begin)
        return unavailable("message " + std::to_string(m_number) +
                           " of the file (at byte " + std::to_string(m_begin) +
                           ") is not all there.");
    m_end = m_begin + length - 4;
    MDIMAPPEND_ASSIGN(const std::string last, octets(m_end, 4));
    if (last != "7777")
        return damaged("it does not end where it says");
    MDIMAPPEND_RETURN_IF_ERROR(
        edition == 1 ? readEdition1(m_begin + 8)
                     : readEdition2(static_cast<long>(octetsAt(head, 7, 1))));
    m_begin += length;
    return Status::ok();
}

Result<std::vector<GribSections>> GribFile::read()
{
    const auto size = m_file ? m_file.size() : std::nullopt;
    if (!size)
        return unavailable("its messages cannot be read.");
    m_size = *size;
    while (true)
    {
        MDIMAPPEND_ASSIGN(const bool isThere, findMessage());
        if (!isThere)
            return std::move(m_found);
        MDIMAPPEND_RETURN_IF_ERROR(readMessage());
    }
}

}  // namespace

Result<std::vector<GribSections>> gribSections(const std::string &file)
{
    const GdalMessages quiet;
    return GribFile(file).read();
}

}  // namespace mdimappend

// Reads in its header how long a netCDF-3 file has to be, and which of its
// variables are of characters.
//
// The header's format: "NetCDF Classic Format Specification", appendix B of the
// NetCDF Users Guide; CDF-5 as PnetCDF has it. Big-endian; names and values are
// padded to 4 bytes.

#include "slice/netcdf3_size.h"

#include "vsi/vsi_file.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace mdimappend
{

namespace
{

constexpr std::uint64_t unknown = std::numeric_limits<std::uint64_t>::max();

/// In all lists of a header together. A few bytes can claim any number, and a
/// file with a hole has terabytes of zeros to read.
constexpr std::uint64_t mostEntries = 1 << 22;

enum class Tag : std::uint64_t
{
    Dimensions = 10,
    Variables = 11,
    Attributes = 12
};

std::uint64_t padded(std::uint64_t size)
{
    return size > unknown - 3 ? unknown : (size + 3) / 4 * 4;
}

class Header
{
  public:
    explicit Header(VsiFile &file) : m_file(file)
    {
    }

    /// Nothing if this is no classic netCDF file.
    std::optional<std::uint64_t> size();

    std::map<std::string, std::vector<std::string>> chars() const;

  private:
    struct Variable
    {
        std::string name{};
        std::vector<std::uint64_t> dimensions{};
        std::uint64_t type = 0;
        bool record = false;
        std::uint64_t begin = 0;
        std::uint64_t size = 0;  ///< of one record, if record
    };

    VsiFile &m_file;
    bool m_good = true;
    int m_version = 0;
    std::uint64_t m_entries = 0;
    std::vector<std::uint64_t> m_dimensions{};
    std::vector<std::string> m_dimensionNames{};
    std::vector<Variable> m_variables{};

    std::uint64_t number(int bytes);
    std::uint64_t count();
    std::uint64_t entries();
    std::uint64_t listOf(Tag tag);
    void skip(std::uint64_t bytes);
    std::string name();
    void skipAttributes();
    void readDimensions();
    void readVariables();
    std::uint64_t end(std::uint64_t records) const;
    static std::uint64_t typeSize(std::uint64_t type);
};

std::uint64_t Header::number(int bytes)
{
    GByte raw[8] = {};
    m_good = m_good && m_file.read(raw, bytes) == std::size_t(bytes);
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i)
        value = value << 8 | raw[i];
    return m_good ? value : 0;
}

std::uint64_t Header::count()
{
    return number(m_version == 5 ? 8 : 4);
}

std::uint64_t Header::entries()
{
    const std::uint64_t found = count();
    m_good = m_good && found <= mostEntries - m_entries;
    m_entries += m_good ? found : 0;
    return m_good ? found : 0;
}

/// How long it is.
std::uint64_t Header::listOf(Tag tag)
{
    const std::uint64_t found = number(4);
    const std::uint64_t length = entries();
    m_good =
        m_good && (length == 0 || found == static_cast<std::uint64_t>(tag));
    return m_good ? length : 0;
}

void Header::skip(std::uint64_t bytes)
{
    // A damaged length must not turn the position around.
    if (bytes > std::numeric_limits<std::int64_t>::max() / 2 ||
        !m_file.seek(m_file.tell() + bytes))
        m_good = false;
}

std::string Header::name()
{
    constexpr std::uint64_t longest = 1024;
    const std::uint64_t length = count();
    m_good = m_good && length <= longest;
    std::string text(m_good ? static_cast<std::size_t>(length) : 0, '\0');
    m_good = m_good && m_file.read(text.data(), text.size()) == text.size();
    skip(padded(text.size()) - text.size());
    return text;
}

std::uint64_t Header::typeSize(std::uint64_t type)
{
    // byte char short int float double ubyte ushort uint int64 uint64
    constexpr std::uint64_t sizes[] = {0, 1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8};
    return type < std::size(sizes) ? sizes[type] : 0;
}

void Header::skipAttributes()
{
    for (auto left = listOf(Tag::Attributes); m_good && left > 0; --left)
    {
        skip(padded(count()));
        const std::uint64_t size = typeSize(number(4));
        const std::uint64_t values = count();
        m_good = m_good && size > 0 && values < unknown / 16;
        if (m_good)
            skip(padded(values * size));
    }
}

void Header::readDimensions()
{
    for (auto left = listOf(Tag::Dimensions); m_good && left > 0; --left)
    {
        m_dimensionNames.push_back(name());
        m_dimensions.push_back(count());
    }
}

void Header::readVariables()
{
    for (auto left = listOf(Tag::Variables); m_good && left > 0; --left)
    {
        Variable variable;
        variable.name = name();
        variable.size = 1;
        const std::uint64_t rank = entries();
        for (std::uint64_t i = 0; m_good && i < rank; ++i)
        {
            const std::uint64_t id = count();
            m_good = m_good && id < m_dimensions.size();
            if (!m_good)
                return;
            variable.dimensions.push_back(id);
            if (m_dimensions[id] == 0)
                variable.record = true;
            else if (__builtin_mul_overflow(variable.size, m_dimensions[id],
                                            &variable.size))
                m_good = false;
        }
        skipAttributes();
        variable.type = number(4);
        const std::uint64_t size = typeSize(variable.type);
        m_good = m_good && size > 0 &&
                 !__builtin_mul_overflow(variable.size, size, &variable.size);
        count();  // vsize: wrong above 4 GiB, so computed here
        variable.begin = number(m_version == 1 ? 4 : 8);
        m_variables.push_back(variable);
    }
}

std::uint64_t Header::end(std::uint64_t records) const
{
    std::uint64_t record = 0;
    const auto count = std::ranges::count(m_variables, true, &Variable::record);
    for (const Variable &variable : m_variables)
        if (variable.record)
            record += count > 1 ? padded(variable.size) : variable.size;
    std::uint64_t end = 0;
    for (const Variable &variable : m_variables)
    {
        std::uint64_t last = 0;
        if (variable.record && records == 0)
            continue;
        if (variable.record &&
            __builtin_mul_overflow(records - 1, record, &last))
            return unknown;
        if (__builtin_add_overflow(last, variable.begin, &last) ||
            __builtin_add_overflow(last, variable.size, &last))
            return unknown;
        end = std::max(end, last);
    }
    return end;
}

std::optional<std::uint64_t> Header::size()
{
    if (number(3) != 0x434446)  // "CDF"
        return {};
    m_version = static_cast<int>(number(1));
    if (m_version != 1 && m_version != 2 && m_version != 5)
        return {};
    std::uint64_t records = count();
    // All bits are set in a stream, whose writer did not know.
    if (records == (m_version == 5 ? unknown : 0xFFFFFFFFu))
        records = 0;
    readDimensions();
    skipAttributes();
    readVariables();
    return m_good ? end(records) : unknown;
}

std::map<std::string, std::vector<std::string>> Header::chars() const
{
    constexpr std::uint64_t charType = 2;
    std::map<std::string, std::vector<std::string>> found;
    for (const Variable &variable : m_variables)
        if (variable.type == charType)
            for (auto &names = found[variable.name];
                 const std::uint64_t id : variable.dimensions)
                names.push_back(m_dimensionNames[id]);
    return found;
}

}  // namespace

std::optional<std::uint64_t> netcdf3Size(const std::string &path)
{
    VsiFile file = VsiFile::open(path);
    if (!file)
        return {};
    return Header(file).size();
}

std::optional<std::map<std::string, std::vector<std::string>>>
netcdf3Chars(const std::string &path)
{
    VsiFile file = VsiFile::open(path);
    if (!file)
        return {};
    Header header(file);
    const auto size = header.size();
    if (!size || *size == unknown)
        return {};
    return header.chars();
}

}  // namespace mdimappend

// Files of ours are moved in as files of the C library are (fseek, ftell,
// feof): GDAL's drivers and the libraries below them rely on it. The rules are
// tried on one of GDAL's own file systems as well, to show that they are the
// field's.

#include "slice/checked_files.h"
#include "vsi/memory_files.h"

#include <cpl_vsi.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>

namespace mdimappend
{
namespace
{

enum class Made
{
    ByGdal,
    ByCheckedFiles,
    InMemory
};

struct Kind
{
    std::string name;
    std::string content;
    Made made;
};

void PrintTo(const Kind &kind, std::ostream *out)
{
    *out << kind.name;
}

class FilePositions : public testing::TestWithParam<Kind>
{
  protected:
    void SetUp() override
    {
        const auto &[name, content, made] = GetParam();
        if (made == Made::InMemory)
        {
            m_file = fileOfBytes(content).release();
            return;
        }
        m_path = testing::TempDir() + "file_positions_" + name;
        VSILFILE *written = VSIFOpenL(m_path.c_str(), "wb");
        ASSERT_TRUE(written);
        ASSERT_EQ(VSIFWriteL(content.data(), 1, content.size(), written),
                  content.size());
        ASSERT_EQ(VSIFCloseL(written), 0);
        std::string opened = m_path;
        if (made == Made::ByCheckedFiles)
        {
            m_files = std::make_unique<CheckedFiles>(m_path, nullptr);
            opened = m_files->nameFor(m_path);
        }
        m_file = VSIFOpenL(opened.c_str(), "rb");
        ASSERT_TRUE(m_file);
    }

    void TearDown() override
    {
        if (m_file)
        {
            EXPECT_EQ(VSIFCloseL(m_file), 0);
        }
        if (m_files)
        {
            EXPECT_TRUE(m_files->failure()) << m_files->failure().message();
        }
        if (!m_path.empty())
            VSIUnlink(m_path.c_str());
    }

    static vsi_l_offset negative(vsi_l_offset by)
    {
        return ~by + 1;
    }

    std::string read(std::size_t count)
    {
        std::string bytes(count, '\0');
        bytes.resize(VSIFReadL(bytes.data(), 1, count, m_file));
        return bytes;
    }

    std::string m_path;
    std::unique_ptr<CheckedFiles> m_files;
    VSILFILE *m_file = nullptr;
};

TEST_P(FilePositions, areSet)
{
    EXPECT_EQ(VSIFTellL(m_file), 0);
    ASSERT_EQ(VSIFSeekL(m_file, 4, SEEK_SET), 0);
    EXPECT_EQ(VSIFTellL(m_file), 4);
    EXPECT_EQ(read(3), "456");
    EXPECT_EQ(VSIFTellL(m_file), 7);
}

TEST_P(FilePositions, areMovedFromWhereTheyAre)
{
    ASSERT_EQ(read(5).size(), 5);
    ASSERT_EQ(VSIFSeekL(m_file, 2, SEEK_CUR), 0);
    EXPECT_EQ(VSIFTellL(m_file), 7);
    EXPECT_EQ(read(2), "78");
    ASSERT_EQ(VSIFSeekL(m_file, 0, SEEK_CUR), 0);
    EXPECT_EQ(VSIFTellL(m_file), 9);
    ASSERT_EQ(VSIFSeekL(m_file, negative(4), SEEK_CUR), 0);
    EXPECT_EQ(VSIFTellL(m_file), 5);
    EXPECT_EQ(read(1), "5");
}

TEST_P(FilePositions, areMovedFromTheEnd)
{
    ASSERT_EQ(VSIFSeekL(m_file, 0, SEEK_END), 0);
    EXPECT_EQ(VSIFTellL(m_file), 10);
    ASSERT_EQ(VSIFSeekL(m_file, negative(3), SEEK_END), 0);
    EXPECT_EQ(VSIFTellL(m_file), 7);
    EXPECT_EQ(read(10), "789");
}

TEST_P(FilePositions, mayBeBehindTheEndWhereNothingIsRead)
{
    ASSERT_EQ(VSIFSeekL(m_file, 25, SEEK_SET), 0);
    EXPECT_EQ(VSIFTellL(m_file), 25);
    EXPECT_EQ(read(4), "");
    EXPECT_TRUE(VSIFEofL(m_file));
    EXPECT_EQ(VSIFTellL(m_file), 25);
    ASSERT_EQ(VSIFSeekL(m_file, negative(20), SEEK_CUR), 0);
    EXPECT_FALSE(VSIFEofL(m_file));
    EXPECT_EQ(read(2), "56");
}

TEST_P(FilePositions, areNeverBeforeTheBeginning)
{
    ASSERT_EQ(read(3).size(), 3);
    EXPECT_NE(VSIFSeekL(m_file, negative(4), SEEK_CUR), 0);
    EXPECT_EQ(VSIFTellL(m_file), 3);
    EXPECT_NE(VSIFSeekL(m_file, negative(11), SEEK_END), 0);
    EXPECT_EQ(VSIFTellL(m_file), 3);
    EXPECT_NE(VSIFSeekL(m_file, negative(1), SEEK_SET), 0);
    EXPECT_EQ(VSIFTellL(m_file), 3);
    EXPECT_EQ(read(2), "34");
}

TEST_P(FilePositions, areAtTheEndAfterAReadThatWantedMore)
{
    ASSERT_EQ(VSIFSeekL(m_file, 8, SEEK_SET), 0);
    EXPECT_EQ(read(2), "89");
    EXPECT_FALSE(VSIFEofL(m_file));
    EXPECT_EQ(read(1), "");
    EXPECT_TRUE(VSIFEofL(m_file));
    EXPECT_FALSE(VSIFErrorL(m_file));
    // Nothing was asked, so nothing is known anew.
    EXPECT_EQ(read(0), "");
    EXPECT_TRUE(VSIFEofL(m_file));
    VSIFClearErrL(m_file);
    EXPECT_FALSE(VSIFEofL(m_file));
}

TEST_P(FilePositions, stayWhereTheyAreIfAWriteIsRefused)
{
    ASSERT_EQ(read(3).size(), 3);
    EXPECT_EQ(VSIFWriteL("x", 1, 1, m_file), 0);
    EXPECT_TRUE(VSIFErrorL(m_file));
    EXPECT_FALSE(VSIFEofL(m_file));
    VSIFClearErrL(m_file);
    EXPECT_FALSE(VSIFErrorL(m_file));
    EXPECT_EQ(read(2), "34");
}

const std::string plain = "0123456789";
/// A file that begins so is one that the netCDF library may have mapped.
const std::string netcdf = "CDF3456789";

INSTANTIATE_TEST_SUITE_P(
    Of, FilePositions,
    testing::Values(Kind{"Gdal", plain, Made::ByGdal},
                    Kind{"Checked", plain, Made::ByCheckedFiles},
                    Kind{"Mapped", netcdf, Made::ByCheckedFiles},
                    Kind{"Memory", plain, Made::InMemory}),
    [](const auto &kind) { return kind.param.name; });

}  // namespace
}  // namespace mdimappend

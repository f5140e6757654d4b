// A file that GDAL writes into memory: what was written where it was written,
// handed over once.

#include "vsi/memory_files.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace mdimappend
{
namespace
{

class WrittenFile : public testing::Test
{
  protected:
    void write(const std::string &bytes)
    {
        EXPECT_EQ(VSIFWriteL(bytes.data(), 1, bytes.size(), m_file.get()),
                  bytes.size());
    }

    bool m_accepts = true;
    std::vector<std::string> m_taken{};
    VsiFile m_file = fileForBytes(
        [this](std::string_view bytes)
        {
            m_taken.emplace_back(bytes);
            return m_accepts;
        });
};

TEST_F(WrittenFile, isHandedOverWhenItIsClosed)
{
    write("abc");
    write("def");
    EXPECT_TRUE(m_taken.empty());
    EXPECT_TRUE(m_file.close());
    EXPECT_EQ(m_taken, std::vector<std::string>{"abcdef"});
}

TEST_F(WrittenFile, isHandedOverIfNobodyClosesIt)
{
    write("abc");
    m_file = VsiFile();
    EXPECT_EQ(m_taken, std::vector<std::string>{"abc"});
}

TEST_F(WrittenFile, failsToCloseIfItIsNotTaken)
{
    m_accepts = false;
    write("abc");
    EXPECT_FALSE(m_file.close());
    EXPECT_EQ(m_taken.size(), 1);
}

TEST_F(WrittenFile, isWrittenWhereOneHasMovedTo)
{
    write("abcdef");
    ASSERT_EQ(VSIFSeekL(m_file.get(), ~vsi_l_offset{3}, SEEK_CUR), 0);
    EXPECT_EQ(VSIFTellL(m_file.get()), 2);
    write("X");
    ASSERT_EQ(VSIFSeekL(m_file.get(), 2, SEEK_END), 0);
    write("Y");
    EXPECT_TRUE(m_file.close());
    EXPECT_EQ(m_taken.at(0), std::string("abXdef\0\0Y", 9));
}

TEST_F(WrittenFile, isNotLongerForAPositionBehindItsEnd)
{
    write("abc");
    ASSERT_EQ(VSIFSeekL(m_file.get(), 100, SEEK_SET), 0);
    write("");
    EXPECT_TRUE(m_file.close());
    EXPECT_EQ(m_taken.at(0), "abc");
}

TEST_F(WrittenFile, isNotReadBack)
{
    write("abc");
    ASSERT_EQ(VSIFSeekL(m_file.get(), 0, SEEK_SET), 0);
    char byte = 0;
    EXPECT_EQ(VSIFReadL(&byte, 1, 1, m_file.get()), 0);
    EXPECT_TRUE(VSIFErrorL(m_file.get()));
}

}  // namespace
}  // namespace mdimappend

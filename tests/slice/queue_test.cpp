// Slices that come from a list, a pipe or a FIFO.

#include "append/slice_queue.h"
#include "slice/slice_test_support.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cpl_vsi.h>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mdimappend
{
namespace
{

using namespace slice_testing;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

class SliceQueued : public SliceTest
{
  protected:
    std::unique_ptr<SliceQueue> open(const std::string &from,
                                     std::vector<std::string> named = {},
                                     std::function<bool()> cancelled = {})
    {
        std::vector<SliceInput> slices;
        for (std::string &name : named)
        {
            slices.emplace_back();
            slices.back().name = std::move(name);
        }
        auto queue =
            SliceQueue::open(std::move(slices), from, std::move(cancelled));
        if (!queue)
            throw std::runtime_error(queue.status().message());
        return std::move(*queue);
    }

    std::unique_ptr<SliceQueue> openText(const std::string &text)
    {
        write("list", text);
        return open(path("list"));
    }

    /// "NAME", "NAME|LABEL", or "! MESSAGE".
    static std::string following(SliceQueue &queue)
    {
        auto slice = queue.next();
        if (!slice)
            return "! " + slice.status().message();
        if (!*slice)
            return "end";
        const SliceInput &input = **slice;
        return input.name + (input.label ? "|" + *input.label : "");
    }

    static std::vector<std::string> all(SliceQueue &queue)
    {
        std::vector<std::string> slices;
        for (std::string each = following(queue); each != "end";
             each = following(queue))
            slices.push_back(each);
        return slices;
    }

    /// The only line's failure; the queue goes on after it.
    std::string failureOf(const std::string &line)
    {
        const auto queue = openText(line + "\nb.nc\n");
        auto slice = queue->next();
        if (slice)
            return "none";
        EXPECT_EQ(slice.status().kind(), Failure::Unavailable);
        EXPECT_EQ(following(*queue), "b.nc");
        return slice.status().message();
    }

    std::string usageFailure(const std::string &from)
    {
        const auto queue = SliceQueue::open({}, from, {});
        if (queue)
            return "none";
        EXPECT_EQ(queue.status().kind(), Failure::Usage);
        return queue.status().message();
    }
};

/// Standard input is the end of a pipe while it lives.
class PipedInput
{
  public:
    PipedInput() : m_before(dup(STDIN_FILENO))
    {
        int ends[2];
        if (pipe(ends) != 0)
            throw std::runtime_error("no pipe");
        dup2(ends[0], STDIN_FILENO);
        ::close(ends[0]);
        m_end = ends[1];
    }

    ~PipedInput()
    {
        close();
        dup2(m_before, STDIN_FILENO);
        ::close(m_before);
    }

    void send(const std::string &text) const
    {
        if (::write(m_end, text.data(), text.size()) !=
            static_cast<ssize_t>(text.size()))
            throw std::runtime_error("pipe");
    }

    void close()
    {
        if (m_end >= 0)
            ::close(m_end);
        m_end = -1;
    }

  private:
    int m_before;
    int m_end = -1;
};

TEST_F(SliceQueued, namedOnesComeFirst)
{
    write("list", "c.nc\n");
    const auto queue = open(path("list"), {"a.nc", "b.nc"});
    EXPECT_FALSE(queue->knowsAll());
    EXPECT_EQ(queue->known(), 2u);
    EXPECT_EQ(following(*queue), "a.nc");
    EXPECT_TRUE(queue->knowsAll());
    EXPECT_EQ(queue->known(), 3u);
    EXPECT_THAT(all(*queue), ElementsAre("b.nc", "c.nc"));
    EXPECT_EQ(following(*queue), "end");
}

TEST_F(SliceQueued, withoutAListAllAreKnown)
{
    const auto queue = open("", {"a.nc"});
    EXPECT_TRUE(queue->knowsAll());
    EXPECT_EQ(queue->known(), 1u);
    EXPECT_THAT(all(*queue), ElementsAre("a.nc"));
}

TEST_F(SliceQueued, linesAreNamesAsTheyStand)
{
    const auto queue =
        openText("a b.nc\n\n  c.nc \t\r\n \t\nNETCDF:\"x y.nc\":sst\n"
                 "# d.nc\n\xe9.nc\nlast.nc");
    EXPECT_THAT(all(*queue),
                ElementsAre("a b.nc", "  c.nc", "NETCDF:\"x y.nc\":sst",
                            "# d.nc", "\xe9.nc", "last.nc"));
}

TEST_F(SliceQueued, byteOrderMarkIsNoPartOfAName)
{
    EXPECT_THAT(all(*openText("\xEF\xBB\xBF"
                              "a.nc\r\nb.nc\r\n")),
                ElementsAre("a.nc", "b.nc"));
}

TEST_F(SliceQueued, linesMayBeJson)
{
    const auto queue = openText(R"({"slice": "a.nc"}
{"label": "2020-01-01", "slice": "{b}.nc"}
{"slice": "c.nc", "label": 20200101}
{"slice": "d.nc", "label": 2.5}
{"slice": "e.nc", "label": 18446744073709551615} )");
    EXPECT_THAT(all(*queue),
                ElementsAre("a.nc", "{b}.nc|2020-01-01", "c.nc|20200101",
                            "d.nc|2.5", "e.nc|18446744073709551615"));
}

TEST_F(SliceQueued, linesThatCannotBeUnderstoodAreNamedAndPassedOver)
{
    EXPECT_EQ(failureOf(R"({"slice": "a", "lable": 1})"),
              "--slices-from '" + path("list") +
                  R"(', line 1 ({"slice": "a", "lable": 1}): has an unknown )"
                  "member 'lable'; expected slice or label.");
    EXPECT_THAT(failureOf("{a.nc}"), HasSubstr("is not valid JSON, at byte "));
    EXPECT_THAT(
        failureOf("{\"slice\": \"\xff\"}"),
        AllOf(HasSubstr("is not valid JSON"), HasSubstr("({\"slice\": \"?")));
    EXPECT_THAT(failureOf(R"({"slice": "a"} x)"),
                HasSubstr("is not valid JSON"));
    EXPECT_THAT(failureOf(R"({"slice": 1})"), HasSubstr("is not a string"));
    EXPECT_THAT(failureOf(R"({"label": 1})"), HasSubstr("names no slice"));
    EXPECT_THAT(failureOf(R"({"slice": "a", "label": null})"),
                HasSubstr("'label' is neither a string nor a number"));
    EXPECT_THAT(failureOf(R"({"slice": "a", "label": NaN})"),
                HasSubstr("'label' is neither a string nor a number"));
    EXPECT_THAT(failureOf(R"({"slice": "a\u0000b"})"),
                HasSubstr("has a NUL character"));
    EXPECT_THAT(failureOf(std::string("a\0b", 3)),
                HasSubstr("line 1 (a?b): has a NUL byte"));
}

TEST_F(SliceQueued, longLinesArePassedOverWithoutBeingKept)
{
    const std::string name(65536, 'a');
    const auto queue =
        openText("b.nc\n" + name + "\n" + name + "a\n" +
                 std::string(3 << 20, 'c') + "\nd.nc\n" + name + "aa");
    EXPECT_EQ(following(*queue), "b.nc");
    EXPECT_EQ(following(*queue), name);
    const std::string why = following(*queue);
    EXPECT_THAT(why, AllOf(HasSubstr(", line 3 (aaaa"),
                           HasSubstr("...): is longer than 64 KiB")));
    EXPECT_LT(why.size(), 400u);
    EXPECT_THAT(following(*queue), HasSubstr(", line 4 (cccc"));
    EXPECT_EQ(following(*queue), "d.nc");
    EXPECT_THAT(following(*queue), HasSubstr("line 6"));
    EXPECT_EQ(following(*queue), "end");
}

TEST_F(SliceQueued, longListsAreReadToTheirEnd)
{
    std::string text;
    for (int i = 0; i < 30000; ++i)
        text += std::to_string(i) + ".nc\n";
    const auto queue = openText(text);
    EXPECT_EQ(following(*queue), "0.nc");
    EXPECT_FALSE(queue->knowsAll());
    EXPECT_THAT(all(*queue), SizeIs(29999));
    EXPECT_EQ(queue->known(), 30000u);
}

TEST_F(SliceQueued, filesOfGdalsFileSystemsAreListsToo)
{
    const std::string name = "/vsimem/mdimappend_queue";
    VSILFILE *file = VSIFOpenL(name.c_str(), "wb");
    VSIFWriteL("a.nc\nb.nc", 1, 9, file);
    VSIFCloseL(file);
    EXPECT_THAT(all(*open(name)), ElementsAre("a.nc", "b.nc"));
    VSIUnlink(name.c_str());
    EXPECT_THAT(usageFailure(name), HasSubstr("cannot be opened"));
}

TEST_F(SliceQueued, whatCannotBeOpenedIsWrongUsage)
{
    EXPECT_EQ(usageFailure(path("none")),
              "--slices-from '" + path("none") +
                  "' cannot be opened: No such file or directory.");
    EXPECT_THAT(usageFailure(folder.string()), HasSubstr("is a folder"));
}

TEST_F(SliceQueued, standardInputIsReadAsItComes)
{
    PipedInput input;
    const auto queue = open("-");
    input.send("a.nc\nb");
    EXPECT_EQ(following(*queue), "a.nc");
    EXPECT_FALSE(queue->knowsAll());
    EXPECT_EQ(queue->known(), 1u);
    std::thread sender(
        [&]
        {
            for (const char *piece : {".n", "c\nc", ".nc", "\nd.nc\ne"})
            {
                std::this_thread::sleep_for(milliseconds(20));
                input.send(piece);
            }
            input.close();
        });
    EXPECT_THAT(all(*queue), ElementsAre("b.nc", "c.nc", "d.nc", "e"));
    EXPECT_TRUE(queue->knowsAll());
    sender.join();
}

TEST_F(SliceQueued, fifoIsOpenBeforeSomebodyWritesToIt)
{
    const std::string fifo = path("fifo");
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    const auto queue = open(fifo, {"a.nc"});
    EXPECT_EQ(following(*queue), "a.nc");
    EXPECT_FALSE(queue->knowsAll());
    std::thread sender(
        [&]
        {
            std::this_thread::sleep_for(milliseconds(50));
            std::ofstream(fifo) << "b.nc\nc.nc\n";
        });
    EXPECT_THAT(all(*queue), ElementsAre("b.nc", "c.nc"));
    sender.join();
}

TEST_F(SliceQueued, waitingIsInterruptedAtOnce)
{
    PipedInput input;
    std::atomic<bool> stop = false;
    const auto queue = open("-", {}, [&] { return stop.load(); });
    std::thread stopper(
        [&]
        {
            std::this_thread::sleep_for(milliseconds(50));
            stop = true;
        });
    const auto started = Clock::now();
    const auto slice = queue->next();
    ASSERT_FALSE(slice);
    EXPECT_EQ(slice.status().kind(), Failure::Interrupted);
    EXPECT_LT(Clock::now() - started, std::chrono::seconds(10));
    stopper.join();
    // It may be asked again: nothing is lost.
    input.send("a.nc\n");
    stop = false;
    EXPECT_EQ(following(*queue), "a.nc");
}

TEST_F(SliceQueued, theEndIsTheEndEvenIfCancelled)
{
    const auto queue = open("", {}, [] { return true; });
    EXPECT_EQ(following(*queue), "end");
}

TEST_F(SliceQueued, failedReadsAreErrorsAndTheEnd)
{
    // Nothing is at address 0.
    if (!std::filesystem::exists("/proc/self/mem"))
        GTEST_SKIP();
    const auto queue = open("/proc/self/mem");
    const auto slice = queue->next();
    ASSERT_FALSE(slice);
    EXPECT_EQ(slice.status().kind(), Failure::Error);
    EXPECT_THAT(slice.status().message(),
                HasSubstr("reading failed after line 0: "));
    EXPECT_EQ(following(*queue), "end");
}

}  // namespace
}  // namespace mdimappend

// Trace lines reach a listener from all threads, and cost nothing without one.

#include "trace.h"

#include "trace_listener.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace mdimappend
{
namespace
{

using testing::ElementsAre;
using testing::IsEmpty;

using Lines = std::vector<std::string>;

void CPL_STDCALL keep(CPLErr kind, CPLErrorNum, const char *text)
{
    if (kind == CE_Debug)
        static_cast<Lines *>(CPLGetErrorHandlerUserData())->push_back(text);
}

class Traced : public testing::Test
{
  protected:
    Traced()
    {
        CPLPushErrorHandlerEx(keep, &m_lines);
    }

    ~Traced() override
    {
        CPLPopErrorHandler();
        CPLSetThreadLocalConfigOption("MDIMAPPEND_TRACE", nullptr);
        CPLSetThreadLocalConfigOption("CPL_DEBUG", nullptr);
    }

    static void askForHandler()
    {
        CPLSetThreadLocalConfigOption("MDIMAPPEND_TRACE", "HANDLER");
    }

    Lines m_lines;
};

TEST_F(Traced, nothingIsSaidWhileNobodyAsks)
{
    const TraceListener listener;
    EXPECT_FALSE(isTraced());
    trace("", "a line");
    EXPECT_THAT(m_lines, IsEmpty());
}

TEST_F(Traced, cplDebugAsksForIt)
{
    CPLSetThreadLocalConfigOption("CPL_DEBUG", "MDIMAPPEND");
    EXPECT_TRUE(isTraced());
    trace("17", "chunks: ", 3);
    EXPECT_THAT(m_lines, ElementsAre("MDIMAPPEND: 17: chunks: 3"));
}

TEST_F(Traced, aListenerHearsOtherThreads)
{
    askForHandler();
    {
        const TraceListener listener;
        EXPECT_TRUE(isTraced());
        trace("", "here");
        std::thread([] { trace("", "there"); }).join();
    }
    EXPECT_FALSE(isTraced());
    std::thread([] { trace("", "late"); }).join();
    EXPECT_THAT(m_lines, ElementsAre("MDIMAPPEND: here", "MDIMAPPEND: there"));
}

TEST_F(Traced, aListenerHearsWhatIsSaidWhileGdalIsQuiet)
{
    askForHandler();
    const TraceListener listener;
    const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    trace("", "a line");
    EXPECT_THAT(m_lines, ElementsAre("MDIMAPPEND: a line"));
}

TEST_F(Traced, eachLineIsHeardOnceAndByTheThreadsOwnListener)
{
    askForHandler();
    const TraceListener listener;
    Lines others;
    std::thread(
        [&]
        {
            CPLPushErrorHandlerEx(keep, &others);
            askForHandler();
            const TraceListener another;
            trace("", "there");
            CPLPopErrorHandler();
        })
        .join();
    trace("", "here");
    EXPECT_THAT(m_lines, ElementsAre("MDIMAPPEND: here"));
    EXPECT_THAT(others, ElementsAre("MDIMAPPEND: there"));
}

TEST_F(Traced, aRehearsalIsNotHeardByOthers)
{
    askForHandler();
    const TraceListener listener;
    std::thread(
        []
        {
            CPLSetThreadLocalConfigOption("MDIMAPPEND_TRACE", "NONE");
            const TraceListener rehearsal;
            trace("", "there");
        })
        .join();
    trace("", "here");
    EXPECT_THAT(m_lines, ElementsAre("MDIMAPPEND: here"));
}

TEST_F(Traced, aRehearsalKeepsNobodyElseFromBeingHeard)
{
    CPLSetThreadLocalConfigOption("MDIMAPPEND_TRACE", "NONE");
    const TraceListener rehearsal;
    CPLSetThreadLocalConfigOption("CPL_DEBUG", "MDIMAPPEND");
    trace("", "here");
    EXPECT_THAT(m_lines, IsEmpty());
    std::thread(
        [this]
        {
            CPLPushErrorHandlerEx(keep, &m_lines);
            CPLSetThreadLocalConfigOption("CPL_DEBUG", "MDIMAPPEND");
            trace("", "there");
            CPLPopErrorHandler();
        })
        .join();
    EXPECT_THAT(m_lines, ElementsAre("MDIMAPPEND: there"));
}

void CPL_STDCALL traceItself(CPLErr, CPLErrorNum, const char *text)
{
    trace("again", text);
    keep(CE_Debug, CPLE_None, text);
}

TEST_F(Traced, aHandlerThatIsTracedDoesNotWaitForItself)
{
    askForHandler();
    CPLPushErrorHandlerEx(traceItself, &m_lines);
    {
        const TraceListener listener;
        trace("", "a line");
    }
    CPLPopErrorHandler();
    EXPECT_THAT(m_lines, ElementsAre("MDIMAPPEND: a line"));
}

}  // namespace
}  // namespace mdimappend

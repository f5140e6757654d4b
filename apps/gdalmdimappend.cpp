// The standalone command: the algorithm of `gdal mdim append`, with its own
// exit statuses and a clean end on SIGINT and SIGTERM.

#include "mdim_append_algorithm.h"
#include "secrets.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <gdal.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <iostream>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace
{

volatile std::sig_atomic_t caughtSignal = 0;

void catchSignal(int number)
{
    constexpr std::string_view said =
        "\nundoing what is under way; once more ends at once ...\n";
    const int before = errno;
    if (caughtSignal == 0)
        static_cast<void>(write(STDERR_FILENO, said.data(), said.size()) == 0);
    errno = before;
    caughtSignal = number;
    // A second one ends the process at once; the next run recovers.
    static_cast<void>(std::signal(number, SIG_DFL));
}

/// `--version`, which GDAL would answer with its own only.
bool asksForVersion(int argc, char **argv)
{
    for (int i = 1; i < argc; ++i)
    {
        if (std::string_view(argv[i]) == "--version")
            return true;
    }
    return false;
}

int run(int argc, char **argv)
{
    mdimappend::MdimAppendAlgorithm algorithm;
    algorithm.SetCallPath({"gdalmdimappend"});
    algorithm.SetCalledFromCommandLine();
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    // Others read it in the lock and in the log.
    algorithm.setStandalone(
        mdimappend::commandWithoutSecrets("gdalmdimappend", arguments));
    algorithm.m_cancelled = [] { return caughtSignal != 0; };

    if (!algorithm.ParseCommandLineArguments(arguments))
    {
        std::cerr << algorithm.GetUsageForCLI(true);
        return 2;
    }
    if (algorithm.IsHelpRequested())
    {
        std::cout << algorithm.GetUsageForCLI(false).c_str();
        return 0;
    }
    if (algorithm.IsJSONUsageRequested())
    {
        std::cout << algorithm.GetUsageAsJSON().c_str();
        return 0;
    }
    static_cast<void>(std::signal(SIGINT, catchSignal));
    static_cast<void>(std::signal(SIGTERM, catchSignal));
    const bool done = algorithm.Run(
        algorithm.IsProgressBarRequested() ? GDALTermProgress : nullptr,
        nullptr);
    std::cout << algorithm.outputString().c_str();
    if (!std::cout.flush() && done)
    {
        std::cerr << "ERROR 1: cannot write to standard output. What is in the "
                     "target, `gdal driver mdimappend log` says.\n";
        return 1;
    }
    if (!done && caughtSignal != 0)
        return 128 + caughtSignal;
    return algorithm.returnCode();
}

/// A standard stream that the caller has closed would be the next file that is
/// opened, and what is meant for a human would be written into that. Reading
/// fails as it would have.
void occupyStandardStreams()
{
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    {
        if (fcntl(fd, F_GETFD) < 0)
            static_cast<void>(
                open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDWR));
    }
}

/// Buffers of some MiB come and go with each block and each chunk. Memory that
/// went back to the system costs a page fault for each 4 KiB of the next one.
void keepMemory()
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

}  // namespace

int main(int argc, char **argv)
{
    occupyStandardStreams();
    keepMemory();
    if (asksForVersion(argc, argv))
    {
        std::cout << "gdalmdimappend " MDIMAPPEND_VERSION ", with "
                  << GDALVersionInfo("--version") << "\n";
        return std::cout.flush() ? 0 : 1;
    }
    GDALAllRegister();
    argc = GDALGeneralCmdLineProcessor(argc, &argv, 0);
    if (argc < 1)
        return -argc;
    const int status = run(argc, argv);
    CSLDestroy(argv);
    GDALDestroy();
    return status;
}

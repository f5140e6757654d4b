// The standalone command: the algorithm of `gdal mdim append`, with its own
// exit statuses and a clean end on SIGINT and SIGTERM.

#include "mdim_append_algorithm.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <gdal.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

namespace
{

volatile std::sig_atomic_t caughtSignal = 0;

void catchSignal(int number)
{
    caughtSignal = number;
    // A second one ends the process at once; the next run recovers.
    std::signal(number, SIG_DFL);
}

int run(int argc, char **argv)
{
    mdimappend::MdimAppendAlgorithm algorithm;
    algorithm.SetCallPath({"gdalmdimappend"});
    algorithm.SetCalledFromCommandLine();
    std::string command = "gdalmdimappend";
    std::vector<std::string> arguments;
    for (int i = 1; i < argc; ++i)
    {
        arguments.emplace_back(argv[i]);
        command += " " + arguments.back();
    }
    algorithm.setCommand(command);
    algorithm.m_cancelled = [] { return caughtSignal != 0; };

    if (!algorithm.ParseCommandLineArguments(arguments))
    {
        std::fprintf(stderr, "%s", algorithm.GetUsageForCLI(true).c_str());
        return 2;
    }
    if (algorithm.IsHelpRequested())
    {
        std::printf("%s", algorithm.GetUsageForCLI(false).c_str());
        return 0;
    }
    if (algorithm.IsJSONUsageRequested())
    {
        std::printf("%s", algorithm.GetUsageAsJSON().c_str());
        return 0;
    }
    std::signal(SIGINT, catchSignal);
    std::signal(SIGTERM, catchSignal);
    const bool done = algorithm.Run(
        algorithm.IsProgressBarRequested() ? GDALTermProgress : nullptr,
        nullptr);
    std::printf("%s", algorithm.outputString().c_str());
    if (std::fflush(stdout) != 0 && done)
        return 1;
    if (!done && caughtSignal != 0)
        return 128 + caughtSignal;
    return algorithm.returnCode();
}

}  // namespace

int main(int argc, char **argv)
{
    GDALAllRegister();
    argc = GDALGeneralCmdLineProcessor(argc, &argv, 0);
    if (argc < 1)
        return -argc;
    const int status = run(argc, argv);
    CSLDestroy(argv);
    GDALDestroy();
    return status;
}

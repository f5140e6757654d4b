// The command, and the verbs of `gdal driver mdimappend`, started many times
// and loaded once: nine tenths of the time of a short run are the loading of
// GDAL's hundred and fifty libraries. For autotest/started.py.
//
//   mdimappend_started NAME
//
// listens at the abstract Unix socket NAME. A request is two numbers (8 bytes
// each, in native order), which come with three descriptors (standard input,
// output and error), and texts that end with a null byte: the working folder,
// the arguments, the environment. MDIMAPPEND_STARTED_MEMORY in it is the most
// address space that the command may take, in bytes. The numbers say how long
// the texts are and how many are arguments. A child, forked before anything has
// run, becomes the command; the answer is its process id and later its wait
// status (two ints).

#define main commandMain
#include "../apps/gdalmdimappend.cpp"
#undef main

#include <gdalalgorithm.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

namespace
{

using Streams = std::array<int, 3>;

struct Request
{
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::string folder;
    Streams streams = {};
};

[[noreturn]] void die(const char *what)
{
    perror(what);
    _exit(1);
}

bool readWhole(int socket, void *into, std::size_t size)
{
    auto *place = static_cast<char *>(into);
    while (size > 0)
    {
        const auto got = read(socket, place, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        place += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

struct Head
{
    std::uint64_t size = 0;
    std::uint64_t arguments = 0;
};

/// And the descriptors that come with it.
std::optional<Head> readHead(int socket, Streams &streams)
{
    Head head;
    iovec part = {&head, sizeof(head)};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(Streams))> control = {};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (recvmsg(socket, &message, MSG_WAITALL) != sizeof(head))
        return std::nullopt;
    const cmsghdr *const rights = CMSG_FIRSTHDR(&message);
    if (!rights || rights->cmsg_len != CMSG_LEN(sizeof(Streams)))
        return std::nullopt;
    std::memcpy(streams.data(), CMSG_DATA(rights), sizeof(Streams));
    return head;
}

std::vector<std::string> split(const std::string &texts)
{
    std::vector<std::string> found;
    for (std::size_t begin = 0; begin < texts.size();
         begin += found.back().size() + 1)
        found.emplace_back(texts.c_str() + begin);
    return found;
}

std::optional<Request> readRequest(int socket)
{
    Request request;
    const auto head = readHead(socket, request.streams);
    if (!head)
        return std::nullopt;
    std::string whole(head->size, '\0');
    if (!readWhole(socket, whole.data(), whole.size()))
        return std::nullopt;
    const auto texts = split(whole);
    const auto arguments = texts.begin() + 1;
    const auto environment =
        arguments + static_cast<std::ptrdiff_t>(head->arguments);
    request.folder = texts.front();
    request.arguments.assign(arguments, environment);
    request.environment.assign(environment, texts.end());
    return request;
}

std::vector<char *> pointers(std::vector<std::string> &texts)
{
    std::vector<char *> found;
    for (auto &text : texts)
        found.push_back(text.data());
    found.push_back(nullptr);
    return found;
}

/// As `prlimit --as=... --core=0` would have it.
void limitMemory()
{
    const char *const most = getenv("MDIMAPPEND_STARTED_MEMORY");
    if (!most)
        return;
    const rlimit memory = {std::strtoull(most, nullptr, 10),
                           std::strtoull(most, nullptr, 10)};
    const rlimit core = {0, 0};
    if (setrlimit(RLIMIT_AS, &memory) != 0 ||
        setrlimit(RLIMIT_CORE, &core) != 0)
        die("setrlimit");
}

/// As the program `gdal`, which finds the verbs in the plugin.
int gdalMain(int argc, char **argv)
{
    GDALAllRegister();
    argc = GDALGeneralCmdLineProcessor(
        argc, &argv, GDAL_OF_RASTER | GDAL_OF_VECTOR | GDAL_OF_MULTIDIM_RASTER);
    if (argc < 1)
        return -argc;
    const auto algorithm =
        GDALGlobalAlgorithmRegistry::GetSingleton().Instantiate(
            GDALGlobalAlgorithmRegistry::ROOT_ALG_NAME);
    algorithm->SetCalledFromCommandLine();
    if (!algorithm->ParseCommandLineArguments({argv + 1, argv + argc}))
    {
        std::cerr << algorithm->GetUsageForCLI(true);
        return 1;
    }
    const bool done = algorithm->Run() && algorithm->Finalize();
    const auto &verb = algorithm->GetActualAlgorithm();
    if (const auto *output = verb.GetArg("output-string"); done && output)
        std::cout << output->Get<std::string>() << std::flush;
    if (const auto *code = verb.GetArg("return-code"))
        return code->Get<int>();
    return done ? 0 : 1;
}

[[noreturn]] void become(Request &request)
{
    for (int i = 0; i < 3; ++i)
        if (dup2(request.streams[static_cast<std::size_t>(i)], i) < 0)
            _exit(127);
    for (const int stream : request.streams)
        if (stream > STDERR_FILENO)
            close(stream);
    clearenv();
    for (auto &variable : request.environment)
        putenv(variable.data());
    limitMemory();
    if (chdir(request.folder.c_str()) != 0)
        die(request.folder.c_str());
    auto arguments = pointers(request.arguments);
    const auto run =
        request.arguments.front() == "gdal" ? gdalMain : commandMain;
    exit(run(static_cast<int>(request.arguments.size()), arguments.data()));
}

void tell(int socket, int number)
{
    if (send(socket, &number, sizeof(number), MSG_NOSIGNAL) < 0)
        _exit(1);
}

/// In a process of its own: starts the command and waits for it.
[[noreturn]] void answer(int socket)
{
    auto request = readRequest(socket);
    if (!request)
        _exit(1);
    const pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0)
    {
        close(socket);
        become(*request);
    }
    for (const int stream : request->streams)
        close(stream);
    tell(socket, child);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    tell(socket, status);
    _exit(0);
}

int listenAt(const std::string &name)
{
    const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    // One that begins with a null byte is no file.
    name.copy(address.sun_path + 1, sizeof(address.sun_path) - 1);
    const auto length = offsetof(sockaddr_un, sun_path) + 1 + name.size();
    if (listening < 0 ||
        bind(listening, reinterpret_cast<const sockaddr *>(&address),
             static_cast<socklen_t>(length)) != 0 ||
        listen(listening, SOMAXCONN) != 0)
        die("listen");
    return listening;
}

}  // namespace

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int listening = listenAt(argv[1]);
    // Whoever started this waits for it.
    std::cout << "listening" << std::endl;
    while (true)
    {
        const int socket = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
        while (waitpid(-1, nullptr, WNOHANG) > 0)
            ;
        if (socket < 0)
            continue;
        if (fork() == 0)
        {
            close(listening);
            answer(socket);
        }
        close(socket);
    }
}

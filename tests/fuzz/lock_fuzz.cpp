// What the file of a lock says of its holder.

#include "fuzz.h"

#include "lock/lock.h"

#include <fcntl.h>
#include <unistd.h>

using namespace mdimappend;
using fuzzing::expect;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    static const std::string folder = []
    {
        // In memory: a disk is too slow for this.
        char name[] = "/dev/shm/lock_fuzz.XXXXXX";
        expect(mkdtemp(name) != nullptr,
               "there is a folder for temporary files");
        return std::string(name);
    }();
    static const std::string path = folder + "/lock";
    static const int removedAtExit = std::atexit(
        []
        {
            unlink(path.c_str());
            rmdir(folder.c_str());
        });
    static_cast<void>(removedAtExit);
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    expect(write(fd, bytes, size) == static_cast<ssize_t>(size),
           "it is written");
    close(fd);
    const auto state = peekLocalLock(path);
    expect(bool(state), "a lock with any text can be looked at");
    expect(!state->held, "and nobody holds it");
    state->holder.describe();
    return 0;
}

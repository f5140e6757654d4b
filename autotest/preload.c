/* Preloaded by tests (preload.py): stops the process right before a chosen call
 * on a file, makes calls fail, and shifts the wall clock without touching the
 * system's.
 *
 *   PRELOAD_STOP=CALL,PART,N    SIGSTOP before the N-th CALL (open, link,
 * rename, unlink, syncfs) whose path, or new name, contains PART
 *   PRELOAD_FAIL=ERRNO,PART,N   from the N-th call on that would change
 * something at a path that contains PART, all of them fail; EDQUOT and ENOSPC
 * only those that need space PRELOAD_CLOCK=FILE          seconds to add to the
 * wall clock, read at each look
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void stop_before(const char *call, const char *path)
{
    static int seen = 0;
    const char *wanted = getenv("PRELOAD_STOP");
    char name[32];
    char part[256];
    int number = 0;
    if (!wanted || !path ||
        sscanf(wanted, "%31[^,],%255[^,],%d", name, part, &number) != 3 ||
        strcmp(name, call) != 0 || !strstr(path, part))
        return;
    if (__atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST) == number)
        kill(getpid(), SIGSTOP);
}

static int fails(const char *path, int grows)
{
    static int seen = 0;
    const char *wanted = getenv("PRELOAD_FAIL");
    char part[256];
    int code = 0;
    int number = 0;
    if (!wanted || !path ||
        sscanf(wanted, "%d,%255[^,],%d", &code, part, &number) != 3 ||
        !strstr(path, part) || (!grows && (code == EDQUOT || code == ENOSPC)) ||
        __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST) < number)
        return 0;
    errno = code;
    return 1;
}

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static int opened(const char *name, const char *path, int flags, mode_t mode)
{
    if (flags & O_CREAT)
        stop_before("open", path);
    if ((flags & (O_CREAT | O_WRONLY | O_RDWR)) && fails(path, 1))
        return -1;
    return REAL(int, name, const char *, int, ...)(path, flags, mode);
}

#define OPEN(name)                                                             \
    int name(const char *path, int flags, ...)                                 \
    {                                                                          \
        va_list more;                                                          \
        va_start(more, flags);                                                 \
        const mode_t mode = va_arg(more, mode_t);                              \
        va_end(more);                                                          \
        return opened(#name, path, flags, mode);                               \
    }
OPEN(open)
OPEN(open64)

int link(const char *from, const char *to)
{
    stop_before("link", to);
    if (fails(to, 1))
        return -1;
    return REAL(int, "link", const char *, const char *)(from, to);
}

int rename(const char *from, const char *to)
{
    stop_before("rename", to);
    if (fails(to, 0))
        return -1;
    return REAL(int, "rename", const char *, const char *)(from, to);
}

int unlink(const char *path)
{
    stop_before("unlink", path);
    if (fails(path, 0))
        return -1;
    return REAL(int, "unlink", const char *)(path);
}

int mkdir(const char *path, mode_t mode)
{
    if (fails(path, 1))
        return -1;
    return REAL(int, "mkdir", const char *, mode_t)(path, mode);
}

int rmdir(const char *path)
{
    if (fails(path, 0))
        return -1;
    return REAL(int, "rmdir", const char *)(path);
}

static const char *path_of(int fd, char *path, size_t size)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(name, path, size - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0 ? path : NULL;
}

int syncfs(int fd)
{
    char path[512];
    stop_before("syncfs", path_of(fd, path, sizeof path));
    return REAL(int, "syncfs", int)(fd);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    if (getenv("PRELOAD_FAIL"))
    {
        char path[512];
        if (fails(path_of(fd, path, sizeof path), 1))
            return -1;
    }
    return REAL(ssize_t, "write", int, const void *, size_t)(fd, bytes, count);
}

static long shift(void)
{
    const char *name = getenv("PRELOAD_CLOCK");
    long seconds = 0;
    char text[32] = "";
    if (!name)
        return 0;
    const int fd = REAL(int, "open", const char *, int, ...)(name, O_RDONLY);
    if (fd >= 0)
    {
        if (read(fd, text, sizeof text - 1) > 0)
            seconds = atol(text);
        close(fd);
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    const int result =
        REAL(int, "clock_gettime", clockid_t, struct timespec *)(clock, now);
    if (result == 0 &&
        (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift();
    return result;
}

int gettimeofday(struct timeval *now, void *zone)
{
    const int result =
        REAL(int, "gettimeofday", struct timeval *, void *)(now, zone);
    if (result == 0)
        now->tv_sec += shift();
    return result;
}

time_t time(time_t *now)
{
    const time_t shifted = REAL(time_t, "time", time_t *)(NULL) + shift();
    if (now)
        *now = shifted;
    return shifted;
}

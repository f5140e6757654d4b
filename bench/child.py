"""Runs a command and says what it took: child.py REPORT CPUS COMMAND...

A process of its own, and a small one: the peak memory that the kernel tells of a
child is never less than that of the process that it was forked from.
"""

import json
import os
import sys
import time


def main():
    report, cpus, *command = sys.argv[1:]
    allowed = sorted(os.sched_getaffinity(0))[: int(cpus)]
    os.sched_setaffinity(0, allowed)
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - started
    with open(report, "w") as file:
        json.dump(
            {
                "seconds": seconds,
                "status": os.waitstatus_to_exitcode(status),
                "user": usage.ru_utime,
                "system": usage.ru_stime,
                "peak_bytes": usage.ru_maxrss * 1024,
                "written_bytes": usage.ru_oublock * 512,
            },
            file,
        )


main()

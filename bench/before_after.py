"""One build against another: ./dev bench --before BUILD.

BUILD is the build folder of another checkout. For each workload: instructions (under
callgrind) and system calls (under strace) of an append, one thread, without the start of
the process; then pairs of whole runs in turns. Ratios are this build's to the other's.
"""

import argparse
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import measure
import workloads
from tools import OURS, Ours

DEFAULT = ["plain", "many", "objects", "merging"]
FEW, MORE = 1, 4


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench --before", description=__doc__)
    parser.add_argument("before", metavar="BUILD", help="the other build folder")
    parser.add_argument("--only", nargs="+", default=DEFAULT, metavar="NAME")
    parser.add_argument("--pairs", type=int, default=15, help="of whole runs (15)")
    parser.add_argument("--threads", type=int, default=2, help="of whole runs (2)")
    parser.add_argument("--quick", action="store_true", help="tiny data")
    parser.add_argument("--folder", help="where cubes are made (temporary)")
    return parser.parse_args()


class Program:
    def __init__(self, path, folder):
        self.path = path
        self.folder = folder
        folder.mkdir()
        self.tool = Ours(OURS)
        self.made = 0

    def command(self, workload, slices, threads):
        self.made += 1
        target = self.folder / f"{self.made}.zarr"
        words = self.tool.command(workload, target, slices, threads)
        return [self.path, *words[1:]], target

    def seconds(self, workload, slices, threads):
        words, target = self.command(workload, slices, threads)
        found = measure.run(words, threads)["seconds"]
        measure.put_away(target)
        return found

    def instructions(self, workload, slices):
        words, target = self.command(workload, slices, 1)
        valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        done = subprocess.run(
            [str(word) for word in [*valgrind, *words]],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise measure.Failed(done.stderr[-2000:])
        measure.put_away(target)
        return int(re.search(r"Collected : (\d+)", done.stderr)[1])

    def system_calls(self, workload, slices):
        words, target = self.command(workload, slices, 1)
        found = sum(measure.system_calls(words).values())
        measure.put_away(target)
        return found


def per_append(count, workload, slices):
    """What MORE slices cost beyond FEW, for each of them."""
    few, more = (count(workload, slices[:number]) for number in (FEW, MORE))
    return (more - few) / (MORE - FEW)


def compare(workload, before, after, settings, folder):
    slices = workload.make_slices(folder / "slices")
    for program in (before, after):
        program.seconds(workload, slices, settings.threads)
    for name in ("instructions", "system_calls"):
        old, new = (
            per_append(getattr(program, name), workload, slices)
            for program in (before, after)
        )
        print(
            f"{workload.name:8} {name:12} per append: "
            f"{old:14,.0f} -> {new:14,.0f}   {new / old:.3f}",
            flush=True,
        )
    ratios, seconds = [], []
    for pair in range(settings.pairs):
        # Whoever is first finds another disk.
        order = (before, after) if pair % 2 else (after, before)
        times = {p: p.seconds(workload, slices, settings.threads) for p in order}
        ratios.append(times[after] / times[before])
        seconds.append((times[before], times[after]))
    medians = [statistics.median(column) for column in zip(*seconds, strict=True)]
    print(
        f"{workload.name:8} {'seconds':12} of {settings.pairs} pairs: "
        f"{medians[0]:13.3f}  -> {medians[1]:13.3f}    {statistics.median(ratios):.3f}"
        f" (median of ratios)",
        flush=True,
    )


def main():
    settings = parse()
    listed = {w.name: w for w in workloads.goal_workloads(settings.quick)}
    if unknown := set(settings.only) - set(listed):
        sys.exit(f"bench: unknown: {', '.join(sorted(unknown))}")
    programs = [
        pathlib.Path(settings.before).resolve() / "bin" / OURS,
        pathlib.Path(shutil.which(OURS) or OURS),
    ]
    for program in programs:
        if not program.exists():
            sys.exit(f"bench: {program} is not built")
    with tempfile.TemporaryDirectory(dir=settings.folder) as top:
        for name in settings.only:
            folder = pathlib.Path(top, name)
            folder.mkdir()
            before, after = (
                Program(path, folder / which)
                for path, which in zip(programs, ("before", "after"), strict=True)
            )
            compare(listed[name], before, after, settings, folder)


if __name__ == "__main__":
    main()

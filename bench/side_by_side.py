"""One workload, all its tools in turns: A B A B ...

Each tool appends all slices to a new target, in a process of its own that is
timed whole. What it made is read by a reader that did not write it and compared
with the slices, and its layout with the workload's.
"""

import filecmp
import json
import pathlib
import statistics
import subprocess
import sys

import extras
import measure
import verify
from tools import OURS, Icechunk, Roof
from workloads import ALL_PEERS


class SideBySide:
    def __init__(self, workload, tools, settings, folder):
        self.workload = workload
        self.settings = settings
        self.folder = pathlib.Path(folder)
        self.threads = workload.threads or settings.threads
        self.result = {
            "name": workload.name,
            "title": workload.title,
            "parameters": {**workload.describe(), "threads": self.threads},
            "tools": {},
            "left_out": {},
            "figures": {},
        }
        self.tools = []
        for name in workload.tools:
            tool = tools.get(name)
            if not tool or not tool.suits(workload):
                continue
            if reason := tool.missing():
                self.result["left_out"][name] = reason
            else:
                self.tools.append(tool)
        self.slices = []

    def target(self, tool, suffix=""):
        name = tool.name.replace(" ", "_")
        return self.folder / f"{name}{suffix}.zarr"

    def command(self, tool, target, slices):
        return tool.command(self.workload, target, slices, self.threads)

    def run(self):
        self.slices = self.workload.make_slices(self.folder / "slices")
        # Not counted: what it finds cold is warm for the others.
        self.run_once(self.tools[0])
        runs = {tool.name: [] for tool in self.tools}
        for turn in range(self.settings.repeats):
            for tool in list(self.tools):
                if turn and turn >= self.repeats(tool):
                    continue
                try:
                    runs[tool.name].append(self.run_once(tool))
                    if turn == 0:
                        self.check(tool)
                except (measure.Failed, AssertionError) as error:
                    self.leave_out(tool, error)
        for tool in self.tools:
            self.result["tools"][tool.name].update(self.summary(tool, runs[tool.name]))
        for name in self.workload.extras:
            self.result["figures"][name] = getattr(extras, name)(self)
        self.result["goals"] = [g.judge(self.result) for g in self.workload.goals]
        return self.result

    def repeats(self, tool):
        if tool.name in ALL_PEERS:
            return self.settings.peer_repeats
        return self.settings.repeats

    def leave_out(self, tool, error):
        reason = str(error).strip().splitlines()[-1:] or ["no reason given"]
        print(f"{self.workload.name}: {tool.name} left out: {error}", file=sys.stderr)
        self.result["left_out"][tool.name] = reason[0].replace(str(self.folder), "")
        self.result["tools"].pop(tool.name, None)
        self.tools.remove(tool)
        if tool.name == OURS:
            raise error

    def run_once(self, tool):
        target = self.target(tool)
        measure.put_away(target)
        words = self.command(tool, target, self.slices)
        measured = measure.run(words, self.threads, tool.environment)
        appends = tool.append_seconds(measured["stdout"], target)
        return {**measured, "append_seconds": appends}

    def check(self, tool):
        target = self.target(tool)
        kept = self.result["tools"].setdefault(tool.name, {})
        kept.update(measure.contents(target))
        if isinstance(tool, Roof):
            kept["identical_to_ours"] = same_files(target, self.folder / f"{OURS}.zarr")
        if not tool.reader:
            return
        python = tool.python if isinstance(tool, Icechunk) else sys.executable
        done = subprocess.run(
            [python, verify.__file__, tool.reader, target, *self.slices],
            capture_output=True,
            text=True,
            env=measure.environment(tool.environment),
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        layout = json.loads(done.stdout)
        assert layout == self.expected_layout(), f"stored as {layout}"
        kept["verified_by"] = tool.reader

    def expected_layout(self):
        workload = self.workload
        expected = {
            "chunk": list(workload.chunk),
            "shard": list(workload.shard) if workload.shard else None,
            "codec": workload.codec,
            "level": workload.level,
        }
        if workload.codec.startswith("blosc"):
            expected["shuffle"] = "shuffle"
        return expected

    def summary(self, tool, runs):
        seconds = [one["seconds"] for one in runs]
        median = statistics.median(seconds)
        appends = zip(*[one["append_seconds"] for one in runs], strict=True)
        found = {
            "version": tool.version(),
            "seconds": seconds,
            "median": median,
            "user": statistics.median(one["user"] for one in runs),
            "system": statistics.median(one["system"] for one in runs),
            "peak_bytes": max(one["peak_bytes"] for one in runs),
            "written_bytes": statistics.median(one["written_bytes"] for one in runs),
            "bytes_per_second": self.workload.bytes / median,
            "append_seconds": [statistics.mean(one) for one in appends],
        }
        if self.settings.trace:
            found["system_calls_per_append"] = self.calls_per_append(tool)
        return found

    def calls_per_append(self, tool):
        """Those of more slices without those of fewer: so no start of a process
        counts. None without strace."""
        few, more = 1, min(4, len(self.slices))
        counts = []
        for slices in (self.slices[:few], self.slices[:more]):
            target = self.target(tool, "_traced")
            measure.put_away(target)
            words = self.command(tool, target, slices)
            calls = measure.system_calls(words, tool.environment)
            measure.put_away(target)
            if calls is None:
                return None
            counts.append(sum(calls.values()))
        return (counts[1] - counts[0]) / (more - few)


def same_files(first, second):
    """Whether two folders hold the same files, byte for byte."""
    names = sorted(
        path.relative_to(first) for path in first.rglob("*") if path.is_file()
    )
    others = sum(path.is_file() for path in second.rglob("*"))
    return others == len(names) and all(
        filecmp.cmp(first / name, second / name, shallow=False) for name in names
    )

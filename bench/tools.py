"""Who appends: how each tool is called, as its users would, for a workload."""

import importlib.metadata
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys

from workloads import OURS

HERE = pathlib.Path(__file__).parent
APPENDERS = HERE / "appenders"


def peers_folder():
    """Where bench/peers.sh puts its environments."""
    cache = os.environ.get("MDIMAPPEND_CACHE") or (
        pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
        / "gdalmdimappend"
    )
    return pathlib.Path(os.environ.get("MDIMAPPEND_PEERS") or f"{cache}/peers")


class Tool:
    """A program that appends slices to a target."""

    reader = "zarr"  # of its results, in verify.py: one that did not write them
    environment = {}

    def __init__(self, name):
        self.name = name

    def missing(self):
        """Why it cannot be measured; None if it can."""
        return ""

    def suits(self, workload):
        return True

    def version(self):
        return None

    def command(self, workload, target, slices, threads):
        raise NotImplementedError

    def append_seconds(self, stdout, target):
        """Of each append; empty where the tool does not tell."""
        return []


class Ours(Tool):
    def __init__(self, name, *, durability="process", packed=False):
        super().__init__(name)
        self.durability = durability
        self.packed = packed

    def command(self, workload, target, slices, threads):
        chunk = "x".join(map(str, workload.chunk))
        encoding = f"*:chunk={chunk},compress={workload.codec},level={workload.level}"
        if workload.shard:
            encoding += f",shard={'x'.join(map(str, workload.shard))}"
        encodings = [encoding, f"{workload.append_dim}:units=keep"]
        if self.packed:
            encodings += [
                f"v{array}:dtype=int16,scale=0.001,offset=0,nodata=-32768"
                for array in range(workload.arrays)
            ]
        return [
            "gdalmdimappend",
            "--quiet",
            "--report=json",
            f"--durability={self.durability}",
            f"--num-threads={threads}",
            f"--zarr-format={workload.zarr_format}",
            *[f"--encoding={one}" for one in encodings],
            *slices,
            target,
        ]

    def append_seconds(self, stdout, target):
        """From one log record to the next: with the opening of slices, which the
        seconds of the report are without. Single ones are as coarse as the clock of
        the file system (some ms); means are not. The first is the report's.
        """
        first = json.loads(stdout)["slices"][0]["seconds"]
        records = sorted(pathlib.Path(f"{target}.mdimappend/log").glob("0*.json"))
        times = [record.stat().st_mtime_ns / 1e9 for record in records]
        return [first, *(b - a for a, b in itertools.pairwise(times))]


class Roof(Tool):
    """Needs the result of ours, and is compared with it byte for byte."""

    @property
    def program(self):
        build = pathlib.Path(shutil.which(OURS) or "").parent.parent
        return build / "bench" / "roof"

    def missing(self):
        return "" if self.program.exists() else "not built: use ./dev bench"

    def suits(self, workload):
        steps, chunk = workload.shape[0], workload.chunk[0]
        return steps % chunk == 0 or (chunk % steps == 0 and not workload.shard)

    def command(self, workload, target, slices, threads):
        like = target.with_name(f"{OURS}.zarr")
        return [self.program, "--threads", threads, "--like", like, *slices, target]


class Copy(Tool):
    """cp -r of all slices into one folder: no cube, only the same bytes."""

    reader = None

    def command(self, workload, target, slices, threads):
        # cp makes no folder for its copies.
        return ["sh", "-c", 'mkdir "$0" && cp -r "$@" "$0"', target, *slices]


class Script(Tool):
    """A peer, called from Python by a script in appenders/."""

    reader = "gdal"

    def __init__(self, name, script, package, *, python=None, **task):
        super().__init__(name)
        self.script = APPENDERS / script
        self.package = package
        self.folder = peers_folder() / python if python else None
        self.task = task
        if python:
            # The interpreter's own library, if that is not built in.
            self.environment = {"LD_LIBRARY_PATH": f"{peers_folder()}/python/lib"}

    @property
    def python(self):
        return self.folder / "bin" / "python" if self.folder else sys.executable

    def missing(self):
        if self.folder and not (self.folder / "versions.txt").exists():
            return "not installed: run bench/peers.sh"
        return ""

    def version(self):
        if not self.folder:
            return importlib.metadata.version(self.package)
        lines = (self.folder / "versions.txt").read_text().splitlines()
        return dict(line.split("==") for line in lines if "==" in line)[self.package]

    def suits(self, workload):
        return workload.zarr_format == 3 and workload.source != "zarr"

    def command(self, workload, target, slices, threads):
        task = target.with_suffix(".json")
        task.write_text(json.dumps({**workload.task(target, slices), **self.task}))
        return [self.python, self.script, task]

    def append_seconds(self, stdout, target):
        return json.loads(stdout.splitlines()[-1])


class Xarray(Script):
    def suits(self, workload):
        return True


class Icechunk(Script):
    reader = "icechunk"


class Zappend(Script):
    """Zarr V2 only; all else is the same."""

    def suits(self, workload):
        return workload.source != "zarr" and not workload.shard

    def append_seconds(self, stdout, target):
        return []


def all_tools():
    zarrs = "zarrs.ZarrsCodecPipeline"
    made = [
        Ours(OURS),
        Ours(f"{OURS} full", durability="full"),
        Ours(f"{OURS} packed", packed=True),
        Roof("roof"),
        Copy("cp -r"),
        Xarray("xarray", "append_xarray.py", "xarray"),
        Xarray("xarray-dask", "append_xarray.py", "dask", dask=True),
        Script("zarr-python", "append_zarr.py", "zarr"),
        Script("tensorstore", "append_tensorstore.py", "tensorstore", python="others"),
        Script("zarrs", "append_xarray.py", "zarrs", python="others", pipeline=zarrs),
        Icechunk("icechunk", "append_icechunk.py", "icechunk", python="others"),
        Zappend("zappend", "append_zappend.py", "zappend", python="zappend"),
    ]
    return {tool.name: tool for tool in made}


def our_version():
    """The commit, and whether the checkout differs from it."""

    def git(*words):
        return subprocess.run(
            ["git", "-C", HERE, *words], capture_output=True, text=True, check=False
        ).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "../src")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")

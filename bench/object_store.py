"""Appends to an object store that is far away: ./dev bench --object-store.

The store is the tests' scripted server (autotest/object_stores), in a process of its
own, which waits 20 ms before each answer; so what is measured is how many requests
there are, and how many of them wait at once. Each tool makes a cube of one slice and
appends four more, of 512 chunks each, in one process. xarray writes by s3fs, from the
environment that bench/peers.sh makes; without it, it is left out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "autotest" / "object_stores")]

import numpy as np  # noqa: E402
import xarray as xr  # noqa: E402
from stores import NO_PROXY, s3_config  # noqa: E402

DELAY = 0.02
SLICES = 5
LAT, LON, CHUNK = 1024, 2048, 64
XARRAY = """
import json, sys, time, xarray, zarr
names, target, address, chunk = json.loads(sys.argv[1])
zarr.config.set({"async.concurrency": 16})
options = {"key": "a", "secret": "b", "endpoint_url": f"http://{address}"}
for number, name in enumerate(names):
    started = time.monotonic()
    with xarray.open_dataset(name) as slice:
        if number:
            slice.to_zarr(target, append_dim="time", storage_options=options)
        else:
            chunks = {"air": {"chunks": chunk}}
            slice.to_zarr(target, encoding=chunks, storage_options=options)
    print(time.monotonic() - started, flush=True)
"""


def make_slices(folder):
    draw = np.random.default_rng(1)
    names = []
    for day in range(SLICES):
        field = draw.random((1, LAT, LON), dtype="float32").round(2)
        dataset = xr.Dataset(
            {"air": (("time", "lat", "lon"), field)},
            {
                "time": ("time", [day], {"units": "days since 2000-01-01"}),
                "lat": np.linspace(-90, 90, LAT),
                "lon": np.linspace(0, 359, LON),
            },
        )
        names.append(str(folder / f"{day}.nc"))
        dataset.to_netcdf(names[-1])
    return names


class Server:
    """The scripted server; with `upstream` before a real one, whose key and secret
    are `credentials`."""

    def __init__(self, delay, upstream=None, credentials=("test", "test")):
        self.credentials = credentials
        program = HERE.parent / "autotest/object_stores/scripted_server.py"
        words = [sys.executable, str(program), "--delay", str(delay)]
        words += ["--upstream", upstream] if upstream else []
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip().removeprefix("http://")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def environment(self):
        known = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        key, secret = self.credentials
        known |= NO_PROXY | s3_config(self.address)
        return known | {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}


def ours(server, names, target, threads):
    words = ["gdalmdimappend", "--report", "json", "--quiet", "--encoding"]
    words += [f"air:chunk=1x{CHUNK}x{CHUNK}", "--num-threads", str(threads)]
    done = subprocess.run(
        [*words, *names, f"s3://bucket/{target}"],
        env=server.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return [slice["seconds"] for slice in json.loads(done.stdout)["slices"]]


def theirs(server, names, target, python):
    task = [names, f"s3://bucket/{target}", server.address, [1, CHUNK, CHUNK]]
    done = subprocess.run(
        [str(python), "-c", XARRAY, json.dumps(task)],
        # Where the interpreter looks for its library.
        env={
            **server.environment(),
            "LD_LIBRARY_PATH": str(python.parents[2] / "python/lib"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
    )
    return [float(line) for line in done.stdout.split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    home = os.environ.get("HOME", "/root")
    cache = os.environ.get("MDIMAPPEND_CACHE", f"{home}/.cache/gdalmdimappend")
    python = Path(cache) / "peers/others/bin/python"
    tools = {f"gdalmdimappend, {n} threads": (ours, n) for n in (1, 16, 64)}
    if python.exists():
        tools["xarray with s3fs, 16 at once"] = (theirs, python)
    found = {}
    chunks = LAT // CHUNK * (LON // CHUNK)
    with tempfile.TemporaryDirectory() as folder:
        names = make_slices(Path(folder))
        for repeat in range(arguments.repeats):
            for name, (append, how) in tools.items():
                if append is ours and how == 1 and repeat:
                    continue
                with Server(DELAY) as server:
                    started = time.monotonic()
                    each = append(server, names, "cube.zarr", how)
                    took = time.monotonic() - started
                found.setdefault(name, []).extend(each[1:])
                print(f"{name}: {took:.2f} s in all, {each}", flush=True)
    rows = [
        f"# Appends to a store that answers after {DELAY * 1000:.0f} ms",
        "",
        f"One slice of {chunks} chunks, the second to the {SLICES}th of a run; medians",
        f"of {arguments.repeats} runs. Bound: 1.3 x ({chunks} / 16 + 12) x 20 ms = "
        f"{1.3 * (chunks / 16 + 12) * DELAY:.2f} s.",
        "",
        "| tool | seconds | shortest | longest |",
        "|---|---|---|---|",
    ]
    for name, each in found.items():
        rows.append(
            f"| {name} | {statistics.median(each):.2f} | {min(each):.2f} | "
            f"{max(each):.2f} |"
        )
    (arguments.results / "object_store.md").write_text("\n".join(rows) + "\n")
    print("\n".join(rows))


if __name__ == "__main__":
    main()

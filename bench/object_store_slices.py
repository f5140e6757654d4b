"""Small slices and an object store that is far away: ./dev bench --object-store-slices.

The scripted server waits before each answer (as in object_store.py); with --upstream
it stands before a real one, such as MinIO. What is compared side by side, as ratios:

* a NetCDF slice of 1.2 MiB appended by a new process, and by xarray with s3fs in a
  process that runs already;
* such a slice in a run of many, and by Icechunk in a process that runs already;
* a Zarr slice of five arrays that lies in the store, and what xarray takes to load it
  plus what the append of the same slice from a local disk takes.

xarray and Icechunk are those that bench/peers.sh installs.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr
from object_store import HERE, Server

SLICES = 6
LAT, LON, CHUNK = 512, 600, (1, 256, 300)
OPTIONS = 'options = {"endpoint_url": f"http://{address}"}'
BY_XARRAY = f"""
import json, sys, time, xarray
names, target, address, chunk = json.loads(sys.argv[1])
{OPTIONS}
for number, name in enumerate(names):
    started = time.monotonic()
    with xarray.open_dataset(name) as slice:
        how = {{"append_dim": "time"}} if number else {{"encoding": {{"air": chunk}}}}
        slice.to_zarr(target, storage_options=options, **how)
    print(time.monotonic() - started, flush=True)
"""
BY_ICECHUNK = """
import json, sys, time, icechunk, xarray
names, target, address, chunk = json.loads(sys.argv[1])
storage = icechunk.s3_storage(
    bucket="bucket", prefix=target, endpoint_url=f"http://{address}", allow_http=True,
    from_env=True, region="us-east-1", force_path_style=True)
repository = icechunk.Repository.create(storage)
for number, name in enumerate(names):
    started = time.monotonic()
    with xarray.open_dataset(name) as slice:
        how = {"append_dim": "time"} if number else {"encoding": {"air": chunk}}
        session = repository.writable_session("main")
        slice.to_zarr(session.store, consolidated=False, **how)
        session.commit(name)
    print(time.monotonic() - started, flush=True)
"""
LOADING = f"""
import json, sys, time, xarray
names, _, address, _ = json.loads(sys.argv[1])
{OPTIONS}
for name in names:
    started = time.monotonic()
    xarray.open_zarr(name, storage_options=options, chunks=None).load()
    print(time.monotonic() - started, flush=True)
"""


def day(number, arrays):
    draw = np.random.default_rng(number)
    fields = {
        name: (("time", "lat", "lon"), draw.random((1, LAT, LON), "float32").round(2))
        for name in arrays
    }
    return xr.Dataset(
        fields,
        {
            "time": ("time", [number + 1], {"units": "days since 2000-01-01"}),
            "lat": np.linspace(-90, 90, LAT),
            "lon": np.linspace(0, 359, LON),
        },
    )


def ours(server, names, target):
    words = ["gdalmdimappend", "--report", "json", "--quiet", "--encoding"]
    words += [f"air:chunk={'x'.join(map(str, CHUNK))}", *names, target]
    started = time.monotonic()
    done = subprocess.run(
        words,
        env=server.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    took = time.monotonic() - started
    return took, [slice["seconds"] for slice in json.loads(done.stdout)["slices"]]


def theirs(server, script, names, target, python):
    task = [names, target, server.address, {"chunks": CHUNK}]
    done = subprocess.run(
        [str(python), "-c", script, json.dumps(task)],
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


def netcdf_slices(folder, server, python, found):
    below = f"s3://bucket/{folder.name}"
    names = []
    for number in range(SLICES):
        names.append(str(folder / f"{number}.nc"))
        day(number, ["air"]).to_netcdf(names[-1])
    each = [ours(server, [name], f"{below}/new.zarr")[0] for name in names]
    found["a new process"] += each[1:]
    _, each = ours(server, names, f"{below}/run.zarr")
    found["in a run"] += each[1:]
    each = theirs(server, BY_XARRAY, names, f"{below}/xarray.zarr", python)
    found["xarray with s3fs, running"] += each[1:]
    each = theirs(server, BY_ICECHUNK, names, f"{folder.name}/ice", python)
    found["Icechunk, running"] += each[1:]


def zarr_slices(folder, server, python, found):
    arrays = ["air", "rain", "snow", "soil", "wind"]
    local, remote = [], []
    for number in range(SLICES):
        local.append(str(folder / f"{number}.zarr"))
        encoding = {name: {"chunks": CHUNK} for name in arrays}
        day(number, arrays).to_zarr(local[-1], encoding=encoding)
        remote.append(f"s3://bucket/{folder.name}/{number}.zarr")
        # Into the store as it is: by xarray, which has s3fs.
        copy = (
            "import json, sys, s3fs\n"
            "(name, target, address, _) = json.loads(sys.argv[1])\n"
            's3 = s3fs.S3FileSystem(endpoint_url=f"http://{address}")\n'
            "s3.put(name[0], target, recursive=True)"
        )
        theirs(server, copy, [local[-1]], remote[-1], python)
    each = [ours(server, [name], str(folder / "1.cube"))[0] for name in remote]
    found["a Zarr slice in the store"] += each[1:]
    each = [ours(server, [name], str(folder / "2.cube"))[0] for name in local]
    found["the same on a disk"] += each[1:]
    each = theirs(server, LOADING, remote, "", python)
    found["xarray loads it"] += each[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--delay", type=float, default=0.02, metavar="SECONDS")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument(
        "--upstream",
        metavar="URL",
        help="a real S3 server with an empty bucket called bucket: it is behind the "
        "scripted one then, which only delays",
    )
    parser.add_argument(
        "--credentials",
        nargs=2,
        default=("test", "test"),
        metavar=("KEY", "SECRET"),
    )
    arguments = parser.parse_args()
    home = os.environ.get("HOME", "/root")
    cache = os.environ.get("MDIMAPPEND_CACHE", f"{home}/.cache/gdalmdimappend")
    python = Path(cache) / "peers/others/bin/python"
    tools = ["a new process", "xarray with s3fs, running", "in a run"]
    tools += ["Icechunk, running", "a Zarr slice in the store", "the same on a disk"]
    found = {name: [] for name in [*tools, "xarray loads it"]}
    for _ in range(arguments.repeats):
        for measured in (netcdf_slices, zarr_slices):
            with (
                tempfile.TemporaryDirectory() as folder,
                Server(
                    arguments.delay, arguments.upstream, arguments.credentials
                ) as server,
            ):
                measured(Path(folder), server, python, found)
    median = {name: statistics.median(each) for name, each in found.items()}
    load = median["xarray loads it"] + median["the same on a disk"]
    ratios = [
        ("a new process / xarray", "a new process", median[tools[1]], 0.5),
        ("in a run / Icechunk", "in a run", median["Icechunk, running"], 0.9),
        ("a Zarr slice / load and append", "a Zarr slice in the store", load, 1.2),
    ]
    rows = [
        f"# Small slices and a store that answers after {arguments.delay * 1000:.0f} ms",
        "",
        f"Slices of {LAT} x {LON} numbers in 4 chunks; medians of {arguments.repeats} "
        f"runs of {SLICES - 1} slices.",
        "",
        "| what | seconds | shortest | longest |",
        "|---|---|---|---|",
    ]
    for name, each in found.items():
        rows.append(
            f"| {name} | {median[name]:.3f} | {min(each):.3f} | {max(each):.3f} |"
        )
    rows += ["", "| ratio | measured | at most |", "|---|---|---|"]
    for what, own, other, most in ratios:
        rows.append(f"| {what} | {median[own] / other:.2f} | {most} |")
    text = "\n".join(rows) + "\n"
    (arguments.results / "object_store_slices.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()

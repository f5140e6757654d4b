"""Slices to append, cubes to compare with, and the readers that are believed.

No reader here knows anything of gdalmdimappend: xarray and zarr-python with and
without consolidated metadata, GDAL's own Zarr driver, numpy.
"""

import contextlib
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import cftime
import numpy as np
import started
import xarray as xr
import zarr
from osgeo import gdal

gdal.UseExceptions()

COMMAND = "gdalmdimappend"
# Whether time does not matter; else tests try samples of what takes long.
ALL = os.environ.get("MDIMAPPEND_ALL_SCENARIOS", "0") not in ("", "0")
NUMERIC = [
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float32",
    "float64",
]


# A program with sanitizers (tests/sanitize.sh) maps terabytes that it never uses.
SANITIZED = "MDIMAPPEND_PRELOAD" in os.environ


def in_gigabytes(memory):
    """What runs a command that takes no more memory."""
    if SANITIZED:
        options = f"{os.environ['ASAN_OPTIONS']}:hard_rss_limit_mb={1000 * memory}"
        return ["env", f"ASAN_OPTIONS={options}"]
    return ["prlimit", f"--as={memory}000000000", "--core=0"]


class Completed:
    """A run of the command that ended."""

    def __init__(self, process, arguments):
        self.status = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr
        self.arguments = arguments

    @property
    def report(self):
        """What --report json printed."""
        return json.loads(self.stdout)

    @property
    def message(self):
        """The error, without GDAL's prefix."""
        return "\n".join(
            re.sub("ERROR [0-9]+: (append: )?", "", line, count=1)
            for line in self.stderr.splitlines()
            if line.startswith("ERROR ")
        )

    def __repr__(self):
        return f"{self.arguments} -> {self.status}\n{self.stdout}\n{self.stderr}"


def start(*arguments, command=COMMAND, prefix=(), **options):
    """The command in a process of its own, which the caller waits for."""
    return subprocess.Popen(
        [*map(str, prefix), command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(*arguments, status=0, command=COMMAND, prefix=(), timeout=120, **options):
    """Runs the command, and asserts its exit status (None: any)."""
    words = [command, *map(str, arguments)]
    if started.can_start(words, prefix, options):
        process = started.run(words, timeout, prefix, **options)
    else:
        process = subprocess.run(
            [*map(str, prefix), *words],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **options,
        )
    done = Completed(process, words)
    assert status is None or done.status == status, repr(done)
    return done


def append(*arguments, status=0, **options):
    """`run` with the report as JSON."""
    return run("--report", "json", *arguments, status=status, **options)


def weather(first=0, days=3, lat=4, lon=5, dtype="float32"):
    """Days [first, first + days) of a field that is a function of its label."""
    time = np.arange(first, first + days)
    y = np.linspace(60.0, 45.0, lat)
    x = np.linspace(5.0, 25.0, lon)
    air = field(time, lat, lon).astype(dtype)
    dataset = xr.Dataset(
        {
            "air": (
                ("time", "lat", "lon"),
                air,
                {"units": "K", "long_name": "air temperature"},
            ),
            "elevation": (("lat", "lon"), field([7], lat, lon)[0].astype("int16")),
        },
        {
            "time": (
                "time",
                time.astype("float64"),
                {
                    "units": "days since 2000-01-01",
                    "calendar": "standard",
                    "standard_name": "time",
                },
            ),
            "lat": ("lat", y, {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": ("lon", x, {"units": "degrees_east", "standard_name": "longitude"}),
        },
        {"title": "a test"},
    )
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    return dataset


def field(time, lat, lon):
    """The values of `air` at these labels."""
    y, x = np.meshgrid(np.arange(lat), np.arange(lon), indexing="ij")
    return np.asarray(time)[:, None, None] * 100.0 + (y * lon + x) + 1


def write(dataset, path, **options):
    """A NetCDF slice without surprises; returns the path."""
    dataset.to_netcdf(path, **{"engine": "netcdf4", **options})
    return path


def weather_slices(folder, sizes=(3, 3), **options):
    """Slices that follow each other, one NetCDF file each."""
    paths = []
    first = 0
    for days in sizes:
        paths.append(
            write(weather(first, days, **options), folder / f"day{first:04}.nc")
        )
        first += days
    return paths


def tree(folder):
    """SHA-256 of each file below a folder, and its directories, by path."""
    entries = {}
    for root, folders, files in os.walk(folder):
        for name in folders:
            entries[os.path.relpath(os.path.join(root, name), folder)] = "folder"
        for name in files:
            path = os.path.join(root, name)
            data = (
                os.readlink(path).encode()
                if os.path.islink(path)
                else Path(path).read_bytes()
            )
            entries[os.path.relpath(path, folder)] = hashlib.sha256(data).hexdigest()
    return entries


def objects(store, name="air"):
    """The objects of an array's chunks by their keys."""
    folder = store / name
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("zarr.json", ".zarray", ".zattrs")
    }


def sidecar(store):
    return Path(f"{store}.mdimappend")


def leftovers(store):
    """Journals of transactions that have not ended."""
    journal = sidecar(store) / "journal"
    return sorted(os.listdir(journal)) if journal.exists() else []


def interrupted(folder):
    """A target of days 0 and 1 in which an append of the second slice was killed in
    the middle and is to be undone; the target and that slice."""
    first, second = weather_slices(folder, (2, 2), lat=60, lon=400)
    for number in range(10):
        store = folder / f"interrupted{number}.zarr"
        run("--quiet", "--encoding", "air:chunk=1x4x20", first, store)
        process = start("--quiet", second, store)
        while process.poll() is None and not (store / "air/c/2").exists():
            pass
        process.kill()
        process.communicate()
        words = ("driver", "mdimappend", "status", store)
        if "the next run undoes it" in run(*words, command="gdal").stdout:
            return store, second
    raise AssertionError("the append was always faster")


@contextlib.contextmanager
def unchanged(store):
    """The store is the same byte for byte afterwards, and nothing is pending."""
    before = tree(store)
    assert before, f"{store} is empty"
    yield
    assert tree(store) == before
    assert leftovers(store) == []


def open_xarray(store, group=None, consolidated=True, raw=False, **options):
    # zarr_format must not be guessed for stores without consolidated metadata.
    dataset = xr.open_zarr(
        str(store),
        group=group,
        consolidated=consolidated,
        chunks=None,
        decode_cf=not raw,
        **options,
    )
    return dataset.load()


def read_zarr(store, group=None, consolidated=None):
    """Arrays by name, as stored."""
    opened = zarr.open_group(str(store), mode="r", use_consolidated=consolidated)
    if group:
        opened = opened[group]
    return {name: array[...] for name, array in opened.arrays()}


def open_gdal(store, consolidated=True):
    return gdal.OpenEx(
        str(store),
        gdal.OF_MULTIDIM_RASTER,
        allowed_drivers=["Zarr"],
        open_options=[f"USE_CONSOLIDATED_METADATA={'YES' if consolidated else 'NO'}"],
    )


def gdal_group(dataset, group=None):
    opened = dataset.GetRootGroup()
    for name in (group or "").split("/"):
        opened = opened.OpenGroup(name) if name else opened
    return opened


def read_gdal(store, group=None, consolidated=True):
    """Arrays by name, as stored."""
    dataset = open_gdal(store, consolidated)
    opened = gdal_group(dataset, group)
    values = {}
    for name in opened.GetMDArrayNames(["SHOW_ALL=YES"]):
        array = opened.OpenMDArray(name)
        if array.GetDataType().GetClass() == gdal.GEDTC_STRING:
            shape = [dimension.GetSize() for dimension in array.GetDimensions()]
            values[name] = np.array(array.Read(), dtype=object).reshape(shape)
        else:
            values[name] = array.ReadAsArray()
    return values


def read_gdal_attributes(store, name, consolidated=True):
    dataset = open_gdal(store, consolidated)
    array = dataset.GetRootGroup().OpenMDArray(name)
    return {a.GetName(): a.Read() for a in array.GetAttributes()}


def same(found, expected):
    """Equal values, any NaN equal to any other; strings as strings."""
    found = np.asarray(found)
    expected = np.asarray(expected)
    if found.shape != expected.shape:
        return False
    if found.dtype.kind in "OSUT" or expected.dtype.kind in "OSUT":
        return [str(v) for v in found.ravel()] == [str(v) for v in expected.ravel()]
    if found.dtype.kind in "fc":
        return bool(
            ((found == expected) | ((found != found) & (expected != expected))).all()
        )
    return bool((found == expected).all())


def with_times_of(dataset, like):
    """The same times as numbers of the units that the variables of `like` have: a
    new target chooses its own."""
    moved = dataset.copy()
    for name in set(dataset.variables) & set(like.variables):
        units, calendar = time_units(dataset, name)
        wanted, _ = time_units(like, name)
        if "since" in units and units != wanted:
            dates = cftime.num2date(dataset[name].values, units, calendar)
            numbers = cftime.date2num(dates, wanted, calendar)
            moved[name] = (dataset[name].dims, numbers, like[name].attrs)
    return moved


def time_units(dataset, name):
    """Units and calendar of an undecoded variable; a bounds variable has those of
    its coordinate."""
    attributes = dataset[name].attrs
    for other in dataset.variables.values():
        if other.attrs.get("bounds") == name and "units" not in attributes:
            attributes = other.attrs
    units = str(attributes.get("units", ""))
    return units, attributes.get("calendar", "standard")


def stored(dataset):
    """A dataset's arrays as numpy arrays, by name."""
    return {name: dataset[name].values for name in dataset.variables}


def assert_same_arrays(found, expected, reader):
    assert set(found) == set(expected), reader
    for name, values in expected.items():
        assert same(found[name], values), (
            f"{reader}: array '{name}'\nfound {found[name]!r}\nexpected {values!r}"
        )


def assert_reads_as(store, expected, group=None, consolidated=True):
    """All readers see the arrays of `expected` (as stored), value for value.

    `consolidated`: whether the store has consolidated metadata, in its root.
    """
    if isinstance(expected, xr.Dataset):
        found = open_xarray(store, group, consolidated=consolidated, raw=True)
        expected = stored(with_times_of(expected, found))
    for use in (True, False) if consolidated else (False,):
        raw = stored(open_xarray(store, group, consolidated=use, raw=True))
        assert_same_arrays(raw, expected, f"xarray, consolidated={use}")
        arrays = read_zarr(store, group, consolidated=use)
        assert_same_arrays(arrays, expected, f"zarr, consolidated={use}")
        arrays = read_gdal(store, group, consolidated=use)
        assert_same_arrays(arrays, expected, f"GDAL, consolidated={use}")
    open_xarray(store, group, consolidated=consolidated)


def concat(datasets, dim="time"):
    """One cube of slices; arrays without `dim` are the first slice's."""
    return xr.concat(
        datasets,
        dim=dim,
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="override",
    )


@contextlib.contextmanager
def locked(store, really=True):
    """Another process holds the target's lock, as a writer would."""
    if not really:
        yield
        return
    path = sidecar(store) / "lock"
    code = (
        "import fcntl, struct, sys\n"
        "lock = open(sys.argv[1], 'r+b')\n"
        "whole = struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0)\n"
        "fcntl.fcntl(lock, fcntl.F_OFD_SETLK, whole)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        ["python3", "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout.readline() == b"held\n"
            yield
        finally:
            holder.stdin.close()

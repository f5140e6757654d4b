"""What is measured: slices, how they are stored, who appends them, the goals."""

import dataclasses
import pathlib

import numpy as np
import xarray as xr

OURS = "gdalmdimappend"
PYTHON_PEERS = (
    "xarray",
    "xarray-dask",
    "zarr-python",
    "zappend",
    "icechunk",
    "zarrs",
)
ALL_PEERS = (*PYTHON_PEERS, "tensorstore")
DEFLATE = {"zlib": True, "complevel": 1, "shuffle": True}


@dataclasses.dataclass(frozen=True)
class Goal:
    """`value` finds a number in the result of a workload, or nothing."""

    text: str
    value: object
    limit: float
    at_most: bool = False

    def judge(self, result):
        found = self.value(result)
        met = None
        if found is not None:
            met = found <= self.limit if self.at_most else found >= self.limit
        return {
            "text": self.text,
            "limit": self.limit,
            "at_most": self.at_most,
            "found": found,
            "met": met,
        }


def speed_against(*tools):
    """How many times faster than the fastest of these that were measured."""

    def value(result):
        medians = [
            result["tools"][tool]["median"] for tool in tools if tool in result["tools"]
        ]
        return min(medians) / result["tools"][OURS]["median"] if medians else None

    return value


def time_against(subject, reference):
    """How many times longer `subject` takes than `reference`."""

    def value(result):
        tools = result["tools"]
        if subject not in tools or reference not in tools:
            return None
        return tools[subject]["median"] / tools[reference]["median"]

    return value


def figure(name):
    return lambda result: result["figures"].get(name)


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    count: int
    shape: tuple
    arrays: int
    chunk: tuple
    codec: str = "blosc:lz4"
    level: int = 5
    source: object = None  # encoding of NetCDF slices, or "zarr"
    shard: tuple | None = None
    zarr_format: int = 3
    threads: int | None = None  # other than the run's
    tools: tuple = (OURS, f"{OURS} full", "roof", *ALL_PEERS)
    goals: tuple = ()
    extras: tuple = ()  # names of functions in extras.py
    append_dim: str = "time"
    label_chunk: int = 1024

    @property
    def bytes(self):
        return 4 * self.count * self.arrays * int(np.prod(self.shape))

    def describe(self):
        fields = dataclasses.asdict(self)
        for name in ("goals", "tools", "extras"):
            del fields[name]
        return fields

    def task(self, target, slices):
        """What scripts of peers are told (appenders/common.py)."""
        name, _, cname = self.codec.partition(":")
        return {
            "target": str(target),
            "slices": [str(path) for path in slices],
            "append_dim": self.append_dim,
            "chunk": list(self.chunk),
            "shard": list(self.shard) if self.shard else None,
            "codec": {"name": name, "cname": cname},
            "level": self.level,
            "zarr_format": self.zarr_format,
            "label_chunk": self.label_chunk,
        }

    def slice_dataset(self, number):
        """Smooth fields with noise in the lower bits, as measurements have them;
        always the same for the same number."""
        rng = np.random.default_rng(number)
        steps, height, width = self.shape
        y, x = np.arange(height)[:, None], np.arange(width)
        smooth = np.sin(y / 100) + np.cos(x / 130)
        data = {}
        for array in range(self.arrays):
            noise = rng.normal(0, 0.01, self.shape)
            values = (smooth * (1 + number / 50) + noise).astype("f4")
            data[f"v{array}"] = (("time", "y", "x"), values)
        first = number * steps
        time = np.arange(first, first + steps, dtype="f8")
        units = {"units": "days since 2000-01-01", "calendar": "standard"}
        coordinates = {
            "time": ("time", time, units),
            "y": np.arange(height, dtype="f8"),
            "x": np.arange(width, dtype="f8"),
        }
        return xr.Dataset(data, coordinates)

    def make_slices(self, folder, first=0, count=None):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        numbers = range(first, first + (self.count if count is None else count))
        return [self.make_slice(folder, number) for number in numbers]

    def make_slice(self, folder, number):
        dataset = self.slice_dataset(number)
        if self.source == "zarr":
            # Imported here: other scripts use this module without zarr.
            from appenders import common

            path = folder / f"slice{number:06d}.zarr"
            encoding = {
                "compressors": [common.zarr_codec(self.task("", []))],
                "chunks": self.chunk,
            }
            dataset.to_zarr(
                path,
                encoding={name: encoding for name in dataset.data_vars},
                zarr_format=self.zarr_format,
                consolidated=True,
            )
            return path
        path = folder / f"slice{number:06d}.nc"
        encoding = {"_FillValue": None, **(self.source or {})}
        dataset.to_netcdf(path, encoding={name: encoding for name in dataset.data_vars})
        return path


def goal_workloads(quick):
    """Those of the table of goals that are measured side by side."""
    few, side = (6, 400) if quick else (20, 2000)
    many = 60 if quick else 1000
    quarter = (1, side // 4, side // 4)
    one, two = (1, side, side), 2
    roof = ("roof",)
    return [
        Workload(
            "plain",
            f"{few} slices {one} x 2, NetCDF uncompressed to blosc-lz4",
            few,
            one,
            two,
            quarter,
            goals=(
                Goal("times zappend", speed_against("zappend"), 5),
                Goal("times xarray", speed_against("xarray", "xarray-dask"), 5),
                Goal("of the roof", speed_against(*roof), 0.85),
            ),
        ),
        Workload(
            "deflate",
            f"{few} slices {one} x 2, NetCDF-4 deflate 1 + shuffle to blosc-zstd 3",
            few,
            one,
            two,
            quarter,
            codec="blosc:zstd",
            level=3,
            source=DEFLATE,
            goals=(
                Goal("times the best Python peer", speed_against(*PYTHON_PEERS), 3),
                Goal("of the roof", speed_against(*roof), 0.8),
            ),
        ),
        Workload(
            "verbatim",
            f"{few} slices {one} x 2, Zarr to Zarr, same encoding",
            few,
            one,
            two,
            quarter,
            source="zarr",
            tools=(OURS, f"{OURS} full", "cp -r", "xarray", "xarray-dask"),
            goals=(Goal("of cp -r", speed_against("cp -r"), 0.8),),
        ),
        Workload(
            "objects",
            f"{few * 2 * 400:,} objects: {few} slices {one} x 2, 400 chunks each",
            few,
            one,
            two,
            (1, side // 20, side // 20),
            goals=(
                Goal("times zappend", speed_against("zappend"), 15),
                Goal("of the roof", speed_against(*roof), 0.8),
            ),
        ),
        Workload(
            "many",
            f"{many:,} slices (1, 10, 10), one transaction each",
            many,
            (1, 10, 10),
            1,
            (1, 10, 10),
            codec="blosc:zstd",
            level=3,
            goals=(
                Goal("times zappend", speed_against("zappend"), 30),
                Goal(
                    "last tenth of the appends to the first tenth",
                    figure("last_to_first"),
                    1.15,
                    at_most=True,
                ),
                Goal(
                    "one commit of all to a commit for each",
                    figure("one_commit_to_many"),
                    1,
                    at_most=True,
                ),
                Goal(
                    "seconds of a rerun",
                    figure("rerun_seconds"),
                    many / 10000 + 0.2,
                    at_most=True,
                ),
            ),
            extras=("last_to_first", "one_commit_to_many", "rerun_seconds"),
        ),
        Workload(
            "merging",
            f"{few} slices {one} x 1, time chunk 20: merging",
            few,
            one,
            1,
            (20, *quarter[1:]),
            goals=(
                Goal("times zappend", speed_against("zappend"), 8),
                Goal("of the roof", speed_against(*roof), 0.8),
                Goal(
                    "staged bytes to one chunk row",
                    figure("staged_to_row"),
                    1.05,
                    at_most=True,
                ),
            ),
            extras=("staged_to_row",),
        ),
        Workload(
            "packing",
            f"{few} slices {one} x 2, float32 packed as int16",
            few,
            one,
            two,
            quarter,
            tools=(OURS, f"{OURS} packed"),
            goals=(
                Goal(
                    "packed to not packed",
                    time_against(f"{OURS} packed", OURS),
                    1.15,
                    at_most=True,
                ),
            ),
        ),
    ]


def variants(quick):
    """The same with one thing changed each; no goals."""
    few, side = (3, 200) if quick else (10, 1000)
    quarter = (1, side // 4, side // 4)
    small = side // 5
    base = {
        "count": few,
        "shape": (1, side, side),
        "arrays": 4,
        "chunk": quarter,
        "tools": (OURS, "roof", "xarray"),
    }
    made = [
        Workload(
            f"arrays-{arrays}",
            f"{few} slices of {arrays} array(s) (1, {small}, {small})",
            **{
                **base,
                "shape": (1, small, small),
                "arrays": arrays,
                "chunk": (1, small, small),
            },
        )
        for arrays in (1, 20, 200)
    ]
    made += [
        Workload(f"threads-{threads}", f"{threads} thread(s)", **base, threads=threads)
        for threads in (1, 2, 3, 4)
    ]
    made += [
        Workload("v2", "Zarr V2", **base, zarr_format=2),
        Workload(
            "sharded",
            "shards of 4 chunks",
            **base,
            shard=(1, 2 * quarter[1], 2 * quarter[2]),
        ),
        Workload("zstd", "plain zstd 3", **{**base, "codec": "zstd", "level": 3}),
    ]
    return made

"""Grids, chunks, cuts and regions that are drawn: many parts make what a plain append
makes, and a region has the new values and nothing else has.

CI draws a few; MDIMAPPEND_ALL_SCENARIOS=1 many. What fails tells its seed."""

import itertools
import os
import random

import cubes
import numpy as np
import parts
import pytest
import xarray as xr

ALL = os.environ.get("MDIMAPPEND_ALL_SCENARIOS", "0") not in ("", "0")
SEEDS = range(300 if ALL else 6)


class Drawn:
    def __init__(self, seed, folder):
        self.draw = draw = random.Random(seed)
        self.folder = folder
        self.dims = ["time", "y", "x"][: draw.choice([1, 2, 3, 3])]
        if draw.random() < 0.3:
            draw.shuffle(self.dims)
        self.sizes = {"y": draw.randint(1, 9), "x": draw.randint(1, 9)}
        self.base, self.more = draw.randint(0, 7), draw.randint(1, 12)
        self.chunk = {d: draw.randint(1, 5) for d in self.dims}
        self.dtype = draw.choice(["float32", "int16", "uint8", "float64"])
        self.fill = draw.random() < 0.5
        self.count = 0
        encoding = f"air:chunk={'x'.join(str(self.chunk[d]) for d in self.dims)}"
        if draw.random() < 0.3:
            encoding += ",compress=" + draw.choice(["none", "zstd", "blosc:lz4"])
        zarr_format = draw.choice("23")
        if "zstd" in encoding:
            zarr_format = "3"
        self.options = ["--zarr-format", zarr_format, "--encoding", encoding]
        if self.draw.random() < 0.5:
            self.options += ["--encoding", f"orbit:chunk={draw.randint(1, 6)}"]

    def dataset(self, first, days, salt=0):
        """Values in 1 to 100; some boxes are 0, which is a fill value."""
        shape = [days if d == "time" else self.sizes[d] for d in self.dims]
        rng = np.random.default_rng([first, salt])
        air = rng.integers(1, 100, shape)
        if self.fill:
            index = [slice(0, max(1, n // 2)) for n in shape]
            air[tuple(index)] = 0
        time = np.arange(first, first + days)
        dataset = xr.Dataset(
            {
                "air": (self.dims, air.astype(self.dtype)),
                "orbit": ("time", (time * 3 + salt).astype("int32")),
            },
            {
                "time": (
                    "time",
                    time.astype("float64"),
                    {"units": "days since 2000-1-1"},
                )
            },
        )
        for dim in self.dims:
            if dim != "time":
                dataset[dim] = (dim, np.arange(self.sizes[dim]) * 2.0)
        for name in dataset.variables:
            dataset[name].encoding["_FillValue"] = None
        return dataset

    def file(self, dataset):
        self.count += 1
        return cubes.write(dataset, self.folder / f"slice{self.count}.nc")

    def cuts(self, low, high, chunk):
        """Parts of [low, high) that begin and end at chunks."""
        inside = [i for i in range(low + 1, high) if i % chunk == 0]
        chosen = sorted(self.draw.sample(inside, self.draw.randint(0, len(inside))))
        borders = [low, *chosen, high]
        return list(zip(borders[:-1], borders[1:], strict=True))

    def write_parts(self, token, dataset, window, first):
        """Of what has the indices of `window` in the cube, and begins at `first` in
        `dataset`."""
        receipts = []
        dims = list(window)
        pieces = itertools.product(
            *(self.cuts(*window[d], self.chunk[d]) for d in dims)
        )
        for box in pieces:
            where = dict(zip(dims, box, strict=True))
            piece = dataset[["air"]].isel(
                {d: slice(a - first[d], b - first[d]) for d, (a, b) in where.items()}
            )
            at = {d: a - window[d][0] for d, (a, b) in where.items()}
            words = (*parts.at_words(at), token, self.file(piece))
            receipts.append(parts.call("write", *words))
        low, high = window["time"]
        orbit = dataset[["orbit"]].isel(
            time=slice(low - first["time"], high - first["time"])
        )
        middle = self.draw.randint(0, orbit.sizes["time"])
        for a, b in ((0, middle), (middle, orbit.sizes["time"])):
            if a < b:
                path = self.file(orbit.isel(time=slice(a, b)))
                receipts.append(parts.call("write", "--at", a, token, path))
        self.draw.shuffle(receipts)
        return receipts


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_of_a_drawn_grid(tmp_path, seed):
    drawn = Drawn(seed, tmp_path)
    for name in ("plain", "parts"):
        (tmp_path / name).mkdir()
    plain, store = (tmp_path / name / "cube.zarr" for name in ("plain", "parts"))
    if drawn.base:
        path = drawn.file(drawn.dataset(0, drawn.base))
        for target in (plain, store):
            parts.call_append(*drawn.options, path, target)
    new = drawn.dataset(drawn.base, drawn.more)
    path = drawn.file(new)
    parts.call_append(*drawn.options, path, plain)
    known = drawn.draw.random() < 0.5
    like, size = path, ()
    if not known:
        like = drawn.file(new.isel(time=[0]))
        size = ("--size", drawn.more)
    token = parts.call("begin", *drawn.options, *size, "--like", like, store)
    end = drawn.base + drawn.more
    window = {d: (0, drawn.sizes[d]) for d in drawn.dims if d != "time"}
    window["time"] = (drawn.base, end)
    first = {d: low for d, (low, _) in window.items()}
    parts.call("commit", token, *drawn.write_parts(token, new, window, first))
    assert cubes.tree(store) == cubes.tree(plain)
    parts.assert_nothing_left(store)

    # A region of it.
    other = drawn.dataset(0, end, salt=1).assign_coords(time=np.arange(float(end)))
    other["time"].attrs = dict(new["time"].attrs)
    other["time"].encoding["_FillValue"] = None
    window = {}
    for dim in drawn.dims:
        size = end if dim == "time" else drawn.sizes[dim]
        low = drawn.draw.randrange(size)
        window[dim] = (low, drawn.draw.randint(low + 1, size))
    regions = [
        word
        for dim, (low, high) in window.items()
        for word in ("--region", f"{dim}={low}:{high}")
    ]
    token = parts.call("begin", *regions, "--like", drawn.file(other), store)
    zero = dict.fromkeys(drawn.dims, 0)
    parts.call("commit", token, *drawn.write_parts(token, other, window, zero))
    expected = cubes.read_zarr(plain)
    box = {d: slice(low, high) for d, (low, high) in window.items()}
    for name in ("air", "orbit"):
        index = tuple(box[d] for d in other[name].dims)
        expected[name][index] = other[name].values[index]
    for reader in (cubes.read_zarr, cubes.read_gdal):
        cubes.assert_same_arrays(reader(store), expected, f"{reader.__name__}, {seed}")
    parts.assert_nothing_left(store)

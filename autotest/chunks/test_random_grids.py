"""Whatever the ranks, axes, chunks, shards, slices, types and fill values are: the
cube is the concatenation that numpy makes."""

import shutil

import cubes
import numpy as np
import pytest
import zarr
from osgeo import gdal, gdal_array

CASES = 160


class Case:
    """One random cube, cut into slices."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.zarr_format = int(rng.choice([2, 3]))
        self.consolidated = bool(rng.integers(2))
        self.threads = int(rng.integers(1, 4))
        self.sizes = [int(n) for n in rng.integers(1, 6, rng.integers(1, 6))]
        self.rows = sum(self.sizes)
        self.extents = {f"d{i}": int(rng.integers(1, 8)) for i in range(3)}
        self.arrays = [self.array(f"array{i}") for i in range(rng.integers(1, 3))]
        self.source = str(rng.choice(["memory", "memory", "zarr"]))
        # Without labels nothing says where a slice belongs, and that is allowed.
        self.time = np.cumsum(rng.integers(1, 5, self.rows)).astype("int32")

    def array(self, name):
        rng = self.rng
        rank = int(rng.integers(1, 5))
        dims = [str(d) for d in rng.permutation(list(self.extents))[: rank - 1]]
        axis = int(rng.integers(0, rank))
        dims.insert(axis, "time")
        shape = [self.rows if d == "time" else self.extents[d] for d in dims]
        dtype = np.dtype(str(rng.choice(cubes.NUMERIC)))
        fill = [None, self.some(dtype, ()), np.zeros((), dtype)[()]][rng.integers(3)]
        if dtype.kind == "f" and rng.integers(2):
            fill = dtype.type("nan")
        if fill is not None and dtype == "uint64":
            # GDAL reads larger ones as 2**63 - 1; such slices are refused.
            fill = min(fill, dtype.type(2**63 - 1))
        values = self.some(dtype, shape)
        if fill is not None:
            for _ in range(rng.integers(0, 4)):
                box = tuple(
                    slice(*sorted(int(i) for i in rng.integers(0, n + 1, 2)))
                    for n in shape
                )
                values[box] = fill
        chunk = [int(rng.integers(1, 7)) for _ in shape]
        shard = None
        if self.zarr_format == 3 and rng.integers(3) == 0:
            shard = [c * int(rng.integers(1, 4)) for c in chunk]
        return dict(
            name=name,
            dims=dims,
            axis=axis,
            values=values,
            fill=fill,
            chunk=chunk,
            shard=shard,
        )

    def some(self, dtype, shape):
        if dtype.kind == "f":
            return self.rng.integers(-50, 50, shape).astype(dtype)
        info = np.iinfo(dtype)
        few = self.rng.integers(0, 3, shape).astype(dtype)
        wide = self.rng.integers(info.min, info.max, shape, dtype, endpoint=True)
        return few if self.rng.integers(2) else wide

    def slices(self, folder):
        low = 0
        for number, size in enumerate(self.sizes):
            rows = slice(low, low + size)
            low += size
            make = self.in_memory if self.source == "memory" else self.in_zarr
            yield make(rows, folder / f"slice{number}.zarr")

    def parts(self, rows):
        yield "time", ["time"], self.time[rows], None
        for array in self.arrays:
            index = [slice(None)] * array["values"].ndim
            index[array["axis"]] = rows
            part = np.ascontiguousarray(array["values"][tuple(index)])
            yield array["name"], array["dims"], part, array["fill"]

    def in_memory(self, rows, path):
        dataset = gdal.GetDriverByName("MEM").CreateMultiDimensional(path.name)
        root = dataset.GetRootGroup()
        dimensions = {
            name: root.CreateDimension(name, None, None, size)
            for name, size in (*self.extents.items(), ("time", rows.stop - rows.start))
        }
        for name, dims, values, fill in self.parts(rows):
            code = gdal_array.NumericTypeCodeToGDALTypeCode(values.dtype)
            array = root.CreateMDArray(
                name,
                [dimensions[d] for d in dims],
                gdal.ExtendedDataType.Create(code),
            )
            array.WriteArray(values)
            if fill is not None:
                array.SetNoDataValueRaw(np.asarray(fill).tobytes())
        return dataset

    def in_zarr(self, rows, path):
        group = zarr.open_group(str(path), mode="w", zarr_format=2)
        for name, dims, values, fill in self.parts(rows):
            array = group.create_array(
                name,
                shape=values.shape,
                dtype=values.dtype,
                chunks=[int(n) for n in self.rng.integers(1, 5, values.ndim)],
                fill_value=fill,
            )
            array[...] = values
            array.attrs["_ARRAY_DIMENSIONS"] = dims
        return str(path)

    def encodings(self):
        for array in self.arrays:
            text = "x".join(map(str, array["chunk"]))
            spec = f"{array['name']}:chunk={text}"
            if array["shard"]:
                spec += ",shard=" + "x".join(map(str, array["shard"]))
            yield spec

    def describe(self):
        arrays = [
            {k: str(v) if k == "fill" else v for k, v in a.items() if k != "values"}
            | {"shape": a["values"].shape, "dtype": str(a["values"].dtype)}
            for a in self.arrays
        ]
        return (
            f"zarr_format={self.zarr_format} consolidated={self.consolidated} "
            f"threads={self.threads} sizes={self.sizes} source={self.source} {arrays}"
        )


@pytest.mark.parametrize("seed", range(CASES))
def test_the_cube_is_the_concatenation(tmp_path, seed):
    case = Case(seed)
    # GDAL remembers the index of a shard by its path, in the whole process: pytest
    # gives the paths of tests that have cleaned up to others.
    tmp_path = tmp_path / f"seed{seed}"
    tmp_path.mkdir()
    store = tmp_path / "cube.zarr"
    hint = f"seed {seed}: {case.describe()}"
    # In one run or in one run each.
    inputs = list(case.slices(tmp_path))
    runs = [inputs] if case.rng.integers(2) else [[one] for one in inputs]
    for number, each in enumerate(runs):
        try:
            gdal.alg.mdim.append(
                input=each,
                output=str(store),
                zarr_format=case.zarr_format,
                consolidated="yes" if case.consolidated else "no",
                encoding=list(case.encodings()) if number == 0 else [],
                merge_shards=True,
                num_threads=case.threads,
                durability="process",
            )
        except RuntimeError as error:
            raise AssertionError(f"{hint}\nrun {number}: {error}") from error
    expected = {a["name"]: a["values"] for a in case.arrays} | {"time": case.time}
    try:
        cubes.assert_reads_as(store, expected, consolidated=case.consolidated)
    except AssertionError as error:
        raise AssertionError(f"{hint}\n{error}") from error
    # What is all fill is not stored, what is stored has a place.
    for path in store.rglob("*"):
        assert not path.name.endswith(".tmp"), hint
    shutil.rmtree(tmp_path)

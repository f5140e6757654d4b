"""NetCDF-4 and HDF5 slices of some size are read block by block, without these
libraries. Whatever they hold, the cube is as xarray reads the slice."""

import ctypes
import ctypes.util
import zlib

import cubes
import h5py
import netCDF4
import numcodecs
import numpy as np
import pytest
import xarray as xr

SHAPE = (2, 700, 450)  # of more than 1 MiB with elements of two bytes


def values(dtype, shape=SHAPE):
    rng = np.random.default_rng(7)
    if np.dtype(dtype).kind == "f":
        return rng.normal(280, 10, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min + 1, limits.max, shape, dtype, endpoint=False)


def netcdf(path, dtype="f4", endian="native", shape=SHAPE, data=None, **options):
    with netCDF4.Dataset(path, "w") as file:
        for name, size in zip(("time", "y", "x"), shape, strict=True):
            file.createDimension(name, size)
        time = file.createVariable("time", "f8", ("time",))
        time.units = "days since 2000-01-01"
        time[:] = np.arange(shape[0])
        air = file.createVariable(
            "air", dtype, ("time", "y", "x"), endian=endian, **options
        )
        air.set_auto_maskandscale(False)
        if data is None:
            data = values(dtype, shape)
        if data is not False:
            air[:] = data
    return path


def assert_same(path, store, *arguments):
    cubes.append("--encoding", "air:chunk=1x250x300", *arguments, path, store)
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        expected = file["air"][:]
    found = cubes.read_zarr(store)["air"]
    assert found.dtype == expected.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
)
@pytest.mark.parametrize("shuffle", [True, False])
def test_deflated(tmp_path, store, dtype, shuffle):
    path = netcdf(tmp_path / "s.nc", dtype, zlib=True, complevel=1, shuffle=shuffle)
    assert_same(path, store)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"contiguous": True},
        {"chunksizes": (1, 250, 300)},
        {"chunksizes": (2, 333, 77), "zlib": True},
        {"chunksizes": (1, 700, 450), "zlib": True, "complevel": 9},
        {"zlib": True, "fletcher32": True},
        {"zlib": True, "endian": "big"},
        {"contiguous": True, "endian": "big"},
    ],
    ids=str,
)
def test_layouts_and_filters(tmp_path, store, options):
    assert_same(netcdf(tmp_path / "s.nc", **options), store)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("driver", ["netCDF", "HDF5"])
def test_drivers_and_threads(tmp_path, store, driver, threads):
    path = netcdf(tmp_path / "s.nc", zlib=True, chunksizes=(1, 100, 100))
    assert_same(path, store, "--if", driver, "--num-threads", threads)


def test_blocks_that_were_never_written(tmp_path, store):
    path = netcdf(
        tmp_path / "s.nc",
        zlib=True,
        chunksizes=(1, 100, 100),
        fill_value=-7,
        data=False,
    )
    with netCDF4.Dataset(path, "a") as file:
        file["air"][0, :150, :150] = 1
    assert_same(path, store)


def test_nothing_was_ever_written(tmp_path, store):
    path = netcdf(tmp_path / "s.nc", contiguous=True, fill_value=-7, data=False)
    assert_same(path, store)


def test_filters_that_a_block_skips(tmp_path, store):
    """Each block says which of the filters it has not been through."""
    path = netcdf(
        tmp_path / "s.nc", zlib=True, shuffle=True, chunksizes=(1, 700, 450), data=False
    )
    first, second = values("f4")
    with h5py.File(path, "a") as file:
        file["air"].id.write_direct_chunk((0, 0, 0), first.tobytes(), filter_mask=3)
        shuffled = second.ravel().view("u1").reshape(-1, 4).T.tobytes()
        file["air"].id.write_direct_chunk((1, 0, 0), shuffled, filter_mask=2)
    cubes.append(path, store)
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"], [first, second])
    assert_same(path, store.with_name("b.zarr"))


@pytest.mark.parametrize("deflate", [False, True])
def test_blocks_at_the_edge_that_went_through_no_filter(tmp_path, store, deflate):
    """HDF5 has an option for that."""
    path = netcdf(tmp_path / "s.nc", data=False)
    data = values("f4")
    with h5py.File(path, "a") as file:
        del file["air"]
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_chunk((1, 400, 400))
        creation.set_shuffle()
        if deflate:
            creation.set_deflate(1)
        # h5py does not have it.
        hdf5 = ctypes.CDLL(ctypes.util.find_library("hdf5_serial"))
        dont_filter_partial_chunks = 2
        identifier = ctypes.c_int64(creation.id)
        assert hdf5.H5Pset_chunk_opts(identifier, dont_filter_partial_chunks) == 0
        space = h5py.h5s.create_simple(SHAPE)
        h5py.h5d.create(file.id, b"air", h5py.h5t.NATIVE_FLOAT, space, creation)
        file["air"][:] = data
        for axis, name in enumerate(("time", "y", "x")):
            file["air"].dims[axis].attach_scale(file[name])
    cubes.append("--if", "HDF5", path, store)
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"], data)


def test_zstd(tmp_path, store):
    """A filter that libhdf5 may not have."""
    path = netcdf(tmp_path / "s.nc", data=False)
    block = (1, *SHAPE[1:])
    data = values("f4")
    with h5py.File(path, "a") as file:
        del file["air"]
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_chunk(block)
        creation.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
        space = h5py.h5s.create_simple(SHAPE)
        h5py.h5d.create(file.id, b"air", h5py.h5t.NATIVE_FLOAT, space, creation)
        for row, encoded in enumerate(map(numcodecs.Zstd().encode, data)):
            file["air"].id.write_direct_chunk((row, 0, 0), encoded)
        for axis, name in enumerate(("time", "y", "x")):
            file["air"].dims[axis].attach_scale(file[name])
    cubes.append("--if", "HDF5", path, store)
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"], data)


@pytest.mark.parametrize("damage", ["zeros", "cut"])
def test_a_block_that_does_not_decode(tmp_path, store, damage):
    path = netcdf(tmp_path / "s.nc", zlib=True, chunksizes=(1, 700, 450), data=False)
    deflated = zlib.compress(values("f4")[0].tobytes())
    wrong = b"\0" * 100 if damage == "zeros" else deflated[: len(deflated) // 2]
    with h5py.File(path, "a") as file:
        file["air"].id.write_direct_chunk((1, 0, 0), wrong)
    done = cubes.append(path, store, status=4)
    assert "array 'air'" in done.message
    assert not store.exists()


def test_a_slice_without_the_append_dimension(tmp_path, store):
    path = tmp_path / "s.nc"
    data = values("f4")[0]
    xr.Dataset({"air": (("y", "x"), data)}).to_netcdf(
        path, encoding={"air": {"zlib": True, "_FillValue": None}}
    )
    cubes.append("--append-dim", "time", "--label", "2020-01-01", path, store)
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"][0], data)


def test_packed_values_are_converted(tmp_path, store):
    path = netcdf(tmp_path / "s.nc", "i2", zlib=True)
    with netCDF4.Dataset(path, "a") as file:
        file["air"].scale_factor = 0.5
        file["air"].add_offset = 10.0
    cubes.append("--encoding", "air:dtype=float32,scale=1,offset=0", path, store)
    with netCDF4.Dataset(path) as file:
        np.testing.assert_allclose(cubes.read_zarr(store)["air"], file["air"][:])


def test_a_rank_of_four_with_blocks_across_all_of_it(tmp_path, store):
    path = tmp_path / "s.nc"
    data = np.arange(2 * 7 * 150 * 140, dtype="f4").reshape(2, 7, 150, 140)
    xr.Dataset(
        {"air": (("time", "level", "y", "x"), data)},
        {"time": ("time", [0.0, 1.0], {"units": "days since 2000-01-01"})},
    ).to_netcdf(
        path,
        encoding={
            "air": {"zlib": True, "chunksizes": (2, 3, 64, 50), "_FillValue": None}
        },
    )
    cubes.append("--encoding", "air:chunk=1x2x70x140", path, store)
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"], data)

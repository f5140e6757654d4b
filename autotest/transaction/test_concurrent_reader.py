"""A reader through consolidated metadata sees the old or the new cube: never an
error, never a label without its data, never a shrinking cube."""

import cubes
import numpy as np
import pytest
import xarray as xr

APPENDS = 400


def prepare(folder, count):
    """Single-step slices whose values are a function of their label."""
    paths = []
    for first in range(count):
        dataset = cubes.weather(first, 1).drop_vars("elevation")
        path = folder / f"{first:04}.nc"
        dataset.to_netcdf(path, format="NETCDF3_64BIT")
        paths.append(path)
    return paths


def read(store):
    """The labels, after each was checked against its data."""
    with xr.open_zarr(
        store, consolidated=True, chunks=None, decode_times=False
    ) as dataset:
        time = dataset["time"].values
        air = dataset["air"].values
    assert air.shape[0] == time.size
    assert (time == np.arange(time.size)).all(), time
    expected = cubes.field(time, 4, 5).astype("float32")
    assert (air == expected).all(), f"wrong data at label {time[-1]}"
    return time.size


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("chunk", [1, 4])
def test_a_reader_never_fails(tmp_path, store, zarr_format, chunk):
    slices = prepare(tmp_path, APPENDS)
    words = ["--zarr-format", zarr_format, "--quiet"]
    # Labels share chunks of 3, so that they are merged again and again.
    for spec in (f"air:chunk={chunk}x2x5", "time:chunk=3,units=keep"):
        words += ["--encoding", spec]
    cubes.run(*words, slices[0], store)
    process = cubes.start("--quiet", *slices[1:], store)
    sizes = [read(store)]
    while process.poll() is None:
        size = read(store)
        assert size >= sizes[-1]
        sizes.append(size)
    out, err = process.communicate()
    assert process.returncode == 0, (out, err)
    assert read(store) == APPENDS
    # It was met in the middle, many times.
    assert len(set(sizes)) > 20, sizes


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_reader_of_a_store_that_is_being_made(tmp_path, store, zarr_format):
    """There is no store, or a whole one."""
    path = cubes.write(
        cubes.weather(0, 3, lat=60, lon=60).drop_vars("elevation"), tmp_path / "a.nc"
    )
    process = cubes.start(
        *("--quiet", "--zarr-format", zarr_format, "--encoding", "air:chunk=1x5x5"),
        *(path, store),
    )
    absent = 0
    while process.poll() is None:
        root = store / ("zarr.json" if zarr_format == 3 else ".zgroup")
        if not root.exists():
            absent += 1
            continue
        with xr.open_zarr(
            store, consolidated=True, chunks=None, decode_times=False
        ) as dataset:
            expected = cubes.field([0, 1, 2], 60, 60).astype("float32")
            assert (dataset["air"].values == expected).all()
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert absent > 0

"""A target whose labels are not there any more: no step is appended twice."""

import cubes
import numpy as np
import pytest


def label_chunk(store, number):
    paths = [store / f"time/c/{number}", store / f"time/{number}"]
    return next(path for path in paths if path.exists())


@pytest.mark.parametrize(("zarr_format", "number"), [("3", 0), ("3", 1), ("2", 1)])
@pytest.mark.parametrize("dtype", ["int64", "int32", "float64"])
def test_a_chunk_of_labels_is_gone(tmp_path, store, zarr_format, number, dtype):
    """V2 arrays of ours have no fill value: missing labels are read as 0."""
    paths = cubes.weather_slices(tmp_path, (2, 2, 2))
    encoding = ("--encoding", f"time:chunk=2,dtype={dtype}")
    options = ("--zarr-format", zarr_format, *encoding)
    cubes.append(*options, *paths[:2], store)
    label_chunk(store, number).unlink()
    with cubes.unchanged(store):
        done = cubes.run("--on-duplicate", "replace", paths[0], store, status=1)
    expected = {
        "2": "the last two labels of the target are both",
        "3": f"label {2 * number} of the target is missing",
    }
    assert expected[zarr_format] in done.stderr


def test_labels_may_be_what_fills_chunks(tmp_path, store):
    """Zarr leaves out chunks of nothing but the fill value, 0: a label, too."""
    dataset = cubes.weather(0, 1)
    days = dataset.assign_coords(
        time=("time", np.array([0]), {"units": "days since 2000-01-01"})
    )
    days.to_zarr(store, zarr_format=3, consolidated=False)
    assert not (store / "time/c/0").exists()
    later = days.assign_coords(time=("time", np.array([1]), days.time.attrs))
    later.to_netcdf(tmp_path / "later.nc")
    cubes.append(tmp_path / "later.nc", store)
    assert cubes.open_xarray(
        store, raw=True, consolidated=False
    ).time.values.tolist() == [0, 1]

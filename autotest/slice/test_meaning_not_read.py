"""Attributes that say what values mean, and that GDAL does not read, or in part."""

import cubes
import h5py
import numpy as np
import pytest

COMPOUND = np.array((1, 2.5), dtype=[("i", "i4"), ("f", "f8")])
NOT_READ = {
    "half a float": ("scale_factor", np.float16(0.5)),
    "a long double": ("scale_factor", np.longdouble(0.5)),
    "an offset of half a float": ("add_offset", np.float16(10)),
    "a compound": ("scale_factor", COMPOUND),
    "a missing half": ("missing_value", np.float16(100)),
    "a truth": ("_Unsigned", np.bool_(True)),
    "two scales": ("scale_factor", np.array([0.5, 0.25])),
    "two offsets": ("add_offset", np.array([0.5, 0.25])),
    "no scale": ("scale_factor", 0.0),
    "NaN": ("scale_factor", np.nan),
    "two fill values": ("_FillValue", np.array([100, 5], "i2")),
}
READ = {
    "a scale in a list": ("scale_factor", np.array([0.5])),
    "a whole scale": ("scale_factor", np.int32(2)),
    "a text": ("scale_factor", "0.5"),
}


def slice_with(path, number, name, value):
    with h5py.File(path, "w") as file:
        for axis, values in {
            "time": np.array([number], "i4"),
            "x": np.arange(3.0),
        }.items():
            file[axis] = values
            file[axis].make_scale(axis)
        file["time"].attrs["units"] = "days since 2024-01-01"
        file["a"] = np.array([[1, 2, 100]], "i2")
        file["a"].dims[0].attach_scale(file["time"])
        file["a"].dims[1].attach_scale(file["x"])
        file["b"] = file["a"][...]
        file["b"].dims[0].attach_scale(file["time"])
        file["b"].dims[1].attach_scale(file["x"])
        file["a"].attrs[name] = value
    return path


@pytest.mark.parametrize("suffix", ["nc", "h5"])
@pytest.mark.parametrize("what", NOT_READ)
def test_it_is_refused(tmp_path, store, what, suffix):
    """Readers of the slice see other values than those that would be stored."""
    name, value = NOT_READ[what]
    path = slice_with(tmp_path / f"a.{suffix}", 0, name, value)
    done = cubes.run(path, store, status=5)
    assert f"slice '{path}', array 'a': its " in done.stderr
    assert name in done.stderr
    assert "Nothing was written." in done.stderr
    assert not store.exists()
    cubes.append("--exclude-array", "a", path, store)
    assert cubes.open_xarray(store)["b"].values.tolist() == [[1, 2, 100]]


@pytest.mark.parametrize("suffix", ["nc", "h5"])
@pytest.mark.parametrize("what", READ)
def test_it_is_read(tmp_path, store, what, suffix):
    name, value = READ[what]
    path = slice_with(tmp_path / f"a.{suffix}", 0, name, value)
    cubes.append(path, store)
    scale = float(np.ravel(value)[0])
    assert cubes.open_xarray(store)["a"].values.tolist() == [
        [scale, 2 * scale, 100 * scale]
    ]

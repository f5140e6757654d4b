"""Attributes of types that GDAL's drivers do not read: one warning when the cube is
made names the array and all of them. None vanishes silently."""

import cubes
import h5py
import netCDF4
import numpy as np
import pytest


def lists(*values):
    made = np.empty(len(values), object)
    for i, each in enumerate(values):
        made[i] = np.array(each, "i4")
    return made


ODD = {
    "of_an_enum": (np.int8(1), h5py.enum_dtype({"NO": 0, "YES": 1}, "i1")),
    "of_lists": (lists([1, 2], [3]), h5py.vlen_dtype("i4")),
    "of_bytes": (np.void(b"abcd"), None),
    "of_long_double": (np.longdouble(1.5), None),
}


def with_attributes(path, names, day=1):
    cubes.write(cubes.weather(day, 1), path)
    with h5py.File(path, "a") as file:
        for owner in (file, file["air"]):
            for name in names:
                value, kind = ODD[name]
                owner.attrs.create(name, value, dtype=kind)
    return path


def warnings(done):
    return [each for each in done.report["warnings"] if "left out" in each]


@pytest.mark.parametrize("name", ODD)
def test_each_kind_is_told(tmp_path, store, name):
    slices = [with_attributes(tmp_path / f"{day}.nc", [name], day) for day in (1, 2)]
    done = cubes.append(*slices, store)
    told = (
        f"'{name}' is left out: GDAL does not read attributes of its type (of this kind "
        "are compounds, enums, opaque bytes, lists of any length, numbers of other than "
        "32 or 64 bits). What they say can be set in the attrs of a settings file"
    )
    assert sorted(warnings(done)) == [f"array 'air': {told}", f"the group: {told}"]
    found = cubes.open_xarray(store, raw=True)
    assert name not in found.attrs
    assert name not in found["air"].attrs
    # It is told when the cube is made, and not again.
    more = with_attributes(tmp_path / "3.nc", [name], 3)
    assert warnings(cubes.append(more, store)) == []


def test_all_of_an_array_are_one_warning(tmp_path, store):
    done = cubes.append(with_attributes(tmp_path / "1.nc", ODD), store)
    told = ", ".join(f"'{name}'" for name in sorted(ODD)) + " are left out: "
    array, group = sorted(warnings(done))
    assert array.startswith(f"array 'air': {told}")
    assert group.startswith(f"the group: {told}")


def test_what_is_read_is_no_loss(tmp_path, store):
    """Compounds of netCDF are objects; the HDF5 driver reads the number of an enum.
    Dimension scales and what the netCDF library notes are of such types, too."""
    path = with_attributes(tmp_path / "1.nc", [])
    with netCDF4.Dataset(path, "a") as file:
        kind = np.dtype([("a", "i4"), ("b", "f4")])
        pair = file.createCompoundType(kind, "pair")
        file["air"].pair = np.array((1, 2.5), pair.dtype)
        file["air"].whole = np.int16(3)
    done = cubes.append(path, store)
    assert warnings(done) == []
    assert cubes.open_xarray(store, raw=True)["air"].attrs["pair"] == {"a": 1, "b": 2.5}
    with h5py.File(path, "a") as file:
        file["air"].attrs.create("flag", np.int8(1), dtype=ODD["of_an_enum"][1])
    other = tmp_path / "other.zarr"
    assert warnings(cubes.append("--if", "HDF5", path, other)) == []
    assert cubes.open_xarray(other, raw=True)["air"].attrs["flag"] == 1


def test_arrays_that_are_left_out_lose_nothing(tmp_path, store):
    path = with_attributes(tmp_path / "1.nc", ["of_bytes"])
    with h5py.File(path, "a") as file:
        file["sea"] = 1.0
    done = cubes.append("--exclude-array", "air", path, store)
    assert [each for each in warnings(done) if "'air'" in each] == []

"""Groups of Zarr stores as slices: by their folders, with attributes that are objects;
no other form of the name takes the whole store for one of its groups."""

import re

import cubes
import pytest
import zarr

NESTED = {"stac": {"id": "a", "bbox": [1, 2.5]}, "list": [{"a": None}], "title": "x"}


def scene(folder, zarr_format, day=1, attrs=NESTED):
    """As EOPF has them: all arrays are in groups of groups."""
    store = folder / f"scene{day}.zarr"
    zarr.open_group(
        str(store), mode="w", zarr_format=zarr_format, attributes={"of": {}}
    )
    part = cubes.weather(day, 1).assign_attrs(attrs)
    part["air"].attrs["scaling"] = {"factor": 0.1, "by": ["b02"]}
    part.to_zarr(
        store,
        group="measurements/r10m",
        mode="a",
        zarr_format=zarr_format,
        consolidated=False,
    )
    return store


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_attributes_that_are_objects_stay_so(tmp_path, store, zarr_format):
    slices = [scene(tmp_path, zarr_format, day) / "measurements/r10m" for day in (1, 2)]
    cubes.append(*slices, store)
    cube = zarr.open_group(str(store), mode="r")
    assert dict(cube.attrs) == NESTED
    assert cube["air"].attrs["scaling"] == {"factor": 0.1, "by": ["b02"]}
    assert cubes.open_xarray(store).sizes["time"] == 2


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_store_whose_root_has_no_arrays(tmp_path, store, zarr_format):
    path = scene(tmp_path, zarr_format)
    done = cubes.run(path, store, status=5)
    assert "its root group has no arrays" in done.message
    (advice,) = re.findall("--slice-group ([a-z0-9/]+) takes that one", done.message)
    assert not store.exists()
    cubes.append("--slice-group", advice, path, store)
    assert "air" in cubes.open_xarray(store)


@pytest.mark.parametrize("form", ['ZARR:"{}":/{}', "ZARR:{}:/{}", 'ZARR:"{}":/{}/'])
def test_a_name_of_something_inside_a_store(tmp_path, store, form):
    """GDAL opens the whole store; a store with arrays in its root would be taken."""
    path = scene(tmp_path, 3)
    cubes.weather(7, 1).to_zarr(path, mode="a", consolidated=False)
    name = form.format(path, "measurements/r10m")
    done = cubes.run(name, store, status=5)
    assert done.message.startswith(f"slice '{name}': it names something inside a store")
    assert not store.exists()
    (group,) = re.findall("Name the folder of the group, '(.*?)'", done.message)
    cubes.append(group, store)
    assert str(cubes.open_xarray(store).time.values[0]) != str(
        cubes.weather(7, 1).time.values[0]
    )
    array = form.format(path, "measurements/r10m/air")
    done = cubes.run(array, store, status=5)
    (words,) = re.findall(
        "if that is an array, '(.*?)' with (--array [a-z]+)", done.message
    )
    other = tmp_path / "other.zarr"
    cubes.append(*words[1].split(), words[0], other)
    assert "air" in cubes.open_xarray(other)


def test_the_store_itself_by_the_name_of_the_driver(tmp_path, store):
    path = tmp_path / "whole.zarr"
    cubes.weather(1, 1).to_zarr(path)
    for number, name in enumerate(
        (f'ZARR:"{path}"', f"ZARR:{path}", f'ZARR:"{path}":/')
    ):
        cubes.append(name, tmp_path / f"{number}.zarr")

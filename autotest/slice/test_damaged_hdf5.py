"""HDF5 and NetCDF-4 files with attributes that cannot be read any more."""

import zipfile

import cubes
import h5py
import pytest


def entitle(path, place):
    """A text of any length: its value lies in a heap."""
    with h5py.File(path, "a") as file:
        if place not in file:
            file.create_group(place)
        file[place].attrs["title"] = "A long title"


def damage(path):
    """The heap does not know the text any more that the attribute refers to."""
    content = bytearray(path.read_bytes())
    header = content.index(b"A long title") - 16
    content[header : header + 2] = b"\xfe\xff"
    path.write_bytes(content)
    return path


PLACES = {"/": "the root group", "air": "array 'air'", "below": "group 'below'"}


@pytest.mark.parametrize("suffix", [".nc", ".h5", ""])
@pytest.mark.parametrize("place", PLACES)
def test_a_damaged_attribute_ends_no_queue(tmp_path, store, place, suffix):
    """netCDF's library frees what it has not read, and takes the process along."""
    paths = []
    for path in cubes.weather_slices(tmp_path, (2, 2, 2)):
        paths.append(path.rename(path.with_suffix(suffix)))
        entitle(paths[-1], place)
    damage(paths[1])
    done = cubes.run("--keep-going", *paths, store, status=4)
    assert f"slice '{paths[1]}' is damaged: attribute 'title' of " in done.stderr
    assert f"{PLACES[place]} cannot be read. Nothing was written." in done.stderr
    whole = cubes.concat([cubes.weather(0, 2), cubes.weather(4, 2)])
    assert (cubes.open_xarray(store)["air"].values == whole["air"].values).all()


def test_a_damaged_attribute_in_an_archive(tmp_path, store):
    path = cubes.weather_slices(tmp_path, (2,))[0]
    entitle(path, "/")
    damage(path)
    with zipfile.ZipFile(tmp_path / "slices.zip", "w") as archive:
        archive.write(path, "slice.nc")
    done = cubes.run(f"/vsizip/{tmp_path}/slices.zip/slice.nc", store, status=4)
    assert "attribute 'title' of the root group cannot be read" in done.stderr
    assert not store.exists()

"""HDF5 files of strangers that have their data in other files."""

import zipfile

import cubes
import h5py
import hostile
import numpy as np
import pytest

VALUES = np.arange(1, 5, dtype="u1").reshape(1, 4)


def external(path, place="air", to="secret.bin"):
    """Its values are the bytes of another file."""
    with h5py.File(path, "a") as file:
        file.create_dataset(place, (1, 4), "u1", external=[(str(to), 0, 4)])


def virtual(path, place="air", to="secret.h5"):
    layout = h5py.VirtualLayout((1, 4), "u1")
    layout[:] = h5py.VirtualSource(str(to), "values", (1, 4))
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset(place, layout)


def linked(path, place="air", to="secret.h5"):
    with h5py.File(path, "a") as file:
        file[place] = h5py.ExternalLink(str(to), "values")


def with_dimensions(path, place="air"):
    """As a slice of one step; what links lead to has no dimensions here."""
    with h5py.File(path, "a") as file:
        for name, values in {"time": [0.0], "x": [1.0, 2, 3, 4]}.items():
            file[name] = values
            file[name].make_scale(name)
        file["time"].attrs["units"] = "days since 2000-01-01"
        if isinstance(file.get(place, getlink=True), h5py.HardLink):
            file[place].dims[0].attach_scale(file["time"])
            file[place].dims[1].attach_scale(file["x"])
    return path


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    """Relative names lead into the folder that the command runs in, too."""
    (tmp_path / "secret.bin").write_bytes(VALUES.tobytes())
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["values"] = VALUES
    monkeypatch.chdir(tmp_path)
    return tmp_path


KINDS = {external: "secret.bin", virtual: "secret.h5", linked: "secret.h5"}


def refused(*arguments):
    *arguments, store, file = arguments
    done = hostile.refused(*arguments, store, statuses=(5,))
    assert f", '{file}'" in done.message
    assert "MDIMAPPEND_REFERENCES=ANYWHERE" in done.message
    assert not store.exists()
    return done


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("driver", [[], ["--if", "HDF5"]])
@pytest.mark.parametrize("place", ["air", "below/deeper/air"])
@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_data_in_other_files(secrets, store, make, place, driver, absolute):
    to = secrets / KINDS[make] if absolute else KINDS[make]
    path = secrets / "slice.h5"
    make(path, place, to)
    with_dimensions(path, place)
    done = refused(*driver, path, store, to)
    assert f"object '{place}'" in done.message


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_data_in_other_files_of_a_file_in_an_archive(secrets, store, make):
    path = with_dimensions(secrets / "slice.h5")
    make(path, "air", secrets / KINDS[make])
    with zipfile.ZipFile(secrets / "slice.zip", "w") as archive:
        archive.write(path, "slice.h5")
    refused(f"/vsizip/{secrets}/slice.zip/slice.h5", store, secrets / KINDS[make])


@pytest.mark.parametrize("make", [external, virtual])
def test_data_in_other_files_can_be_allowed(secrets, store, make):
    path = secrets / "slice.h5"
    make(path)
    with_dimensions(path)
    cubes.append("--slice-config", "MDIMAPPEND_REFERENCES=ANYWHERE", path, store)
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"], VALUES)


def test_data_that_are_elsewhere_in_the_file(secrets, store):
    """Links and virtual datasets that stay in it, and values never written."""
    path = secrets / "slice.h5"
    with h5py.File(path, "w") as file:
        file["parts/values"] = VALUES
        file["soft"] = h5py.SoftLink("/parts/values")
        file.create_dataset("crs", (), "i4")
    layout = h5py.VirtualLayout((1, 4), "u1")
    layout[:] = h5py.VirtualSource(".", "parts/values", (1, 4))
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("air", layout)
    with_dimensions(path)
    cubes.append("--exclude-array", "soft", path, store)
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"], VALUES)

"""What is said of names, of the order of labels, and of the state of the target."""

import gzip
import re
import zipfile

import cubes
import numpy as np
import pytest
import xarray as xr

# Names.


@pytest.mark.parametrize("kind", ["NETCDF4", "NETCDF3_64BIT"])
def test_a_file_that_is_compressed(tmp_path, store, kind):
    """GDAL's virtual file system unpacks it."""
    plain = cubes.write(cubes.weather(), tmp_path / "a.nc", format=kind)
    packed = tmp_path / "a.nc.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    done = cubes.run(packed, store, status=5)
    (advice,) = re.findall("compressed by gzip: name it '(.*?)'", done.message)
    assert advice == f"/vsigzip/{packed}"
    assert done.message.endswith("Nothing was written.")
    cubes.append(advice, store)


def test_a_zip_archive(tmp_path, store):
    plain = cubes.write(cubes.weather(), tmp_path / "a.nc")
    packed = tmp_path / "b.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(plain, "a.nc")
    done = cubes.run(packed, store, status=5)
    (advice,) = re.findall("name a file in it, '(.*?)'", done.message)
    cubes.append(advice.replace("NAME", "a.nc"), store)


# The order of labels.


def of_days(folder, name, *days, **more):
    dataset = xr.concat([cubes.weather(day, 1) for day in days], "time")
    return cubes.write(dataset.assign(**more), folder / name)


@pytest.mark.parametrize(
    ("step", "days", "says"),
    [
        (
            "-1D",
            [1, 2, 3],
            "rise, from 2000-01-02 to 2000-01-04, and by --step they have to fall",
        ),
        ("decreasing", [1, 2], "and by --step they have to fall"),
        (
            "1D",
            [3, 2, 1],
            "fall, from 2000-01-04 to 2000-01-02, and by --step they have to rise",
        ),
    ],
)
def test_a_direction_that_is_asked_for(tmp_path, store, step, days, says):
    """There is no target that could fall."""
    done = cubes.run(
        f"--step={step}", of_days(tmp_path, "a.nc", *days), store, status=5
    )
    assert says in done.message
    assert "the target" not in done.message
    assert "Reverse the slice along its append dimension" in done.message
    assert not store.exists()


def test_a_direction_that_the_second_slice_has_not(tmp_path, store):
    cubes.append("--step=-1D", of_days(tmp_path, "a.nc", 1), store)
    done = cubes.run("--step=-1D", of_days(tmp_path, "b.nc", 2), store, status=5)
    assert "the target's last one: by --step labels have to fall" in done.message


def test_labels_in_no_order(tmp_path, store):
    """As times of profiles are, in the order in which they were found."""
    path = of_days(tmp_path, "a.nc", 1, 3, 2)
    done = cubes.run(path, store, status=5)
    assert (
        "the label 2000-01-03 does not come after 2000-01-04, the one before it: its "
        "labels neither rise nor fall throughout. Sort the slice along its append "
        "dimension. Without labels (--exclude-array time) steps are in the order of the "
        "slices. Nothing was written." in done.message
    )
    cubes.append("--append-dim", "time", "--exclude-array", "time", path, store)
    assert cubes.open_xarray(store).sizes["time"] == 3


def test_labels_of_another_name_in_no_order(tmp_path, store):
    """Argo's JULD: no labels by itself, and none if it is asked for."""
    dataset = xr.Dataset(
        {
            "JULD": ("N_PROF", [3.0, 1.0, 2.0], {"units": "days since 2024-01-01"}),
            "TEMP": (("N_PROF", "N_LEVELS"), np.ones((3, 2))),
        }
    )
    path = cubes.write(dataset, tmp_path / "profiles.nc")
    words = ("--append-dim", "N_PROF", path)
    asked = ("--rename", "JULD=N_PROF", *words)
    done = cubes.run(*asked, store, status=5)
    assert "neither rise nor fall throughout" in done.message
    assert "(--exclude-array JULD)" in done.message
    assert not store.exists()
    cubes.append("--exclude-array", "JULD", *asked, store)
    done = cubes.append(*words, tmp_path / "without_labels.zarr")
    assert any(
        "the times of 'JULD' cannot be labels" in e for e in done.report["warnings"]
    )


# The state of the target, and names.


def test_a_lock_and_damage_say_the_state_of_the_target(tmp_path, two_slices, store):
    cubes.append(two_slices[0], store)
    with cubes.locked(store):
        done = cubes.run("--lock-timeout", "0", two_slices[1], store, status=3)
    assert done.message.endswith("Try again later. Nothing was appended.")
    document = store / "air/zarr.json"
    whole = document.read_text()
    document.write_text(whole[:40])
    done = cubes.run(two_slices[1], store, status=1)
    assert done.message.startswith("array 'air' (zarr.json): not valid JSON")
    assert done.message.endswith("Nothing was appended.")


@pytest.mark.parametrize("name", [".", "..", "{}"])
def test_a_folder_that_is_no_store(tmp_path, name, monkeypatch):
    folder = tmp_path / "a/b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    name = name.format(folder)
    done = cubes.run("driver", "mdimappend", "status", name, command="gdal", status=1)
    assert done.message.startswith(f"target '{name}' is a folder ('{tmp_path}")
    assert "in which there is no Zarr store: name the store itself" in done.message


def test_what_quiet_says_of_itself():
    """GDAL's own --quiet is said to leave out warnings: they stay."""
    told = " ".join(cubes.run("--help").stdout.split())
    assert "--quiet No report and no progress bar; warnings and errors stay" in told
    assert "Display progress bar" not in told

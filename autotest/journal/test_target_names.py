"""How targets are named: as GDAL's drivers name them, and never as sidecars are."""

import os
import subprocess

import cubes
import gdalmdimappend as mda
import pytest
import xarray as xr

PREFIXES = pytest.mark.parametrize(
    "form", ["ZARR:{}", "MDIMAPPEND:{}", 'ZARR:"{}"', 'MDIMAPPEND:"{}"', "zarr:{}"]
)


@pytest.fixture
def slices(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return cubes.weather_slices(tmp_path, (2, 2))


def steps(store):
    with xr.open_zarr(store) as cube:
        return cube.sizes["time"]


# Prefixes of drivers


@PREFIXES
@pytest.mark.parametrize("folder", ["", "/absolute/"])
def test_a_prefix_names_the_store_behind_it(slices, tmp_path, form, folder):
    store = tmp_path / "cube.zarr"
    name = form.format(f"{tmp_path}/cube.zarr" if folder else "cube.zarr")
    cubes.append(slices[0], name)
    assert cubes.append(slices[1], name).report["target"].endswith("cube.zarr")
    assert steps(store) == 4
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [
        "cube.zarr",
        "cube.zarr.mdimappend",
    ]
    for verb in ("status", "log", "recover", "unlock"):
        done = cubes.run("driver", "mdimappend", verb, name, command="gdal")
        plain = cubes.run("driver", "mdimappend", verb, store, command="gdal")
        assert done.stdout.replace("cube.zarr", "") == plain.stdout.replace(
            "cube.zarr", ""
        ) or verb in ("unlock", "recover")


@PREFIXES
def test_in_python_too(slices, tmp_path, form):
    name = form.format("cube.zarr")
    mda.append(slices[0], name)
    with mda.open(slices[1].parent / "cube.zarr") as cube:
        later = cube.load().assign_coords(
            time=cube.time + (cube.time[1] - cube.time[0]) * 2
        )
    mda.append(later, name)
    assert steps(tmp_path / "cube.zarr") == 4
    assert mda.status(name).appends == len(mda.log(name)) == 2
    with mda.Lock(name) as lock:
        assert lock.sidecar == tmp_path / "cube.zarr.mdimappend"
    with mda.open(name) as cube:
        assert cube.sizes["time"] == 4
    assert not list(tmp_path.glob("*:*"))


def test_a_settings_file_may_have_a_prefix(slices, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text("target_dir: ZARR:cube.zarr\n")
    cubes.append("--settings", settings, slices[0])
    assert steps(tmp_path / "cube.zarr") == 2


@pytest.mark.parametrize(
    "name",
    ['ZARR:"cube.zarr":/air', "ZARR:cube.zarr:/air", "ZARR:", 'ZARR:""', 'ZARR:"a'],
)
def test_what_is_no_store_is_wrong_usage(slices, tmp_path, name):
    done = cubes.append(slices[0], name, status=2)
    assert name in done.message
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    if name != 'ZARR:"a':
        with pytest.raises(mda.UsageError):
            mda.append(slices[0], name)


@pytest.mark.parametrize("form", ["file://{}", "ZARR:file://{}"])
def test_an_address_of_a_file_is_its_path(slices, tmp_path, form):
    name = form.format(tmp_path / "cube.zarr")
    cubes.append(slices[0], name)
    mda.append(slices[1], name)
    assert steps(tmp_path / "cube.zarr") == 4
    assert mda.status(name).appends == 2
    done = cubes.run("driver", "mdimappend", "status", name, command="gdal")
    assert "4 steps" in done.stdout or '"size": 4' in done.stdout
    assert not list(tmp_path.glob("*:*"))


@pytest.mark.parametrize("name", ["file:c.zarr", "NETCDF:c.zarr"])
def test_other_prefixes_make_no_folders(slices, tmp_path, name):
    before = sorted(tmp_path.iterdir())
    done = cubes.append(slices[0], name, status=2)
    assert "which is none of a target" in done.message
    assert "Nothing was written." in done.message
    with pytest.raises(mda.UsageError, match="which is none of a target"):
        mda.append(slices[0], name)
    assert sorted(tmp_path.iterdir()) == before
    # A colon in a path, and a date in a name, are no prefix.
    for path in (f"./{name}", "2024-01-01T00:00.zarr"):
        cubes.append(slices[0], path)
        assert steps(tmp_path / path) == 2


def test_a_folder_of_the_whole_name_has_to_be_told_apart(slices, tmp_path):
    """Earlier versions made such folders."""
    cubes.append(slices[0], "./ZARR:cube.zarr")
    with cubes.unchanged(tmp_path / "ZARR:cube.zarr"):
        done = cubes.append(slices[1], "ZARR:cube.zarr", status=2)
        with pytest.raises(mda.UsageError, match="two|also"):
            mda.append(slices[1], "ZARR:cube.zarr")
    assert "Say which: 'cube.zarr' or './ZARR:cube.zarr'" in done.message
    assert not (tmp_path / "cube.zarr").exists()
    cubes.append(slices[1], "./ZARR:cube.zarr")
    assert steps(tmp_path / "ZARR:cube.zarr") == 4


def test_a_slice_with_a_prefix_is_the_target_all_the_same(slices, tmp_path):
    cubes.append(slices[0], "cube.zarr")
    for name in ("ZARR:cube.zarr", 'ZARR:"cube.zarr"', f"ZARR:{tmp_path}/cube.zarr"):
        done = cubes.append(name, "cube.zarr", status=5)
        assert "the target itself" in done.message


# Sidecars


@pytest.mark.parametrize(
    "name",
    [
        "cube.zarr.mdimappend",
        "cube.zarr.mdimappend/stage/x.zarr",
        "cube.zarr.mdimappend/log",
        "other.zarr.mdimappend",
        "link/x.zarr",
    ],
)
def test_no_target_is_a_sidecar_or_in_one(slices, tmp_path, name):
    cubes.append(slices[0], "cube.zarr")
    os.symlink("cube.zarr.mdimappend", "link")
    (tmp_path / "cube.zarr.mdimappend" / "stage").mkdir(exist_ok=True)
    before = cubes.tree(tmp_path)
    for words in ([], ["--overwrite"], ["--dry-run"]):
        done = cubes.append(*words, slices[1], name, status=1)
        assert "are sidecars" in done.message
        assert "Nothing was written." in done.message
    with pytest.raises(mda.AppendError, match="sidecars"):
        mda.append(slices[1], name)
    with pytest.raises(mda.UsageError, match="sidecar"):
        mda.Lock(name)
    assert cubes.tree(tmp_path) == before
    cubes.append(slices[1], "cube.zarr")
    assert steps(tmp_path / "cube.zarr") == 4


def test_a_group_may_be_called_like_one(slices, tmp_path):
    """Sidecars are beside stores, never in them."""
    cubes.append("--group", "a.mdimappend", slices[0], "cube.zarr")
    cubes.append(slices[1], "cube.zarr/a.mdimappend")
    with xr.open_zarr("cube.zarr", group="a.mdimappend") as cube:
        assert cube.sizes["time"] == 4


def test_the_driver_makes_no_store_there_either(slices, tmp_path):
    cubes.append(slices[0], "cube.zarr")
    with cubes.unchanged(tmp_path / "cube.zarr"):
        done = subprocess.run(
            [
                *("gdalmdimtranslate", "-of", "MDIMAPPEND", slices[1]),
                "MDIMAPPEND:cube.zarr.mdimappend/x.zarr",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode != 0
    assert "sidecars" in done.stderr

"""What is said to whoever has to do something about it."""

import re
import subprocess

import cubes
import netCDF4
import numpy as np
import parts
import pytest
import xarray as xr
from osgeo import gdal

gdal.UseExceptions()


def steps(path, days, name="time", **arrays):
    """`air` on the given days."""
    time = np.datetime64("2024-01-01", "ns") + np.array(days) * np.timedelta64(1, "D")
    air = np.array(days, "f4")[:, None] + np.zeros(4, "f4")
    data = xr.Dataset({"air": ((name, "x"), air), **arrays}, {name: time})
    data[name].encoding = {"units": "days since 2024-01-01", "dtype": "i4"}
    return cubes.write(data, path)


def raster(path, value=1):
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 4, 3, 1, gdal.GDT_Int16)
    dataset.GetRasterBand(1).WriteArray(np.full((3, 4), value, "i2"))
    return path


def test_an_error_has_one_prefix(target, tmp_path):
    done = cubes.run("--quiet", tmp_path / "no.nc", target, status=4)
    assert done.stderr.startswith("ERROR 1: slice '")
    other = tmp_path / "no.zarr"
    words = ("driver", "mdimappend", "status", other)
    done = cubes.run(*words, command="gdal", status=1)
    assert done.stderr.startswith("ERROR 1: target '")


def test_the_line_of_a_slice_names_it_once(target, tmp_path):
    """In the report of a queue, which has the reason, too."""
    names = tmp_path / "names"
    page = tmp_path / "page.nc"
    page.write_text("<html></html>")
    names.write_text(f"{page}\n")
    done = cubes.run("--slices-from", names, "-o", target, status=5)
    (line, *_) = done.stdout.splitlines()
    assert line.startswith(f"{page}: failed: is not data")
    assert line.count(str(page)) == 1


def test_a_line_feed_in_a_name_is_one_in_no_message(target, tmp_path):
    name = "evil\nERROR 1: all is lost.nc"
    path = steps(tmp_path / "a.nc", [5]).rename(tmp_path / name)
    done = cubes.run("--array", "none", path, target, status=5)
    assert "evil\\nERROR 1: all is lost.nc" in done.stderr
    assert "\nERROR 1: all" not in done.stderr + done.stdout


def test_a_line_feed_in_a_name_is_one_in_no_line_of_the_log(tmp_path):
    path = steps(tmp_path / "a.nc", [5]).rename(tmp_path / "evil\n9  2024-01-01.nc")
    store = tmp_path / "other.zarr"
    cubes.run("--message", "two\nlines", path, store)
    (line,) = parts.verb("log", store).stdout.splitlines()
    assert line.endswith("evil\\n9  2024-01-01.nc  two\\nlines")


# What to do.


@pytest.mark.parametrize("direction", ["fall", "rise"])
def test_labels_that_run_the_other_way(tmp_path, store, direction):
    first, second = ([0, 1], [5, 4, 3]) if direction == "fall" else ([5, 4], [1, 2, 3])
    cubes.append(steps(tmp_path / "a.nc", first), store)
    with cubes.unchanged(store):
        done = cubes.append(steps(tmp_path / "b.nc", second), store, status=5)
    other = "rise" if direction == "fall" else "fall"
    found = f"its labels {direction}, from 2024-01-0{second[0] + 1}"
    assert found in done.message
    assert f"and the target's {other}" in done.message


def test_a_second_label_that_is_earlier(tmp_path, store):
    cubes.append(steps(tmp_path / "a.nc", [5]), store)
    earlier = steps(tmp_path / "b.nc", [4])
    message = cubes.append(earlier, store, status=5).message
    assert "--step decreasing" in message
    cubes.append("--step", "decreasing", earlier, store)
    assert xr.open_zarr(store).air.values[:, 0].tolist() == [5, 4]


def test_a_time_of_another_name(tmp_path, store):
    cubes.append(steps(tmp_path / "a.nc", [0]), store)
    other = steps(tmp_path / "b.nc", [1], name="valid_time")
    message = cubes.append(other, store, status=5).message
    (advice,) = re.findall("--rename [a-z_]+=[a-z_]+", message)
    cubes.append(*advice.split(), other, store)
    assert xr.open_zarr(store).air.values[:, 0].tolist() == [0, 1]


@pytest.mark.parametrize(
    "name", ["S2_T31_20240105_B.tif", "x_2024-01-05.tif", "20240105T103000_B8.tif"]
)
def test_a_raster_whose_name_has_the_date(tmp_path, store, name):
    """The pattern in the message finds it."""
    path = raster(tmp_path / name)
    message = cubes.append(path, store, status=5).message
    (pattern,) = re.findall("--label-from '([^']+)'", message)
    cubes.append("--label-from", pattern, path, store)
    assert str(xr.open_zarr(store).time.values[0]).startswith("2024-01-05")


def test_bands_that_come_one_by_one(tmp_path, store):
    """`gdal raster stack` makes one slice of them."""
    red, blue = raster(tmp_path / "red.tif", 1), raster(tmp_path / "blue.tif", 2)
    cubes.append("--label", "2024-01-05", red, store)
    words = ("--label", "2024-01-05", blue)
    assert "`gdal raster stack" in cubes.append(*words, store, status=5).message
    scene = tmp_path / "scene.tif"
    subprocess.run(["gdal", "raster", "stack", "-q", red, blue, scene], check=True)
    other = tmp_path / "other.zarr"
    cubes.append("--label", "2024-01-05", scene, other)
    read = xr.open_zarr(other)
    assert [int(read[f"band{n}"].max()) for n in (1, 2)] == [1, 2]


def test_an_auxiliary_time_that_is_finer(tmp_path, store):
    """The message has the array's name, and what it says works."""

    def at(path, day, second):
        with netCDF4.Dataset(path, "w") as file:
            file.createDimension("time", None)
            for name, units in (("time", "days"), ("scanned", "hours")):
                array = file.createVariable(name, "i4", ("time",))
                array.units = f"{units} since 2024-01-01"
                array[:] = day * 24 if name == "scanned" else day
            if second:
                file["scanned"].units = "seconds since 2024-01-01"
                file["scanned"][:] = day * 86400 + second
        return path

    first, later = at(tmp_path / "a.nc", 0, 0), at(tmp_path / "b.nc", 1, 7)
    keep = ("--encoding", "scanned:units=keep")
    cubes.append(*keep, first, store)
    message = cubes.append(later, store, status=5).message
    (advice,) = re.findall("--encoding ([a-z]+):units=", message)
    assert advice == "scanned"
    other = tmp_path / "other.zarr"
    units = "scanned:units=seconds since 2024-01-01"
    cubes.append("--encoding", units, first, later, other)
    assert str(xr.open_zarr(other).scanned.values[1]).startswith("2024-01-02T00:00:07")


def test_groups_that_are_not_read(tmp_path, store):
    """The message says how one of them is."""
    path = tmp_path / "groups.nc"
    with netCDF4.Dataset(path, "w") as file:
        group = file.createGroup("ocean")
        group.createDimension("time", 1)
        group.createDimension("x", 3)
        time = group.createVariable("time", "i4", ("time",))
        time.units = "days since 2024-01-01"
        time[:] = 3
        group.createVariable("sst", "f4", ("time", "x"))[:] = 7
    message = cubes.append(path, store, status=5).message
    (option,) = re.findall("(--slice-group /ocean) takes that one", message)
    cubes.append(*option.split(), path, store)
    assert xr.open_zarr(store).sst.values.tolist() == [[7, 7, 7]]


# What is no slice.


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<!DOCTYPE html>\n<html><body>404 Not Found</body></html>", "an HTML page"),
        ("\n  <HTML><head></head></HTML>", "an HTML page"),
        ("\ufeff<html></html>", "an HTML page"),
        ("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML"),
        ("#!/bin/sh\nwget http://example.org/a.nc\n", "a script"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
    ],
)
def test_what_is_no_data_is_not_waited_for(target, tmp_path, text, what):
    path = tmp_path / "a.nc"
    path.write_text(text)
    with cubes.unchanged(target):
        done = cubes.append("--wait", "30s", path, target, status=5, timeout=20)
    assert "is not data" in done.message
    assert what in done.message
    assert done.message.endswith("Nothing was written.")


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"\0" * 99])
def test_what_may_become_data_is_tried_again(target, tmp_path, content):
    path = tmp_path / "a.nc"
    path.write_bytes(content)
    with cubes.unchanged(target):
        cubes.append(path, target, status=4)


# What is wrong with the target.


@pytest.mark.parametrize("compressor", ["blosc:zstd", "gzip", "zstd"])
def test_a_damaged_chunk_is_named_and_can_be_mended(tmp_path, store, compressor):
    paths = [steps(tmp_path / f"{day}.nc", [day]) for day in range(3)]
    encoding = ("--encoding", f"*:chunk=4x2,compress={compressor}")
    cubes.append("--encoding", "time:chunk=9", *encoding, *paths[:2], store)
    chunk = store / "air/c/0/1"
    chunk.write_bytes(chunk.read_bytes()[:9])
    with cubes.unchanged(store):
        done = cubes.append(paths[2], store, status=1)
    assert str(chunk) in done.message
    assert "/vsi" not in done.message
    assert "--on-duplicate replace" in done.message
    chunk.unlink()
    cubes.append("--on-duplicate", "replace", *paths, store)
    assert xr.open_zarr(store).air.values[:, 3].tolist() == [0, 1, 2]


def test_damaged_labels_are_named(tmp_path, store):
    """They cannot be had again from slices, and nothing says so."""
    paths = [steps(tmp_path / f"{day}.nc", [day]) for day in range(2)]
    cubes.append(paths[0], store)
    (chunk,) = (store / "time/c").iterdir()
    chunk.write_bytes(b"x")
    with cubes.unchanged(store):
        done = cubes.append(paths[1], store, status=1)
    assert str(chunk) in done.message
    assert "from a copy" in done.message
    assert "replace" not in done.message


@pytest.mark.parametrize("kind", ["M8[ns]", "m8[ns]"])
def test_a_time_that_is_missing_is_nat(tmp_path, store, kind):
    """In what all steps have in common, where it differs."""
    when = (
        np.array("2024-01-01", "M8[ns]") if kind == "M8[ns]" else np.timedelta64(5, "D")
    )
    values = [np.array(when, kind), np.array("NaT", kind)]
    paths = []
    for number, value in enumerate(values):
        data = cubes.weather(number, 1).assign(reference=((), value))
        data.reference.encoding = {
            "units": "days since 2024-01-01" if kind == "M8[ns]" else "days",
            "dtype": "i8",
            "_FillValue": -(2**63),
        }
        paths.append(cubes.write(data, tmp_path / f"{number}.nc"))
    cubes.append(paths[0], store)
    message = cubes.append(paths[1], store, status=5).message
    assert "'reference': it is NaT, the target has " in message

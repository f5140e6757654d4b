"""The log names the slices that parts were written from."""

import json

import cubes
import gdalmdimappend
import parts
import pytest


@pytest.fixture
def slices(tmp_path):
    return parts.weather_files(tmp_path, (3, 5, 2))


def commit_parts(store, like, writes, size):
    """`writes`: (slice, offset, option)."""
    options = (*parts.CHUNKS, "--size", size)
    token = parts.begin(store, like, *options)
    receipts = [parts.write(token, path, at=at) for path, at in writes]
    parts.commit(token, *receipts)


def test_of_each_how_many_parts(store, slices):
    first, second, third = slices
    cubes.append(*parts.CHUNKS, first, store)
    again = cubes.write(parts.weather(3, 1), store.parent / "again.nc")
    # The days of `again` are those that `second` begins with.
    commit_parts(store, second, [(second, 0), (again, 0), (third, 5)], 7)
    told = cubes.run("driver", "mdimappend", "log", store, command="gdal").stdout
    line = told.splitlines()[0]
    for path in (again, second, third):
        assert f"  {path} (1 part)" in line
    (record, before) = json.loads(
        cubes.run("driver", "mdimappend", "log", "--json", store, command="gdal").stdout
    )
    names = sorted(str(path) for path in (again, second, third))
    assert record["part_slices"] == [{"name": n, "parts": 1} for n in names]
    assert record["slices"] == []
    assert "part_slices" not in before
    (logged, _) = gdalmdimappend.log(store)
    assert [(s.name, s.parts) for s in logged.part_slices] == [(n, 1) for n in names]


def test_a_slice_of_several_parts_is_named_once(store, tmp_path):
    days = parts.weather(0, 4)
    path = cubes.write(days, tmp_path / "days.nc")
    token = parts.begin(store, path, *parts.CHUNKS, "--create")
    receipts = []
    for first in (0, 2):
        cubes.write(days.isel(time=slice(first, first + 2)), path)
        receipts.append(parts.write(token, path, at=first))
    parts.commit(token, *receipts)
    told = cubes.run("driver", "mdimappend", "log", store, command="gdal").stdout
    assert told.count(str(path)) == 1
    assert f"  {path} (2 parts)\n" in told


def test_such_a_slice_is_not_taken_for_one_that_is_there(store, slices, tmp_path):
    """Its part may be less than the whole: values are compared, not names."""
    first, second, _ = slices
    cubes.append(*parts.CHUNKS, first, store)
    token = parts.begin(store, second, *parts.CHUNKS)
    parts.commit(token, parts.write(token, second, at=0))
    other = parts.weather(3, 5)
    other["air"] = other.air + 1
    cubes.write(other, second)
    done = cubes.append(second, store, status=5)
    assert "air" in done.message

"""A run remembers the cube from one commit to the next. What others have changed in
between counts all the same."""

import os
import time

import cubes
import pytest
import zarr

DAYS = [0, 86400, 172800]
WAIT = ["--wait", "60s", "--poll-interval", "0.1s"]


def daily(folder, day):
    path = folder / f"day{day}.nc"
    return cubes.write(cubes.weather(day, 1), path)


def labels(store):
    return cubes.read_zarr(store)["time"].size


@pytest.fixture
def run_of_two(tmp_path, store):
    """A cube of day 0, and a run that has committed day 1 and waits for day 2."""
    chunks = [
        "--encoding",
        "time:chunk=2",
        "--encoding",
        "air:chunk=4x4x5,compress=none",
    ]
    cubes.append(*chunks, daily(tmp_path, 0), store)
    first, second = daily(tmp_path, 1), tmp_path / "day2.nc"
    process = cubes.start("--report", "json", *WAIT, first, second, store)
    while labels(store) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    yield process
    process.kill()


def finish(process, tmp_path):
    cubes.write(cubes.weather(2, 1), tmp_path / "new")
    (tmp_path / "new").rename(tmp_path / "day2.nc")
    stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout, stderr


def change(store, name, index, value):
    array = zarr.open_array(store / name)
    array[index] = value


def test_nobody_has_changed_anything(run_of_two, tmp_path, store):
    status, _, stderr = finish(run_of_two, tmp_path)
    assert status == 0, stderr
    assert cubes.read_zarr(store)["time"].tolist() == DAYS


def test_another_writer_has_appended_the_slice(run_of_two, tmp_path, store):
    other = cubes.write(cubes.weather(2, 1), tmp_path / "other.nc")
    cubes.append(other, store)
    status, stdout, _ = finish(run_of_two, tmp_path)
    assert status == 0
    assert '"already there"' in stdout.replace("_", " ")
    assert cubes.read_zarr(store)["time"].tolist() == DAYS


@pytest.mark.parametrize(
    ("name", "index", "value", "said"),
    [("time", 1, 999999, "does not come after"), ("lat", 0, 61.0, "'lat'")],
)
def test_another_tool_has_changed_values(
    run_of_two, tmp_path, store, name, index, value, said
):
    change(store, name, index, value)
    status, _, stderr = finish(run_of_two, tmp_path)
    assert status == 5
    assert said in stderr
    assert labels(store) == 2


def test_another_tool_has_changed_a_document(run_of_two, tmp_path, store):
    array = zarr.open_array(store / "air")
    array.attrs["units"] = "degC"
    zarr.consolidate_metadata(store)
    status, _, stderr = finish(run_of_two, tmp_path)
    assert status == 0, stderr
    days = cubes.weather(2, 1)["air"].values
    assert abs(cubes.read_zarr(store)["air"][2:] - (days - 273.15)).max() < 1e-3


def test_a_chunk_is_damaged_and_its_file_looks_the_same(run_of_two, tmp_path, store):
    """What is merged gets a new checksum, which would hide the damage."""
    chunk = store / "air" / "c" / "0" / "0" / "0"
    state = chunk.stat()
    with chunk.open("r+b") as file:
        last = file.read()[-1]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    os.utime(chunk, ns=(state.st_atime_ns, state.st_mtime_ns))
    damaged = chunk.read_bytes()
    status, _, stderr = finish(run_of_two, tmp_path)
    assert status == 1
    assert "chunk 'air/c/0/0/0' was changed by somebody else" in stderr
    assert chunk.read_bytes() == damaged
    assert labels(store) == 2

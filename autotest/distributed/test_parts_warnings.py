"""What the slices of parts are warned of: told when they are written, and kept in the
log as for an append."""

import cubes
import numpy as np
import parts
from parts import CHUNKS


def with_warnings(dataset):
    """An array beside those of the cube, another quantity, another valid range."""
    dataset = dataset.assign(rain=dataset["air"] * 0)
    dataset["air"].attrs |= {
        "standard_name": "surface_temperature",
        "valid_max": np.float32(50),
    }
    return dataset


def test_what_parts_are_warned_of_is_in_the_log(tmp_path):
    """In the form in which an append has it."""
    first = parts.weather(0, 3)
    first["air"].attrs |= {
        "standard_name": "air_temperature",
        "valid_max": np.float32(100),
    }
    stores = [tmp_path / name for name in ("appended.zarr", "parts.zarr")]
    for store in stores:
        parts.call_append(*CHUNKS, cubes.write(first, tmp_path / "first.nc"), store)
    odd = cubes.write(with_warnings(parts.weather(3, 3)), tmp_path / "odd.nc")
    done = cubes.run("--report", "json", odd, stores[0])
    expected = done.report["warnings"]
    assert len(expected) == 3
    like = parts.weather(3, 3)
    like["air"].attrs |= first["air"].attrs
    token = parts.call(
        "begin", *CHUNKS, "--like", cubes.write(like, tmp_path / "like.nc"), stores[1]
    )
    done = parts.verb("write", token, odd)
    assert [line for line in done.stderr.splitlines() if "Warning" in line] == [
        f"Warning 1: {warning}" for warning in expected
    ]
    parts.call("commit", token, done.stdout)
    for store in stores:
        assert parts.log(store)[-1]["warnings"] == expected


def test_what_begin_warns_of_is_in_the_log_once(tmp_path):
    """Its parts have the same arrays, and need not say it again."""
    store = tmp_path / "cube.zarr"
    whole = parts.weather(0, 6).drop_vars("time")
    paths = [
        cubes.write(part, tmp_path / f"{name}.nc")
        for name, part in (
            ("whole", whole),
            ("first", whole.isel(time=slice(0, 3))),
            ("second", whole.isel(time=slice(3, 6))),
        )
    ]
    begun = parts.verb("begin", *CHUNKS, "--like", paths[0], store)
    assert "'time' has no labels" in begun.stderr
    written = [
        parts.verb("write", "--at", at, begun.stdout, path)
        for at, path in zip((0, 3), paths[1:], strict=True)
    ]
    assert all("no labels" not in done.stderr for done in written)
    parts.call("commit", begun.stdout, *(done.stdout for done in written))
    (warning,) = parts.log(store)[-1]["warnings"]
    assert warning.startswith("'time' has no labels")

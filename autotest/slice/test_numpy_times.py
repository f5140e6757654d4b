"""Zarr slices and targets whose type is a time of NumPy's: they keep their meaning, or
are refused. Their makers are zarr-python, their reader is xarray."""

import cubes
import numpy as np
import pytest
import zarr

UNITS = ["D", "h", "m", "s", "ms", "us", "ns"]


def store_of(path, zarr_format=3, **arrays):
    """Arrays along `time`, as zarr-python stores them."""
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    for name, values in arrays.items():
        named = {"dimension_names": ["time"]} if zarr_format == 3 else {}
        array = group.create_array(name, data=np.asarray(values), **named)
        if zarr_format == 2:
            array.attrs["_ARRAY_DIMENSIONS"] = ["time"]
    zarr.consolidate_metadata(str(path))
    return path


def dates(unit, *texts):
    return np.array(texts, f"M8[{unit}]")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("unit", UNITS)
def test_dates_and_durations_keep_their_meaning(tmp_path, store, unit):
    first = store_of(
        tmp_path / "0.zarr",
        time=dates(unit, "2024-01-02", "2024-01-03"),
        seen=dates(unit, "2024-01-04", "NaT"),
        lead=np.array([6, "NaT"], f"m8[{unit}]"),
        v=np.ones(2, "f4"),
    )
    second = store_of(
        tmp_path / "1.zarr",
        time=dates("ns", "2024-01-05T00:00:01"),
        seen=dates("ns", "2024-01-06T00:00:01"),
        lead=np.array([10**9], "m8[ns]"),
        v=np.ones(1, "f4"),
    )
    cubes.append(first, second, store)
    found = cubes.open_xarray(store, decode_timedelta=True)
    assert found["time"].values.astype("M8[ns]").tolist() == (
        dates("ns", "2024-01-02", "2024-01-03", "2024-01-05T00:00:01").tolist()
    )
    seen = dates("ns", "2024-01-04", "NaT", "2024-01-06T00:00:01")
    assert found["seen"].values.astype("M8[ns]").astype("i8").tolist() == (
        seen.astype("i8").tolist()
    )
    lead = np.array([6, "NaT"], f"m8[{unit}]").astype("m8[ns]").astype("i8").tolist()
    assert found["lead"].values.astype("m8[ns]").astype("i8").tolist() == (
        [*lead, 10**9]
    )
    assert cubes.read_zarr(store)["seen"].dtype == "int64"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("unit", ["10s", "M", "Y", "W", "ps"])
def test_units_without_a_word_are_refused(tmp_path, store, unit):
    slice_ = store_of(
        tmp_path / "0.zarr", time=np.array([3], f"M8[{unit}]"), v=np.ones(1, "f4")
    )
    done = cubes.append(slice_, store, status=5)
    assert "array 'time'" in done.message
    assert "its type numpy.datetime64 counts in steps of" in done.message
    assert not store.exists()


@pytest.mark.filterwarnings("ignore")
def test_a_missing_label_is_refused(tmp_path, store):
    slice_ = store_of(tmp_path / "0.zarr", time=dates("s", "NaT"), v=np.ones(1, "f4"))
    done = cubes.append(slice_, store, status=5)
    assert "label 0 is missing" in done.message


@pytest.mark.filterwarnings("ignore")
def test_v2_is_refused_by_name(tmp_path, store):
    slice_ = store_of(
        tmp_path / "0.zarr", 2, time=dates("ns", "2024-01-02"), v=np.ones(1, "f4")
    )
    done = cubes.append(slice_, store, status=5)
    assert "array 'time': GDAL's Zarr driver cannot read it" in done.message
    assert "'<M8[ns]'" in done.message


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_targets_of_such_types_are_refused(tmp_path, store, zarr_format):
    store_of(store, zarr_format, time=dates("s", "2024-01-02"), v=np.ones(1, "f4"))
    later = store_of(
        tmp_path / "1.zarr", time=dates("s", "2024-01-03"), v=np.ones(1, "f4")
    )
    before = cubes.tree(store)
    done = cubes.append(later, store, status=None)
    assert done.status not in (0, None)
    assert "NumPy times; encode time as numbers" in done.message
    assert {k: v for k, v in cubes.tree(store).items() if k in before} == before

"""What a dataset has that is not stored: nothing can be wrong with it."""

import datetime
import logging

import dask.array as da
import gdalmdimappend as mda
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr


class Crs:
    """As satpy and pyproj have them."""


def day(number, **attrs):
    return xr.Dataset(
        {"v": (("time", "x"), np.full((1, 2), number, "f4"))}, {"time": [number]}, attrs
    )


def odd(number):
    return day(number).assign_coords(crs=((), np.array(Crs(), object)))


def values(store):
    with xr.open_zarr(store) as cube:
        return cube.v[:, 0].values.tolist()


# Arrays


@pytest.mark.parametrize("excluded", ["crs", "c*", "?rs", ["crs"]])
def test_an_excluded_array_may_be_anything(store, excluded):
    mda.append([odd(0), odd(1)], store, exclude_array=excluded)
    assert values(store) == [0, 1]


def test_also_by_a_settings_file(store, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text("excluded_variables: [crs]\n")
    mda.append(odd(0), store, settings=settings)
    assert values(store) == [0]


def test_also_of_what_dask_computes(store):
    for number in range(2):
        lazy = odd(number).assign(
            v=(("time", "x"), da.full((1, 2), number, dtype="f4", chunks=1))
        )
        mda.append(lazy, store, exclude_array="crs")
    assert values(store) == [0, 1]


def test_what_is_not_excluded_is_refused(store):
    with pytest.raises(mda.SliceRefused, match="crs"):
        mda.append(odd(0), store)
    with pytest.raises(mda.SliceRefused, match="crs"):
        mda.append(odd(0), store, exclude_array="c")
    assert not store.exists()


def with_other_arrays(number):
    """Arrays that nobody can store, and one with an encoding that is none."""
    other = day(number).assign(
        areas=("x", np.array([Crs(), Crs()], object)),
        steps=("time", np.array([Crs()], object)),
        bad=(("time", "x"), np.ones((1, 2), "f4")),
        fine=(("time", "x"), np.full((1, 2), number, "i4")),
    )
    other.bad.encoding = {"dtype": "no such type"}
    other.fine.encoding = {"dtype": "int16", "scale_factor": 0.5}
    return other


@pytest.mark.parametrize(
    "words",
    [
        {"array": "v"},
        {"array": ["v"]},
        {"array": "?", "exclude_array": "b*"},
        {"settings": {"included_variables": ["v"]}},
        {"exclude_array": ["areas", "steps", "bad", "fine"]},
    ],
    ids=repr,
)
@pytest.mark.parametrize("is_lazy", [False, True])
def test_an_array_that_is_not_asked_for_may_be_anything(store, words, is_lazy):
    for number in range(2):
        dataset = with_other_arrays(number)
        if is_lazy:
            lazy = da.full((1, 2), number, dtype="f4", chunks=1)
            dataset["v"] = (("time", "x"), lazy)
        mda.append(dataset, store, **words)
    assert values(store) == [0, 1]
    assert set(zarr.open_group(store, mode="r").array_keys()) == {"v", "time"}


def test_what_dask_would_compute_for_others_is_not_computed(store):
    def fail(block):
        raise AssertionError("it is not asked for")

    dataset = day(0)
    dataset["other"] = (
        ("time", "x"),
        da.ones((1, 2), chunks=1).map_blocks(fail, dtype="f8", meta=np.empty((0, 0))),
    )
    mda.append(dataset, store, array="v")
    mda.append(day(1), store, exclude_array="other")
    assert values(store) == [0, 1]


def test_what_an_array_needs_comes_with_it(store):
    """Coordinates of all kinds, bounds, a grid mapping; labels of another name."""
    dataset = day(0).assign(other=("x", np.zeros(2)))
    dataset = dataset.assign_coords(
        lat=("x", [1.0, 2.0]), place=((), "here"), x=("x", [5.0, 6.0])
    )
    dataset["x_bnds"] = (("x", "n"), np.array([[4.5, 5.5], [5.5, 6.5]]))
    dataset["crs"] = ((), 0)
    dataset.x.attrs["bounds"] = "x_bnds"
    dataset.v.attrs["grid_mapping"] = "crs: x"
    mda.append(dataset, store, array="v")
    assert set(zarr.open_group(store, mode="r").array_keys()) == {
        *("v", "time", "x", "lat", "place", "x_bnds", "crs")
    }


def test_labels_of_another_name_come_with_an_array(store):
    dataset = day(0).drop_vars("time").assign(other=("x", np.zeros(2)))
    dataset["XTIME"] = ("time", [3], {"units": "hours since 2024-01-01"})
    mda.append(dataset, store, array="v")
    assert values(store) == [0]
    assert xr.open_zarr(store).time.values[0] == np.datetime64("2024-01-01T03", "ns")


def test_what_is_asked_for_and_is_not_there(store):
    with pytest.raises(mda.SliceRefused, match="no array 'w'"):
        mda.append(with_other_arrays(0), store, array="w")
    assert not store.exists()


# Attributes


def test_attributes_that_are_not_stored_may_be_anything(store):
    mda.append(day(0), store)
    other = day(1, area=Crs())
    other.v.attrs["area"] = Crs()
    mda.append(other, store)
    mda.append(day(2, area=Crs()), store, attributes="ignore")
    assert values(store) == [0, 1, 2]
    assert "area" not in zarr.open_group(store, mode="r").attrs


def test_those_of_a_new_target_are_refused_unless_they_are_ignored(store):
    with pytest.raises(mda.SliceRefused, match="attribute 'area' of the dataset"):
        mda.append(day(0, area=Crs()), store)
    other = day(0)
    other.v.attrs["area"] = Crs()
    with pytest.raises(mda.SliceRefused, match="attribute 'area' of array 'v'"):
        mda.append(other, store, attributes="ignore")
    assert not store.exists()
    mda.append(day(0, area=Crs()), store, attributes="ignore")
    with pytest.raises(mda.SliceRefused, match="attribute 'area' of the dataset"):
        mda.append(day(1, area=Crs()), store, attributes="replace")
    assert values(store) == [0]


def test_dates_are_stored_as_texts(store):
    dataset = day(
        0,
        start=datetime.datetime(2024, 1, 2, 3, 4, 5),
        zoned=datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
        date=datetime.date(2024, 1, 2),
        numpy=np.datetime64("2024-01-02T03"),
        pandas=pd.Timestamp("2024-01-02 03:04"),
        several=[datetime.date(2024, 1, 2), {"end": np.datetime64("2024-01-03")}],
        array=np.array(["2024-01-02", "2024-01-03"], "M8[D]"),
    )
    mda.append(dataset, store)
    assert dict(zarr.open_group(store, mode="r").attrs) == {
        "start": "2024-01-02T03:04:05",
        "zoned": "2024-01-02T00:00:00+00:00",
        "date": "2024-01-02",
        "numpy": "2024-01-02T03",
        "pandas": "2024-01-02T03:04:00",
        "several": ["2024-01-02", {"end": "2024-01-03"}],
        "array": ["2024-01-02", "2024-01-03"],
    }


@pytest.mark.parametrize(
    "value",
    [pd.NaT, np.datetime64("NaT"), datetime.timedelta(1), np.timedelta64(1, "h")],
)
def test_what_is_no_date_is_refused(store, value):
    with pytest.raises(mda.SliceRefused, match="attribute 'a' of the dataset"):
        mda.append(day(0, a=value), store)
    assert not store.exists()


# Dimensions of size 0


def test_arrays_without_values_are_left_out(store, caplog):
    dataset = day(0).assign(history=(("time", "n"), np.ones((1, 0), "f4")))
    with caplog.at_level(logging.WARNING, "gdalmdimappend"):
        mda.append(dataset, store)
    assert "array 'history' has no values (dimension 'n' has size 0)" in caplog.text
    with xr.open_zarr(store) as cube:
        assert set(cube.variables) == {"v", "time"}


def test_a_dataset_without_steps_is_refused(store):
    with pytest.raises(mda.SliceRefused, match="dimension 'time' has size 0"):
        mda.append(day(0).isel(time=slice(0)), store)
    other = day(0).rename(time="step").isel(step=slice(0))
    with pytest.raises(mda.SliceRefused, match="dimension 'step' has size 0"):
        mda.append(other, store, append_dim="step")
    assert not store.exists()


# Slices of several kinds


def kinds(tmp_path):
    """One of each kind, twice."""
    day(0).to_netcdf(tmp_path / "0.nc")
    day(4).to_netcdf(tmp_path / "4.nc")
    return [
        tmp_path / "0.nc",
        day(1),
        day(2).chunk(x=1),
        lambda: day(3).chunk(),
        str(tmp_path / "4.nc"),
        day(5).chunk(x=1),
        day(6),
    ]


@pytest.mark.parametrize("per_commit", [1, 2, 7])
def test_files_memory_and_dask_in_one_call(store, tmp_path, per_commit):
    report = mda.append(kinds(tmp_path), store, slices_per_commit=per_commit)
    assert {each.outcome for each in report.slices} == {"appended"}
    assert values(store) == list(range(7))
    again = mda.append(kinds(tmp_path), store)
    assert {each.outcome for each in again.slices} == {"already there"}
    assert values(store) == list(range(7))


def test_one_of_them_is_bad(store, tmp_path):
    slices = kinds(tmp_path)
    slices[2] = slices[2].rename(v="w")
    with pytest.raises(mda.SliceRefused):
        mda.append(slices, store, keep_going=True)
    assert values(store) == [0, 1, 3, 4, 5, 6]


def test_memory_and_dask_overwrite_together(store):
    mda.append(day(9), store)
    mda.append([day(0), day(1).chunk(x=1), day(2)], store, overwrite=True)
    assert values(store) == [0, 1, 2]
    assert len(mda.log(store)[0].slices) == 3

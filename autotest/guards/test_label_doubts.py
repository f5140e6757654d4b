"""First labels that are probably a mistake: refused where they cannot be meant, else
said, once a run."""

import cubes
import numpy as np
import pytest
import xarray as xr


def part(path, numbers, attributes, name="time", dtype=None):
    dataset = xr.Dataset(
        {"x": ((name,), np.zeros(len(numbers)))},
        {name: (name, np.array(numbers, dtype), attributes)},
    )
    for variable in dataset.variables:
        dataset[variable].encoding["_FillValue"] = None
    return cubes.write(dataset, path)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("time", {}),
        ("t", {"axis": "T"}),
        ("t", {"standard_name": "time"}),
    ],
)
def test_times_without_units(tmp_path, store, name, attributes):
    paths = [
        part(tmp_path / f"{i}.nc", [i], attributes, name) for i in (20240101, 20240102)
    ]
    report = cubes.append("--append-dim", name, *paths, store).report
    assert report["warnings"] == [
        f"the labels '{name}' have no units: they are stored as mere numbers, which "
        "no reader takes for dates"
    ]
    assert cubes.read_zarr(store)[name].tolist() == [20240101, 20240102]
    # Into a cube of dates they do not go.
    dates = store.parent / "dates.zarr"
    units = {"units": "days since 2024-01-01", **attributes}
    cubes.append("--append-dim", name, part(tmp_path / "d.nc", [0], units, name), dates)
    done = cubes.append("--append-dim", name, paths[0], dates, status=5)
    assert "of different kinds" in done.message


@pytest.mark.parametrize(
    ("name", "attributes"),
    [("member", {}), ("z", {"axis": "Z"}), ("step", {"units": "h"})],
)
def test_other_labels_are_numbers(tmp_path, store, name, attributes):
    path = part(tmp_path / "0.nc", [1], attributes, name)
    assert not cubes.append("--append-dim", name, path, store).report.get("warnings")


@pytest.mark.parametrize(
    ("number", "units"),
    [(739000, "days since 1970-01-01"), (-800000, "days since 1970-01-01")],
)
def test_dates_of_another_millennium(tmp_path, store, number, units):
    path = part(tmp_path / "0.nc", [number], {"units": units})
    report = cubes.append(path, store).report
    assert len(report["warnings"]) == 1
    assert "a label of 'time' is " in report["warnings"][0]
    assert f"are its units '{units}' right?" in report["warnings"][0]
    assert report["slices"][0]["outcome"] == "appended"


def test_later_slices_of_another_millennium(tmp_path, store):
    cubes.append(
        part(tmp_path / "0.nc", [1], {"units": "days since 2024-01-01"}), store
    )
    later = part(tmp_path / "1.nc", [0, 800000], {"units": "days since 2024-02-01"})
    report = cubes.append(later, store).report
    assert len(report["warnings"]) == 1
    assert "a label of 'time' is 4214-" in report["warnings"][0]
    assert "are its units 'days since 2024-02-01' right?" in report["warnings"][0]


@pytest.mark.parametrize("calendar", ["standard", "noleap", "360_day"])
@pytest.mark.parametrize("year", ["0001", "1850", "2999"])
def test_years_of_models_are_not_doubted(tmp_path, store, calendar, year):
    attributes = {"units": f"days since {year}-01-01", "calendar": calendar}
    path = part(tmp_path / "0.nc", [3], attributes)
    assert not cubes.append(path, store).report.get("warnings")


@pytest.mark.parametrize(
    ("number", "dtype", "attributes"),
    [
        (-2147483647, "int32", {}),
        (-9223372036854775806, "int64", {}),
        (-9223372036854775808, "int64", {}),
        (-999, "int32", {"_FillValue": np.int32(-999)}),
        (9.969209968386869e36, "float64", {}),
    ],
)
def test_labels_that_were_never_written(tmp_path, store, number, dtype, attributes):
    """What netCDF or NumPy has for missing, or the file says is."""
    units = {"units": "hours since 2000-01-01", **attributes}
    path = part(tmp_path / "0.nc", [number], units, dtype=dtype)
    cubes.append(path, store, status=5)
    assert not store.exists()

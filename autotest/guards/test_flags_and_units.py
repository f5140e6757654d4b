"""What numbers mean beside their units: flags, differences, quantities."""

import cubes
import numpy as np
import pytest
import xarray as xr


def part(folder, day, values, name="q", dtype=None, **attributes):
    """One step of an array with these attributes."""
    values = np.atleast_1d(values)
    dataset = xr.Dataset(
        {name: (("time", "x"), values[None], attributes)},
        {"time": ("time", [day], {"units": "days since 2000-01-01"})},
    )
    dataset[name].encoding = {"_FillValue": None}
    if dtype:
        dataset[name].encoding["dtype"] = dtype
    return cubes.write(dataset, folder / f"{day}.nc")


def flags(values, meanings, kind="flag_values"):
    return {kind: np.array(values, "int8"), "flag_meanings": meanings}


CLASSES = np.array([1, 2], "int8")
LAND_CLOUD = flags([1, 2], "land cloud")


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        (
            flags([1, 2], "cloud land"),
            "its flag 1.0 means 'cloud', the target's 'land'",
        ),
        (
            flags([0, 1], "land cloud"),
            "its flag 1.0 means 'cloud', the target's 'land'",
        ),
        ({"flag_meanings": "sea ice"}, "its flag_meanings are 'sea ice'"),
    ],
)
def test_flags_of_another_meaning_are_refused(tmp_path, store, attributes, said):
    cubes.append(part(tmp_path, 0, CLASSES, **LAND_CLOUD), store)
    with cubes.unchanged(store):
        done = cubes.append(part(tmp_path, 1, CLASSES, **attributes), store, status=5)
    assert f"array 'q': {said}" in done.message


def test_masks_of_another_meaning_are_refused(tmp_path, store):
    first = flags([1, 2], "land cloud", "flag_masks")
    cubes.append(part(tmp_path, 0, CLASSES, **first), store)
    other = flags([1, 2], "cloud land", "flag_masks")
    with cubes.unchanged(store):
        cubes.append(part(tmp_path, 1, CLASSES, **other), store, status=5)


@pytest.mark.parametrize("attributes", [flags([2, 1], "cloud land"), {}])
def test_flags_in_another_order_are_the_same(tmp_path, store, attributes):
    cubes.append(part(tmp_path, 0, CLASSES, **LAND_CLOUD), store)
    done = cubes.append(part(tmp_path, 1, CLASSES, **attributes), store)
    assert done.report["warnings"] == []
    assert cubes.open_xarray(store)["q"].values.tolist() == [[1, 2], [1, 2]]


def test_flags_that_the_target_does_not_list_are_warned_of(tmp_path, store):
    cubes.append(part(tmp_path, 0, CLASSES, **LAND_CLOUD), store)
    more = flags([1, 2, 3], "land cloud snow")
    done = cubes.append(part(tmp_path, 1, CLASSES, **more), store)
    assert done.report["warnings"] == [
        "array 'q' of the slices: the target's flag_meanings do not list 3.0 (snow)"
    ]


@pytest.mark.parametrize(
    ("name", "first", "then"),
    [
        ("standard_name", "air_temperature", "sea_surface_temperature"),
        ("positive", "up", "down"),
        ("cell_methods", "time: mean", "time: maximum"),
    ],
)
def test_another_quantity_is_warned_of_once(tmp_path, store, name, first, then):
    cubes.append(part(tmp_path, 0, 1.0, **{name: first}), store)
    slices = [part(tmp_path, day, 1.0, **{name: then}) for day in (1, 2)]
    done = cubes.append(*slices, store)
    assert done.report["warnings"] == [
        f"array 'q' of the slices: its {name} is '{then}', the target has '{first}', "
        "which stays"
    ]


DIFFERENCES = [
    {"units_metadata": "temperature: difference"},
    {"standard_name": "air_temperature_anomaly"},
    {"standard_name": "tendency_of_air_temperature"},
    {"standard_name": "air_temperature standard_error"},
    {"cell_methods": "time: standard_deviation"},
]


@pytest.mark.parametrize("attributes", DIFFERENCES, ids=str)
@pytest.mark.parametrize(
    ("units", "target", "value", "stored"),
    [("degC", "K", 1.5, 1.5), ("degF", "degC", 1.8, 1.0), ("K", "degC", 0.0, 0.0)],
)
def test_differences_have_no_offset(
    tmp_path, store, attributes, units, target, value, stored
):
    cubes.append(part(tmp_path, 0, 0.5, units=target, **attributes), store)
    cubes.append(part(tmp_path, 1, value, units=units, **attributes), store)
    found = cubes.open_xarray(store)["q"].values[1, 0]
    assert found == pytest.approx(stored, rel=1e-15, abs=0)


@pytest.mark.parametrize("one_side", ["target", "slice"])
def test_a_difference_is_no_value(tmp_path, store, one_side):
    """Unless nothing would be added to it."""
    sides = [{}, {}]
    sides[one_side == "slice"] = DIFFERENCES[0]
    cubes.append(part(tmp_path, 0, 0.5, units="K", **sides[0]), store)
    cubes.append(part(tmp_path, 1, 1.5, units="K", **sides[1]), store)
    path = part(tmp_path, 2, 1.5, units="degC", **sides[1])
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert "by its attributes the " + one_side + " has differences" in done.message


def test_what_is_on_a_scale_is_no_difference(tmp_path, store):
    on_scale = {"units_metadata": "temperature: on_scale"}
    cubes.append(part(tmp_path, 0, 0.5, units="K", **DIFFERENCES[0]), store)
    path = part(tmp_path, 1, 1.5, units="K", **on_scale)
    with cubes.unchanged(store):
        cubes.append(path, store, status=5)


@pytest.mark.parametrize(
    ("units", "target", "value", "stored"),
    [
        ("%", "1", 50.0, 0.5),
        ("1e-3", "1", 35.0, 0.035),
        ("1e-3", "g kg-1", 35.0, 35.0),
        ("dBm", "mW", 20.0, 100.0),
        ("dB", "1", 20.0, None),
        ("psu", "1e-3", 35.0, None),
    ],
)
def test_fractions_and_decibels(tmp_path, store, units, target, value, stored):
    cubes.append(part(tmp_path, 0, 0.5, units=target), store)
    path = part(tmp_path, 1, value, units=units)
    if stored is None:
        with cubes.unchanged(store):
            done = cubes.append(path, store, status=5)
        assert f"its units are '{units}', the target has '{target}'" in done.message
    else:
        cubes.append(path, store)
        found = cubes.open_xarray(store)["q"].values[1, 0]
        assert found == pytest.approx(stored, rel=1e-13)

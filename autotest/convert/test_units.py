"""Other units are converted by udunits2, or refused; never stored as they are."""

import cubes
import numpy as np
import pytest
import xarray as xr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def part(path, values, units, label=0, kind="float64", **encoding):
    """A NetCDF slice with one row of `data` in these units (None: without)."""
    dataset = xr.Dataset(
        {"data": (("time", "x"), np.asarray(values, kind)[None, :])},
        {"time": ("time", np.array([label], "int32"))},
    )
    if units is not None:
        dataset["data"].attrs["units"] = units
    dataset["data"].encoding.update({"_FillValue": None, **encoding})
    return cubes.write(dataset, path)


def data_of(store):
    found = cubes.read_zarr(store)["data"]
    assert cubes.same(cubes.read_gdal(store)["data"], found)
    return found


def units_of(store):
    return cubes.open_xarray(store, raw=True)["data"].attrs.get("units")


CONVERTIBLE = [
    ("degC", "K", lambda x: x + 273.15),
    ("K", "degC", lambda x: x - 273.15),
    ("degF", "celsius", lambda x: (x - 32) / 1.8),
    ("hPa", "Pa", lambda x: x * 100),
    ("mbar", "hPa", lambda x: x),
    ("mm/day", "m s-1", lambda x: x * 1e-3 / 86400),
    ("kg m-2 s-1", "g m-2 s-1", lambda x: x * 1000),
    ("%", "1", lambda x: x / 100),
    ("km h-1", "m/s", lambda x: x / 3.6),
    ("degrees", "rad", np.deg2rad),
    ("microgram m-3", "kg/m3", lambda x: x * 1e-9),
]


@FORMATS
@pytest.mark.parametrize(
    ("source", "target", "convert"),
    CONVERTIBLE,
    ids=[f"{source} to {target}" for source, target, _ in CONVERTIBLE],
)
def test_units_that_can_be_converted(
    tmp_path, store, zarr_format, source, target, convert
):
    values = np.array([-40.0, 0.0, 12.5, np.nan, 1013.25])
    first = part(tmp_path / "0.nc", [1, 2, 3, 4, 5], target)
    second = part(tmp_path / "1.nc", values, source, 1)
    cubes.append("--zarr-format", zarr_format, first, second, store)
    found = data_of(store)
    assert found[0].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(found[1], convert(values), rtol=1e-14, atol=1e-13)
    assert units_of(store) == target


@FORMATS
def test_units_in_single_precision(tmp_path, store, zarr_format):
    """Computed in double precision, rounded once."""
    values = np.array([-40.0, 0.1, 12.5, np.nan], "float32")
    first = part(tmp_path / "0.nc", [1, 2, 3, 4], "K", kind="float32")
    second = part(tmp_path / "1.nc", values, "degC", 1, kind="float32")
    cubes.append("--zarr-format", zarr_format, first, second, store)
    expected = (values.astype("float64") + 273.15).astype("float32")
    assert cubes.same(data_of(store)[1], expected)


@FORMATS
def test_units_and_packing(tmp_path, store, zarr_format):
    """degC in uint8 at 0.5 into K in int16 at 0.01."""
    form = "data:dtype=int16,scale=0.01,offset=273.15,nodata=-32768"
    first = part(tmp_path / "0.nc", [273.15, 280, np.nan], "K")
    second = part(
        tmp_path / "1.nc",
        [0.0, 6.5, np.nan],
        "degC",
        1,
        dtype="uint8",
        scale_factor=0.5,
        _FillValue=255,
    )
    cubes.append("--zarr-format", zarr_format, "--encoding", form, first, store)
    cubes.append(second, store)
    assert data_of(store).tolist() == [[0, 685, -32768], [0, 650, -32768]]
    decoded = cubes.open_xarray(store)["data"].values
    np.testing.assert_allclose(decoded[1], [273.15, 279.65, np.nan], rtol=1e-6)


@FORMATS
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("K", "K"),
        ("furlongs per fortnight of my own", "furlongs per fortnight of my own"),
        ("dBZ of mine", "dBZ of mine"),
        ("m s-1", "m/s"),
        ("m.s**-1", "m s^-1"),
        ("degrees_north", "degree_north"),
        ("1", ""),
        ("", "K"),
        (None, "K"),
        ("K", None),
    ],
)
@pytest.mark.alternates("zarr_format")
def test_units_that_are_the_same_or_not_said(
    tmp_path, store, zarr_format, source, target
):
    """The values are taken as they are, bit for bit."""
    values = [0.1, -7.0, np.nan]
    first = part(tmp_path / "0.nc", [1, 2, 3], target)
    second = part(tmp_path / "1.nc", values, source, 1)
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert cubes.same(data_of(store)[1], np.array(values))
    assert (units_of(store) or "") == (target or "")


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("m s-1", "K", "'m s-1' and 'K' do not measure the same thing."),
        ("K", "furlings", "'furlings' is not a unit that udunits2 knows."),
        ("dBZ of mine", "K", "'dBZ of mine' is not a unit that udunits2 knows."),
        ("hours since 2000-01-01", "K", "'hours since 2000-01-01' is a time since"),
        ("m", "days since 2000-01-01", "'days since 2000-01-01' is a time since"),
        ("mm", "mm/day", "'mm' and 'mm/day' do not measure the same thing."),
    ],
)
@FORMATS
@pytest.mark.alternates("zarr_format")
def test_units_that_cannot_be_converted(
    tmp_path, store, zarr_format, source, target, why
):
    first = part(tmp_path / "0.nc", [1, 2, 3], target)
    second = part(tmp_path / "1.nc", [4, 5, 6], source, 1)
    cubes.append("--zarr-format", zarr_format, first, store)
    with cubes.unchanged(store):
        done = cubes.append(second, store, status=5)
    assert done.message.startswith(
        f"slice '{second}', array 'data': its units are '{source}', the target has "
        f"'{target}': {why}"
    )
    # Only of what nobody knows may the user know better.
    way_out = (
        "If both mean the same, --on-units ignore takes the values as they are."
        if "not a unit" in why
        else "Correct the slice's units if they are wrong; else it belongs into another "
        "cube."
    )
    assert done.message.endswith(f". {way_out} Nothing was written.")
    cubes.append("--on-units", "ignore", second, store)
    assert data_of(store)[1].tolist() == [4, 5, 6]
    assert units_of(store) == target


def test_units_that_can_be_converted_are_although_ignored(tmp_path, store):
    """`ignore` is for those that cannot."""
    first = part(tmp_path / "0.nc", [1, 2], "Pa")
    second = part(tmp_path / "1.nc", [1, 2], "hPa", 1)
    cubes.append("--on-units", "ignore", first, second, store)
    assert data_of(store).tolist() == [[1, 2], [100, 200]]


# A new target in units of its own


@FORMATS
def test_a_new_target_in_other_units(tmp_path, store, zarr_format):
    rows = [[300.0, 273.15], [280.0, np.nan]]
    paths = [part(tmp_path / f"{n}.nc", row, "K", n) for n, row in enumerate(rows)]
    for path in paths:  # the same settings run again
        cubes.append(
            *("--zarr-format", zarr_format, "--encoding", "data:units=degC"),
            path,
            store,
        )
    assert units_of(store) == "degC"
    np.testing.assert_allclose(data_of(store), np.array(rows) - 273.15, atol=1e-12)


@FORMATS
def test_a_new_target_in_other_units_and_packed(tmp_path, store, zarr_format):
    path = part(tmp_path / "0.nc", [300.0, 273.15, np.nan], "K")
    form = "data:units=degC,dtype=int16,scale=0.01,nodata=-1"
    cubes.append("--zarr-format", zarr_format, "--encoding", form, path, store)
    assert data_of(store)[0].tolist() == [2685, 0, -1]


def test_a_new_target_keeps_units(tmp_path, store):
    path = part(tmp_path / "0.nc", [300.0], "K")
    cubes.append("--encoding", "data:units=keep", path, store)
    assert units_of(store) == "K"
    assert data_of(store).tolist() == [[300]]


def test_a_new_target_in_units_that_the_slice_does_not_have(tmp_path, store):
    path = part(tmp_path / "0.nc", [300.0], "K")
    done = cubes.append("--encoding", "data:units=m", path, store, status=5)
    assert "array 'data': its units are 'K', the target has 'm'" in done.message
    assert not store.exists()


# Coordinates


def on_grid(path, x, units, label):
    dataset = xr.Dataset(
        {"data": (("time", "x"), np.full((1, len(x)), float(label)))},
        {
            "time": ("time", np.array([label], "int32")),
            "x": ("x", np.asarray(x, "float64"), {"units": units}),
        },
    )
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    return cubes.write(dataset, path)


@FORMATS
def test_coordinates_in_other_units_are_compared_by_value(tmp_path, store, zarr_format):
    first = on_grid(tmp_path / "0.nc", [0.5, 1.0, 1.5], "km", 0)
    same = on_grid(tmp_path / "1.nc", [500, 1000, 1500], "m", 1)
    cubes.append("--zarr-format", zarr_format, first, same, store)
    assert cubes.read_zarr(store)["x"].tolist() == [0.5, 1.0, 1.5]
    assert data_of(store)[:, 0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("x", "units", "says"),
    [
        ([0.5, 1.0, 1.5], "m", "differs at position 0: it is 0.0005, the target has"),
        (
            [500, 1000, 1501],
            "m",
            "differs at position 2: it is 1.5010000000000001, the target has",
        ),
        (
            [500, 1000, 1500],
            "K",
            ": its units are 'K', the target has 'km': 'K' and 'km' do not measure the same thing.",
        ),
    ],
)
def test_coordinates_in_other_units_that_differ(tmp_path, store, x, units, says):
    cubes.append(on_grid(tmp_path / "0.nc", [0.5, 1.0, 1.5], "km", 0), store)
    path = on_grid(tmp_path / "1.nc", x, units, 1)
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert f"slice '{path}', coordinate 'x'" in done.message
    assert says in done.message
    # Comparing the numbers as they are would not make them right.
    assert " --on-" not in done.message
    assert done.message.endswith(" Nothing was written.")

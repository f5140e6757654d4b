"""Only a packed target rounds, and the report says how far; what comes out of units or
packing into other integers is whole, or refused. The witness is what xarray decodes of
the slices and of the cube."""

import cubes
import numpy as np
import pytest
import xarray as xr

DAYS = {"units": "days since 2000-01-01"}
FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def part(path, values, label=0, units="m", **encoding):
    """A NetCDF slice with one row of `data`, encoded by xarray."""
    dataset = xr.Dataset(
        {"data": (("time", "x"), np.asarray(values)[None, :], {"units": units})},
        {"time": ("time", np.array([label], "int32"), DAYS)},
    )
    dataset["data"].encoding.update({"_FillValue": None, **encoding})
    return cubes.write(dataset, path)


def packed(path, codes, label=0, units="m", scale=1.0, offset=0.0, dtype="int16"):
    """The same with these codes as they are, as legacy software packs them."""
    dataset = xr.Dataset(
        {"data": (("time", "x"), np.asarray(codes, dtype)[None, :])},
        {"time": ("time", np.array([label], "int32"), DAYS)},
    )
    dataset["data"].attrs = {
        "units": units,
        "scale_factor": scale,
        "add_offset": offset,
        "_FillValue": np.array(-32767, dtype)[()],
    }
    return cubes.write(dataset, path)


def as_legacy(path, values, label=0):
    """int16 for the range of these very values, as ERA5's NetCDF was."""
    low, high = np.min(values), np.max(values)
    scale, offset = (high - low) / 65532 or 1.0, (high + low) / 2
    codes = np.rint((np.asarray(values) - offset) / scale)
    return packed(path, codes, label, scale=scale, offset=offset)


def decoded(path):
    return xr.open_dataset(path)["data"].values


def cube(store):
    return cubes.open_xarray(store)["data"].values


def entry_of(done):
    (entry,) = done.report["slices"]
    return entry


@FORMATS
@pytest.mark.parametrize(
    ("units", "values", "whole"),
    [
        (("m", "cm"), [150, 200], [300, 200]),
        (("hours", "minutes"), [90, 60], [120, 660]),
        (("m", "km"), [0.0015, 1], [0.001, 2]),
        (("degC", "K"), [273.65, 300.15], [273.15, 300.15]),
    ],
)
def test_what_comes_out_of_units_is_whole_or_refused(
    tmp_path, store, zarr_format, units, values, whole
):
    first = part(tmp_path / "0.nc", np.array([1, 2], "int16"), 0, units[0])
    cubes.append("--zarr-format", zarr_format, first, store)
    path = part(tmp_path / "1.nc", np.array(values), 1, units[1])
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert "array 'data': the value " in done.message
    assert "cannot be held exactly by the target's type Int16" in done.message
    assert "--encoding data:dtype=float64 when it is made" in done.message
    path = part(tmp_path / "2.nc", np.array(whole), 2, units[1])
    done = cubes.append(path, store)
    assert entry_of(done)["largest_rounding"] == {}
    factor = {"cm": 0.01, "minutes": 1 / 60, "km": 1000, "K": 1}[units[1]]
    shift = -273.15 if units[1] == "K" else 0
    np.testing.assert_allclose(cube(store)[1], np.array(whole) * factor + shift)


@FORMATS
def test_what_is_unpacked_into_integers_is_whole_or_refused(
    tmp_path, store, zarr_format
):
    first = part(tmp_path / "0.nc", np.array([1, 2], "int16"))
    cubes.append("--zarr-format", zarr_format, first, store)
    halves = packed(tmp_path / "1.nc", [2, 3], 1, scale=0.5)
    with cubes.unchanged(store):
        done = cubes.append(halves, store, status=5)
    assert "the value 1.5, in the slice 3, cannot be held exactly" in done.message
    whole = packed(tmp_path / "2.nc", [2, 8], 2, scale=0.5)
    cubes.append(whole, store)
    assert cube(store)[1].tolist() == decoded(whole)[0].tolist() == [1, 4]


@pytest.mark.parametrize("asked", [(), ("--encoding", "lead:units=hours")])
def test_durations_of_xarray_are_exact_or_refused(tmp_path, store, asked):
    """xarray chooses the unit by the values: hours here, minutes there."""
    all_minutes = [[60, 120], [90, 60], [180, 240]]
    for number, minutes in enumerate(all_minutes):
        leads = np.array(minutes, "m8[m]").astype("m8[ns]")
        dataset = xr.Dataset(
            {"lead": (("time", "x"), leads[None, :])},
            {"time": ("time", np.array([number], "int32"), DAYS)},
        )
        dataset.to_netcdf(tmp_path / f"{number}.nc")
    cubes.append(*asked, tmp_path / "0.nc", store)
    if asked:
        with cubes.unchanged(store):
            done = cubes.append(tmp_path / "1.nc", store, status=5)
        assert "array 'lead': " in done.message
        del all_minutes[1]
    else:
        cubes.append(tmp_path / "1.nc", store)
    cubes.append(tmp_path / "2.nc", store)
    found = cubes.open_xarray(store, decode_timedelta=True)["lead"].values
    assert (found / np.timedelta64(1, "m")).tolist() == all_minutes


def test_who_asks_for_the_type_is_told_how_far_it_rounds(tmp_path, store):
    cubes.append(part(tmp_path / "0.nc", np.array([1, 2], "int16")), store)
    path = part(tmp_path / "1.nc", np.array([150, 230], "int16"), 1, "cm")
    done = cubes.append("--encoding", "data:dtype=int16", path, store)
    assert cube(store)[1].tolist() == [2, 2]
    assert entry_of(done)["largest_rounding"] == {"data": pytest.approx(0.5)}


@FORMATS
@pytest.mark.parametrize("threads", [1, 4])
def test_the_report_has_the_largest_rounding_of_each_array(
    tmp_path, store, zarr_format, threads
):
    generator = np.random.default_rng(5)
    size = 40000
    both = {
        name: (("time", "x"), generator.random((2, size)) * 100, {"units": "m"})
        for name in ("a", "b", "exact")
    }
    dataset = xr.Dataset(both, {"time": ("time", np.array([0, 1], "int32"))})
    dataset["exact"] = dataset["exact"].round()
    settings = ["--zarr-format", zarr_format, "--num-threads", threads]
    for name, scale in {"a": 0.01, "b": 0.5, "exact": 0.5}.items():
        form = f"{name}:dtype=int16,scale={scale},nodata=-1,chunk=1x1000"
        settings += ["--encoding", form]
    path = cubes.write(dataset, tmp_path / "0.nc")
    done = cubes.append(*settings, path, store)
    found = cubes.open_xarray(store)
    largest = {
        name: np.abs(found[name].values - dataset[name].values).max()
        for name in ("a", "b")
    }
    assert entry_of(done)["largest_rounding"] == pytest.approx(largest)
    assert 0.0049 < largest["a"] <= 0.005 + 1e-12
    assert 0.249 < largest["b"] <= 0.25
    done = cubes.run(*settings, "--overwrite", path, store)
    assert ", rounded 'a' by up to 0.005, 'b' by up to 0.25\n" in done.stdout


def test_what_is_only_compared_is_not_reported(tmp_path, store):
    """The first row is there, and was rounded farther than the second."""
    form = ["--encoding", "data:dtype=int16,scale=1,offset=0.5,nodata=-1"]
    cubes.append(*form, part(tmp_path / "0.nc", [0.9, 2.0]), store)
    dataset = xr.Dataset(
        {"data": (("time", "x"), np.array([[0.9, 2.0], [1.75, 3.5]]))},
        {"time": ("time", np.array([0, 1], "int32"), DAYS)},
    )
    done = cubes.append(cubes.write(dataset, tmp_path / "both.nc"), store)
    assert entry_of(done)["rows_already_there"] == 1
    assert entry_of(done)["largest_rounding"] == {"data": 0.25}
    assert cube(store).tolist() == [[0.5, 2.5], [1.5, 3.5]]


# Steps of the slice's own


@FORMATS
def test_a_slice_in_much_finer_steps_is_refused(tmp_path, store, zarr_format):
    first = packed(tmp_path / "0.nc", [0, 100], scale=0.08)
    cubes.append("--zarr-format", zarr_format, first, store)
    finer = packed(tmp_path / "1.nc", [37, 100], 1, scale=0.001)
    with cubes.unchanged(store):
        done = cubes.append(finer, store, status=5)
    assert done.message == (
        f"slice '{finer}', array 'data': it is packed in steps of 0.001, the target in "
        "steps of 0.08, in the same units: more than 8 times as coarse. --on-precision "
        "round would round to them, by up to 0.04; a new cube with --encoding "
        "data:dtype=float32 is not packed. Nothing was written."
    )
    # Other units make other steps.
    centimetres = packed(tmp_path / "2.nc", [37, 100], 1, "cm", scale=0.1)
    with cubes.unchanged(store):
        cubes.append(centimetres, store, status=5)
    eighth = packed(tmp_path / "3.nc", [37, 100], 1, "cm", scale=1)
    cubes.append(eighth, store)
    np.testing.assert_allclose(cube(store)[1], decoded(eighth)[0] / 100, atol=0.04)


def test_a_slice_in_finer_steps_is_rounded_if_that_is_said(tmp_path, store):
    cubes.append(packed(tmp_path / "0.nc", [0, 100], scale=0.08), store)
    finer = packed(tmp_path / "1.nc", [37, 100], 1, scale=0.001)
    done = cubes.append("--on-precision", "round", finer, store)
    off = np.abs(cube(store)[1] - decoded(finer)[0]).max()
    assert entry_of(done)["largest_rounding"] == {"data": pytest.approx(off)}
    assert 0.03 < off <= 0.04
    # As does who says the packing again.
    again = packed(tmp_path / "2.nc", [37, 100], 2, scale=0.001)
    cubes.append("--encoding", "data:scale=0.08", again, store)
    assert cube(store)[2].tolist() == cube(store)[1].tolist()


def test_files_that_are_packed_anew_go_into_one_cube(tmp_path, store):
    """Three months, with ranges that differ by a factor of 3."""
    generator = np.random.default_rng(1)
    paths = []
    for month, width in enumerate([90.0, 30.0, 60.0]):
        values = 280 + width * (generator.random(1000) - 0.5)
        paths.append(as_legacy(tmp_path / f"{month}.nc", values, month))
    cubes.append(*paths, store)
    wanted = np.concatenate([decoded(path) for path in paths])
    np.testing.assert_allclose(cube(store), wanted, atol=90 / 65532 / 2 + 1e-4)


# A packing that says nothing


@FORMATS
@pytest.mark.parametrize("constant", [0.0, 0.25])
def test_a_packing_of_no_range_is_warned_of_and_stores_nothing_else(
    tmp_path, store, zarr_format, constant
):
    july = as_legacy(tmp_path / "july.nc", np.full(12, constant))
    done = cubes.append("--zarr-format", zarr_format, july, store)
    assert done.report["warnings"] == [
        "array 'data' of the new target is packed (scale_factor 1.0, add_offset "
        f"{constant}), and its first slice has no two different values: if that packing "
        "was made from them, later values will not fit, or be rounded to its steps. "
        "--encoding data:dtype=float32 makes a cube that is not packed"
    ]
    december = as_legacy(tmp_path / "december.nc", np.linspace(0, 0.4, 12), 1)
    with cubes.unchanged(store):
        cubes.append(december, store, status=5)
    settings = ["--encoding", "data:dtype=float32", "--overwrite"]
    done = cubes.append(*settings, july, december, store)
    assert done.report["warnings"] == []
    np.testing.assert_allclose(cube(store)[1], decoded(december)[0], rtol=1e-6)


def test_a_dry_run_warns_of_it_too(tmp_path, store):
    path = as_legacy(tmp_path / "0.nc", np.zeros(12))
    assert len(cubes.append("--dry-run", path, store).report["warnings"]) == 1


@pytest.mark.parametrize(
    "codes",
    [
        np.array([3, 3, 3, 4]),
        np.array([-32767, -32767, 3, 4]),
        np.arange(200000) // 199999,  # only the last one differs
        np.array([3]),  # one has no range to have
    ],
)
def test_a_packing_of_some_range_is_not_warned_of(tmp_path, store, codes):
    path = packed(tmp_path / "0.nc", codes, scale=0.1)
    assert cubes.append(path, store).report["warnings"] == []


def test_missing_values_are_no_range(tmp_path, store):
    path = packed(tmp_path / "0.nc", [-32767, 3, -32767, 3], scale=0.1)
    assert len(cubes.append(path, store).report["warnings"]) == 1

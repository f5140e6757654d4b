"""The append dimension, and its labels, where files of models and instruments
name them otherwise than CF does."""

import cubes
import netCDF4
import numpy as np
import pytest
import xarray as xr


def wrf(path, hour, xtime=True, texts=True, hours=1):
    """Names, dimensions and attributes as WRF writes them."""
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (
            ("Time", None),
            ("DateStrLen", 19),
            ("south_north", 2),
            ("west_east", 3),
        ):
            file.createDimension(name, size)
        steps = range(hour, hour + hours)
        if texts:
            times = file.createVariable("Times", "S1", ("Time", "DateStrLen"))
            for row, step in enumerate(steps):
                times[row] = netCDF4.stringtochar(
                    np.array(f"2024-01-01_{step:02}:00:00", "S19")
                )
        if xtime:
            minutes = file.createVariable("XTIME", "f4", ("Time",))
            minutes.units = "minutes since 2024-01-01 00:00:00"
            minutes[:] = [60 * step for step in steps]
        grid = ("Time", "south_north", "west_east")
        for name in ("XLAT", "XLONG"):
            file.createVariable(name, "f4", grid)[:] = np.ones((hours, 2, 3))
        t2 = file.createVariable("T2", "f4", grid)
        t2.coordinates = "XLONG XLAT XTIME"
        t2[:] = np.array(steps)[:, None, None] + np.zeros((hours, 2, 3))
    return path


def hours_of(cube, name="Time"):
    return [str(t)[:13] for t in cube[name].values]


def test_wrf_grows_along_time_by_xtime(tmp_path, store):
    slices = [wrf(tmp_path / f"{hour}.nc", hour) for hour in (0, 1)]
    report = cubes.run(*slices, store).stdout
    assert "1 step of Time, 2024-01-01T01:00:00" in report
    cube = cubes.open_xarray(store)
    assert dict(cube.sizes) == {"Time": 2, "south_north": 2, "west_east": 3}
    assert hours_of(cube) == ["2024-01-01T00", "2024-01-01T01"]
    np.testing.assert_array_equal(cube.T2[:, 0, 0], [0, 1])
    raw = cubes.open_xarray(store, raw=True)
    np.testing.assert_array_equal(raw.XTIME, [0, 60])
    assert raw.Times.values.tolist() == ["2024-01-01_00:00:00", "2024-01-01_01:00:00"]
    # A copy is known by its labels, and what comes too late is refused.
    again = wrf(tmp_path / "again.nc", 1)
    assert "already there" in cubes.run(again, store).stdout
    late = wrf(tmp_path / "late.nc", 0)
    with netCDF4.Dataset(late, "a") as file:
        file["XTIME"][:] = 30
        file["Times"][0] = netCDF4.stringtochar(np.array("2024-01-01_00:30:00", "S19"))
    with cubes.unchanged(store):
        result = cubes.append(late, store, status=5)
    assert "2024-01-01T00:30:00 does not come after" in result.stderr


def test_texts_are_labels_where_nothing_else_is(tmp_path, store):
    slices = [wrf(tmp_path / f"{hour}.nc", hour, xtime=False) for hour in (0, 1)]
    cubes.append(*slices, store)
    cube = cubes.open_xarray(store)
    assert hours_of(cube) == ["2024-01-01T00", "2024-01-01T01"]
    with cubes.unchanged(store):
        early = wrf(tmp_path / "early.nc", 0, xtime=False, hours=1)
        assert "already there" in cubes.run(early, store).stdout


def test_texts_that_are_no_dates_make_no_dimension_temporal(tmp_path, store):
    path = tmp_path / "a.nc"
    xr.Dataset(
        {"a": (("station", "x"), np.ones((2, 3))), "time_zone": ("station", ["A", "B"])}
    ).to_netcdf(path)
    result = cubes.append(path, store, status=5)
    assert "has no time dimension" in result.stderr
    assert "station (time_zone)" in result.stderr
    assert not store.exists()


def roms(path, day):
    """GDAL takes ocean_time for the coordinate of xi_rho, by its position."""
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("ocean_time", None), ("eta_rho", 3), ("xi_rho", 4)):
            file.createDimension(name, size)
        time = file.createVariable("ocean_time", "f8", ("ocean_time",))
        time.units = "seconds since 2000-01-01 00:00:00"
        time.field = "time, scalar, series"
        time[:] = [86400 * day]
        for name in ("lon_rho", "lat_rho"):
            file.createVariable(name, "f8", ("eta_rho", "xi_rho"))[:] = 1
        zeta = file.createVariable("zeta", "f4", ("ocean_time", "eta_rho", "xi_rho"))
        zeta.coordinates = "lon_rho lat_rho ocean_time"
        zeta[:] = day
    return path


def test_roms_grows_along_ocean_time(tmp_path, store):
    cubes.append(*[roms(tmp_path / f"{day}.nc", day) for day in (1, 2)], store)
    cube = cubes.open_xarray(store)
    assert cube.zeta.dims == ("ocean_time", "eta_rho", "xi_rho")
    assert cube.zeta.shape == (2, 3, 4)
    assert [str(t)[:10] for t in cube.ocean_time.values] == ["2000-01-02", "2000-01-03"]


def along(path, times, dimension="tdim", name="time", **attributes):
    times = np.asarray(times, "f8")
    data = {"a": ((dimension, "x"), times[:, None] + np.zeros((1, 3)))}
    coordinate = (dimension, times, attributes or {"axis": "T"})
    dataset = xr.Dataset({**data, name: coordinate})
    if "units" not in dataset[name].attrs:
        dataset[name].attrs["units"] = "days since 2024-01-01"
    dataset.to_netcdf(path)
    return path


def test_an_axis_t_of_another_name_makes_labels(tmp_path, store):
    first = along(tmp_path / "0.nc", [0, 1.5])
    second = along(tmp_path / "1.nc", [1.5, 2])
    cubes.append(first, second, store)
    cube = cubes.open_xarray(store)
    expected = ["2024-01-01T00", "2024-01-02T12", "2024-01-03T00"]
    assert hours_of(cube, "time") == hours_of(cube, "tdim") == expected
    np.testing.assert_array_equal(cube.a[:, 0], [0, 1.5, 2])
    raw = cubes.open_xarray(store, raw=True)
    np.testing.assert_array_equal(raw.time, [0, 1.5, 2])
    assert raw.tdim.attrs["standard_name"] == "time"


@pytest.mark.parametrize("times", [[0, 0], [1, 3, 2], [0, np.nan]])
def test_times_that_cannot_be_labels_are_said_to_be_none(tmp_path, store, times):
    slices = [
        along(tmp_path / "0.nc", times, "N_PROF", "JULD"),
        along(tmp_path / "1.nc", [5, 6], "N_PROF", "JULD"),
    ]
    result = cubes.append(slices[0], store)
    assert "'N_PROF' has no labels, for the times of 'JULD' cannot be" in result.stderr
    assert "known by the log alone" in result.stderr
    cubes.append(slices[1], store)
    raw = cubes.open_xarray(store, raw=True)
    assert "N_PROF" not in raw
    np.testing.assert_array_equal(raw.JULD, [*times, 5, 6])


def test_instances_have_times_and_no_labels(tmp_path, store):
    """Argo: two profiles of a float have one time."""
    paths = []
    for number, times in enumerate(([1], [2, 2])):
        path = along(tmp_path / f"{number}.nc", times, "N_PROF", "JULD")
        with netCDF4.Dataset(path, "a") as file:
            file.featureType = "trajectoryProfile"
        paths.append(path)
    result = cubes.append(*paths, store)
    assert "featureType 'trajectoryProfile'" in result.stderr
    np.testing.assert_array_equal(cubes.open_xarray(store, raw=True).JULD, [1, 2, 2])


def test_two_dimensions_of_times_are_named(tmp_path, store):
    units = {"units": "hours since 2024-01-01"}
    xr.Dataset(
        {"a": (("n", "m"), np.ones((2, 3)))},
        {"t": ("n", [0, 1], units), "u": ("m", [0, 1, 2], units)},
    ).to_netcdf(tmp_path / "a.nc")
    result = cubes.append(tmp_path / "a.nc", store, status=5)
    assert "more than one time dimension" in result.stderr
    assert "n (t), m (u)" in result.stderr
    assert not store.exists()


def test_a_slice_that_has_lost_its_labels_is_refused(tmp_path, store):
    cubes.append(wrf(tmp_path / "0.nc", 0), store)
    bad = wrf(tmp_path / "1.nc", 1, hours=2)
    with netCDF4.Dataset(bad, "a") as file:
        file["XTIME"][:] = [60, 60]
    with cubes.unchanged(store):
        result = cubes.append(bad, store, status=5)
    assert "they are not in order" in result.stderr
    assert "Nothing was written" in result.stderr


def test_labels_can_be_left_out(tmp_path, store):
    """For a cube that takes what comes, in whatever order."""
    words = ["--exclude-array", "Time"]
    for hour in (1, 0):
        cubes.append(*words, wrf(tmp_path / f"{hour}.nc", hour), store)
    raw = cubes.open_xarray(store, raw=True)
    assert "Time" not in raw
    np.testing.assert_array_equal(raw.XTIME, [60, 0])
    # The cube has none, so a slice's own are none of its business.
    cubes.append(wrf(tmp_path / "2.nc", 2), store)
    assert "Time" not in cubes.open_xarray(store, raw=True)


def test_a_cube_without_them_stays_as_it_is(tmp_path, store):
    """Made by other software: the log knows what is in."""
    first, second = (wrf(tmp_path / f"{hour}.nc", hour) for hour in (0, 1))
    with xr.open_dataset(first, decode_times=False) as dataset:
        dataset.drop_vars("Times").to_zarr(store, zarr_format=2)
    cubes.append("--append-dim", "Time", "--on-extra-array", "ignore", second, store)
    raw = cubes.open_xarray(store, raw=True)
    assert "Time" not in raw
    np.testing.assert_array_equal(raw.XTIME, [0, 60])


def at_minutes(path, minutes, texts, kind="f4"):
    """WRF's two times, which may differ."""
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("Time", None), ("DateStrLen", 19), ("west_east", 3)):
            file.createDimension(name, size)
        times = file.createVariable("Times", "S1", ("Time", "DateStrLen"))
        for row, text in enumerate(texts):
            times[row] = netCDF4.stringtochar(np.array(text, "S19"))
        xtime = file.createVariable("XTIME", kind, ("Time",))
        xtime.units = "minutes since 1986-01-01 00:00:00"
        xtime[:] = minutes
        t2 = file.createVariable("T2", "f4", ("Time", "west_east"))
        t2[:] = np.zeros((len(texts), 3))
    return path


def seconds_of(store, name="Time"):
    return [str(t)[:23] for t in cubes.open_xarray(store)[name].values]


def test_the_exact_one_of_two_times_counts(tmp_path, store):
    """After 38 years a float32 holds minutes to two of them."""
    texts = ["2024-07-27_08:00:40", "2024-07-27_08:03:20"]
    epoch = np.datetime64("1986-01-01", "s")
    minutes = [
        (np.datetime64(text.replace("_", "T"), "s") - epoch).astype(int) / 60
        for text in texts
    ]
    for number, text in enumerate(texts):
        cubes.append(
            at_minutes(tmp_path / f"{number}.nc", [minutes[number]], [text]), store
        )
    expected = [text.replace("_", "T") + ".000" for text in texts]
    assert seconds_of(store) == expected
    # Of the numbers themselves nothing is changed.
    raw = cubes.open_xarray(store, raw=True)
    np.testing.assert_array_equal(raw.XTIME, np.float32(minutes))


def test_fractions_that_texts_do_not_have_count(tmp_path, store):
    path = at_minutes(tmp_path / "a.nc", [0.5 / 60], ["1986-01-01_00:00:00"], "f8")
    cubes.append(path, store)
    assert seconds_of(store) == ["1986-01-01T00:00:00.500"]


@pytest.mark.parametrize("kind", ["f4", "f8", "i4"])
def test_two_times_that_contradict_each_other(tmp_path, store, kind):
    path = at_minutes(tmp_path / "a.nc", [60], ["1986-01-01_02:00:00"], kind)
    done = cubes.append(path, store, status=5)
    assert "of 'XTIME' and 'Times' contradict each other" in done.message
    assert "1986-01-01T01:00:00 and 1986-01-01T02:00:00" in done.message
    assert "Nothing was written." in done.message
    assert not store.exists()
    cubes.append("--exclude-array", "Times", path, store)
    assert seconds_of(store) == ["1986-01-01T01:00:00.000"]


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("reftime", {"standard_name": "forecast_reference_time"}),
        ("anything", {"standard_name": "forecast_reference_time"}),
        ("calibration_date", {}),
        ("date_created", {}),
    ],
)
def test_what_steps_share_is_no_label(tmp_path, store, name, attributes):
    units = {"units": "days since 2000-01-01", **attributes}
    paths = []
    for number in range(2):
        data = {
            "a": (("time", "x"), np.full((1, 3), float(number))),
            name: ("time", [100.0], units),
        }
        path = tmp_path / f"{number}.nc"
        xr.Dataset(data).to_netcdf(path)
        paths.append(path)
    result = cubes.append(*paths, store)
    assert "'time' has no labels" in result.stderr
    raw = cubes.open_xarray(store, raw=True)
    assert "time" not in raw
    np.testing.assert_array_equal(raw.a[:, 0], [0, 1])
    named = store.parent / "named.zarr"
    cubes.append("--append-dim", "time", "--rename", f"{name}=time", paths[0], named)
    assert seconds_of(named, "time") == ["2000-04-10T00:00:00.000"]


@pytest.mark.parametrize("words", [[], ["--on-missing-array", "fill"]])
def test_labels_do_not_go_on_from_another_array(tmp_path, store, words):
    cubes.append(along(tmp_path / "0.nc", [0, 1], name="time"), store)
    other = along(tmp_path / "1.nc", [2, 3], name="time_end")
    with cubes.unchanged(store):
        done = cubes.append(*words, other, store, status=5)
    assert "its labels would be the times of 'time_end'" in done.message
    assert "the target's are those of 'time', which it does not have" in done.message
    assert "fill" not in done.message
    cubes.append("--rename", "time_end=time", other, store)
    np.testing.assert_array_equal(cubes.open_xarray(store, raw=True).time, range(4))


def test_labels_from_an_array_that_the_cube_lacks_are_said(tmp_path, store):
    with netCDF4.Dataset(tmp_path / "0.nc", "w") as file:
        file.createDimension("tdim", None)
        file.createDimension("x", 3)
        file.createVariable("a", "f8", ("tdim", "x"))[:] = np.zeros((1, 3))
        times = file.createVariable("tdim", "f8", ("tdim",))
        times.setncatts({"units": "days since 2024-01-01", "standard_name": "time"})
        times[:] = [0]
    cubes.append(tmp_path / "0.nc", store)
    report = cubes.append(along(tmp_path / "1.nc", [1]), store).report
    assert any(
        "the labels are the times of 'time', an array that the target does not have"
        in warning
        for warning in report["warnings"]
    )


def test_arrays_that_are_named_keep_their_labels(tmp_path, store):
    slices = [along(tmp_path / "0.nc", [0]), along(tmp_path / "1.nc", [1])]
    cubes.append("--array", "a", *slices, store)
    assert hours_of(cubes.open_xarray(store), "tdim") == [
        "2024-01-01T00",
        "2024-01-02T00",
    ]
    wrf_store = store.parent / "wrf.zarr"
    path = at_minutes(tmp_path / "w.nc", [60], ["1986-01-01_01:00:00"])
    cubes.append("--array", "T2", path, wrf_store)
    assert seconds_of(wrf_store) == ["1986-01-01T01:00:00.000"]

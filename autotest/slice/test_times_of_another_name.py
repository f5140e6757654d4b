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

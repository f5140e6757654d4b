"""GRIB files whose messages come in any order. GDAL's writer makes them; what is
in the cube is read by xarray, and the order of messages must not matter to it."""

import itertools

import cubes
import numpy as np
import pytest
from osgeo import gdal, osr

RUN = "2024-01-01T00:00:00Z"
U, V, TMP, APCP = (2, 2), (2, 3), (0, 0), (1, 8)
GROUND, TEN_METRES = (1, 0, 0), (103, 0, 10)


def message(what, hours, value, level=TEN_METRES, template=0, more=(), run=RUN):
    """One message; `more` is what its template has behind the common numbers."""
    memory = gdal.GetDriverByName("MEM").Create("", 5, 4, 1, gdal.GDT_Float64)
    memory.SetGeoTransform([-0.5, 1, 0, 50.5, 0, -1])
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(4326)
    memory.SetSpatialRef(crs)
    memory.GetRasterBand(1).WriteArray(np.full((4, 5), float(value)))
    numbers = [*what, 2, 255, 0, 0, 0, 1, hours, *level, 255, 0, 0, *more]
    with gdal.ExceptionMgr():
        gdal.GetDriverByName("GRIB").CreateCopy(
            "/vsimem/message.grb2",
            memory,
            options=[
                "DISCIPLINE=0",
                f"IDS=CENTER=98 SIGNF_REF_TIME=1 REF_TIME={run} PROD_STATUS=0 TYPE=4",
                f"PDS_PDTN={template}",
                "PDS_TEMPLATE_ASSEMBLED_VALUES=" + " ".join(map(str, numbers)),
                "DATA_ENCODING=IEEE_FLOATING_POINT",
                "INPUT_UNIT=K",
            ],
        )
    file = gdal.VSIFOpenL("/vsimem/message.grb2", "rb")
    data = bytes(gdal.VSIFReadL(1, gdal.VSIStatL("/vsimem/message.grb2").size, file))
    gdal.VSIFCloseL(file)
    gdal.Unlink("/vsimem/message.grb2")
    return data


def member(number, hours, value, what=U, **options):
    return message(what, hours, value, template=1, more=(3, number, 3), **options)


def period(statistic, begin, end, value, what=APCP, level=GROUND):
    """A statistic over the hours from `begin` to `end`."""
    day, hour = divmod(end, 24)
    more = (2024, 1, 1 + day, hour, 0, 0, 1, 0, statistic, 2, 1, end - begin, 255, 0)
    return message(what, begin, value, level=level, template=8, more=more)


def grib(path, *messages):
    path.write_bytes(b"".join(messages))
    return path


def hours_of(cube):
    return [str(t)[:13] for t in cube.time.values]


@pytest.mark.parametrize("hours", [(3,), (3, 6)])
def test_members_are_told_by_their_numbers_whatever_their_order(tmp_path, store, hours):
    def file(name, shift, order):
        places = [(h + shift, m) for h, m in itertools.product(hours, order)]
        return grib(tmp_path / name, *[member(m, h, 100 * h + m) for h, m in places])

    slices = [file("a.grb2", 0, (0, 1, 2)), file("b.grb2", 6, (2, 0, 1))]
    cubes.append(*slices, store)
    cube = cubes.open_xarray(store)
    steps = [h + shift for shift in (0, 6) for h in hours]
    assert hours_of(cube) == [f"2024-01-01T{h:02}" for h in steps]
    winds = [name for name in cube.data_vars if name.startswith("UGRD")]
    assert sorted(winds) == [f"UGRD_10-HTGL_m{m}" for m in range(3)]
    for m in range(3):
        wind = cube[f"UGRD_10-HTGL_m{m}"]
        assert wind.dims == ("time", "y", "x")
        np.testing.assert_array_equal(wind[:, 0, 0], 100 * np.array(steps) + m)


def test_a_member_is_excluded_by_its_name_and_not_by_gdals(tmp_path, store):
    path = grib(tmp_path / "a.grb2", *[member(m, 3, m) for m in (2, 0, 1)])
    cubes.append("--exclude-array", "UGRD_10-HTGL_m2", path, store)
    found = cubes.open_xarray(store)
    assert {"UGRD_10-HTGL_m0", "UGRD_10-HTGL_m1"} == set(found) - {"spatial_ref"}
    # What GDAL calls the first message, whichever that is, names no array.
    other = store.with_name("b.zarr")
    cubes.append("--exclude-array", "UGRD_10-HTGL", path, other)
    assert len(set(cubes.open_xarray(other)) - {"spatial_ref"}) == 3


def test_other_members_than_the_cubes_are_refused(tmp_path, store):
    first = grib(tmp_path / "a.grb2", *[member(m, 3, m) for m in (0, 1)])
    other = grib(tmp_path / "b.grb2", *[member(m, 6, m) for m in (0, 2)])
    cubes.append(first, store)
    with cubes.unchanged(store):
        result = cubes.append(other, store, status=5)
    assert "array 'UGRD_10-HTGL_m1'" in result.stderr


def test_one_member_a_file_is_not_mixed_with_another(tmp_path, store):
    cubes.append(grib(tmp_path / "a.grb2", member(1, 3, 1)), store)
    with cubes.unchanged(store):
        result = cubes.append(
            grib(tmp_path / "b.grb2", member(2, 6, 2)), store, status=5
        )
    assert "of another product (member 2, at an instant)" in result.stderr
    cubes.append(grib(tmp_path / "c.grb2", member(1, 6, 3)), store)
    np.testing.assert_array_equal(
        cubes.open_xarray(store)["UGRD_10-HTGL"][:, 0, 0], [1, 3]
    )


def test_a_cube_of_members_grows_along_members(tmp_path, store):
    slices = [grib(tmp_path / f"{m}.grb2", member(m, 3, m)) for m in (1, 2)]
    labels = ["--label", "1", "--label", "2"]
    cubes.append("--append-dim", "member", *labels, *slices, store)
    cube = cubes.open_xarray(store)
    np.testing.assert_array_equal(cube["UGRD_10-HTGL"][:, 0, 0], [1, 2])


def test_a_member_that_is_missing_at_an_instant_is_refused(tmp_path, store):
    places = [(3, 0), (3, 1), (6, 0)]
    path = grib(tmp_path / "a.grb2", *[member(m, h, 1) for h, m in places])
    result = cubes.append(path, store, status=5)
    assert "'UGRD_10-HTGL_m1': it has no field of 2024-01-01T06" in result.stderr
    assert not store.exists()


def pairs(*hours):
    """All parameters of a time, then those of the next, as services deliver."""
    return [message(w, h, b + h) for h in hours for w, b in ((U, 0), (V, 100))]


def test_parameters_in_the_order_of_time(tmp_path, store):
    slices = [
        grib(tmp_path / "a.grb2", *pairs(0, 1, 2, 3)),
        grib(tmp_path / "b.grb2", *pairs(4, 7, 5)),
    ]
    cubes.append(*slices, store)
    cube = cubes.open_xarray(store)
    hours = [0, 1, 2, 3, 4, 5, 7]
    assert set(cube.data_vars) - {"spatial_ref"} == {"UGRD_10-HTGL", "VGRD_10-HTGL"}
    assert hours_of(cube) == [f"2024-01-01T{h:02}" for h in hours]
    np.testing.assert_array_equal(cube["UGRD_10-HTGL"][:, 0, 0], hours)
    np.testing.assert_array_equal(cube["VGRD_10-HTGL"][:, 3, 4], np.add(hours, 100))
    # As GDAL has it, nothing is as the first message says any more.
    assert "validity_time" not in cube["UGRD_10-HTGL"].attrs


def test_a_file_of_many_instants_continues_one_of_single_ones(tmp_path, store):
    cubes.append(grib(tmp_path / "a.grb2", *pairs(0)), store)
    cubes.append(grib(tmp_path / "b.grb2", *pairs(0, 1)), store)
    np.testing.assert_array_equal(
        cubes.open_xarray(store)["VGRD_10-HTGL"][:, 0, 0], [100, 101]
    )


def test_axes_that_gdal_takes_for_one_are_told_apart(tmp_path, store):
    """As long, and with the same beginning: to GDAL one TIME."""
    u = [message(U, h, h) for h in (0, 1, 2)]
    v = [message(V, h, h) for h in (0, 2, 4)]
    result = cubes.append(grib(tmp_path / "a.grb2", *u, *v), store, status=5)
    assert "array 'VGRD_10-HTGL': it has no field of 2024-01-01T01" in result.stderr
    assert not store.exists()


def test_accumulations_with_fewer_instants_are_refused_by_name(tmp_path, store):
    tmp = [message(TMP, h, h, GROUND) for h in (0, 1, 2)]
    rain = [period(1, h - 1, h, h) for h in (1, 2)]
    path = grib(tmp_path / "a.grb2", *tmp, *rain)
    result = cubes.append(path, store, status=5)
    assert "array 'APCP01_0-SFC': it has no field of 2024-01-01," in result.stderr
    assert "--exclude-array APCP01_0-SFC" in result.stderr
    assert not store.exists()
    cubes.append("--exclude-array", "APCP01_0-SFC", path, store)
    np.testing.assert_array_equal(
        cubes.open_xarray(store)["TMP_0-SFC"][:, 0, 0], [0, 1, 2]
    )
    apart = store.with_name("rain.zarr")
    cubes.append("--array", "APCP01_0-SFC", path, apart)
    np.testing.assert_array_equal(
        cubes.open_xarray(apart)["APCP01_0-SFC"][:, 0, 0], [1, 2]
    )


def test_accumulations_over_another_period_are_explained(tmp_path, store):
    cubes.append(grib(tmp_path / "a.grb2", period(1, 0, 3, 3), *pairs(3)), store)
    other = grib(tmp_path / "b.grb2", period(1, 0, 6, 6), *pairs(6))
    with cubes.unchanged(store):
        result = cubes.append(other, store, status=5)
    assert "array 'APCP03_0-SFC'" in result.stderr
    assert "The slice has 'APCP06_0-SFC'" in result.stderr


def test_a_mean_is_no_value_of_an_instant(tmp_path, store):
    both = [
        message(TMP, 3, 1, GROUND),
        period(0, 0, 3, 2, TMP),
        period(2, 0, 3, 3, TMP),
    ]
    for number, order in enumerate(itertools.permutations(both)):
        target = store.with_name(f"{number}.zarr")
        cubes.append(grib(tmp_path / f"{number}.grb2", *order), target)
        cube = cubes.open_xarray(target)
        found = {
            name: float(cube[name][0, 0, 0])
            for name in cube.data_vars
            if name != "spatial_ref"
        }
        assert sorted(found.values()) == [1, 2, 3]
        assert found["TMP_0-SFC"] == 1
        assert found["TMP_0-SFC_avg"] == 2
    alone = grib(tmp_path / "mean.grb2", period(0, 3, 6, 4, TMP))
    with cubes.unchanged(target):
        words = ["--on-missing-array", "fill", alone, target]
        result = cubes.append(*words, status=5)
    assert "of another product (average) than the target's" in result.stderr


def test_messages_that_say_the_same_are_refused(tmp_path, store):
    path = grib(tmp_path / "a.grb2", *pairs(0), message(U, 0, 7))
    result = cubes.append(path, store, status=5)
    assert "array 'UGRD_10-HTGL': more than one message" in result.stderr
    assert not store.exists()
    cubes.append("--exclude-array", "UGRD_10-HTGL", path, store)
    assert "UGRD_10-HTGL" not in cubes.open_xarray(store)


def test_two_cycles_that_meet_at_an_instant_are_refused(tmp_path, store):
    """The second day of one run and the first of the next."""
    later = "2024-01-01T06:00:00Z"
    path = grib(tmp_path / "a.grb2", message(U, 6, 1), message(U, 0, 2, run=later))
    result = cubes.append(path, store, status=5)
    assert "says that it is of 2024-01-01T06:00:00" in result.stderr


def test_a_given_label_stands_for_fields_of_other_instants(tmp_path, store):
    path = grib(tmp_path / "a.grb2", message(U, 0, 1), message(V, 3, 2))
    cubes.append("--label", "2024-05-01", path, store)
    assert hours_of(cubes.open_xarray(store)) == ["2024-05-01T00"]
    refused = cubes.append(path, store.with_name("b.zarr"), status=5)
    assert "array 'VGRD_10-HTGL'" in refused.stderr

"""What GRIB messages say of themselves, and GDAL does not: other products, grids
and missing values are not mixed. Messages are made octet by octet; what is in the
cube is read by xarray."""

import datetime
import shutil
import struct

import cubes
import grib_files as grib
import numpy as np
import pytest

HOUR = datetime.timedelta(hours=1)


def write(path, *messages):
    path.write_bytes(b"".join(messages))
    return path


def refused(store, *slices, status=5):
    """What the last slice is refused with; the others are in the cube."""
    if slices[:-1]:
        cubes.append(*slices[:-1], store)
        with cubes.unchanged(store):
            return cubes.append(slices[-1], store, status=status).stderr
    message = cubes.append(*slices, store, status=status).stderr
    assert not store.exists()
    return message


def field(store, name=None):
    cube = cubes.open_xarray(store)
    names = [each for each in cube.data_vars if cube[each].ndim == 3]
    assert name or len(names) == 1, names
    return (
        cube[name or names[0]].transpose("time", "y", "x").sortby("y", ascending=False)
    )


def rows(values=grib.VALUES, missing=()):
    grid = np.array(values, float)
    grid[list(missing)] = np.nan
    return grid.reshape(4, 5)


# Products of edition 2 that differ in one thing, and the word for it.
def of_period(hours, end, **what):
    return grib.product(8, own=grib.period(grib.RUN + end * HOUR, hours, **what))


def aerosol(kind=62000, wavelength=550):
    nothing = bytes([grib.NOTHING]) * 5
    return (
        struct.pack(">HB", kind, 0)
        + bytes(5)
        + nothing
        + bytes([0, 0])
        + struct.pack(">I", wavelength)
        + nothing
    )


PAIRS = {
    "parameter": (grib.product(what=(1, 193)), grib.product(what=(1, 195), hours=6)),
    "constituent": (
        grib.product(40, before=b"\0\0", what=(20, 2)),
        grib.product(40, 6, before=b"\0\4", what=(20, 2)),
    ),
    "aerosol": (
        grib.product(48, before=aerosol()),
        grib.product(48, 6, before=aerosol(kind=62001)),
    ),
    "wavelength": (
        grib.product(48, before=aerosol()),
        grib.product(48, 6, before=aerosol(wavelength=865)),
    ),
    "member": (
        grib.product(1, own=bytes([3, 1, 2])),
        grib.product(1, 6, own=bytes([2, 1, 2])),
    ),
    "period": (of_period(6, 6), of_period(3, 12)),
    "statistic": (of_period(6, 6, statistic=2), of_period(6, 12, statistic=3)),
    "level": (
        grib.product(second=(106, 0, 7)),
        grib.product(second=(106, 0, 28), hours=6),
    ),
}


@pytest.mark.parametrize("word", PAIRS)
def test_another_product_of_edition_2_is_refused(tmp_path, store, word):
    first, second = (grib.edition2(product=each) for each in PAIRS[word])
    slices = [write(tmp_path / "a.grib2", first), write(tmp_path / "b.grib2", second)]
    message = refused(store, *slices)
    if f"its {word} is" not in message:
        # GDAL's names differ, and that is a reason, too.
        assert "it is in the target, but not in the slice" in message
        assert word in ("period", "level")


@pytest.mark.parametrize("word", ["constituent", "member", "parameter"])
def test_products_of_one_file_are_arrays_of_their_own(tmp_path, store, word):
    def at(hours):
        second = {
            "constituent": lambda c: grib.product(40, hours, (20, 2), bytes([0, c])),
            "member": lambda c: grib.product(1, hours, own=bytes([2 + c % 2, 1, 2])),
            "parameter": lambda c: grib.product(0, hours, (1, 193 + c)),
        }[word]
        return [grib.edition2(grib.VALUES + 100 * c, product=second(c)) for c in (0, 5)]

    cubes.append(write(tmp_path / "a.grib2", *at(0)), store)
    cubes.append(write(tmp_path / "b.grib2", *at(6)[::-1]), store)
    cube = cubes.open_xarray(store)
    names = sorted(name for name in cube.data_vars if cube[name].ndim == 3)
    assert len(names) == 2
    found = sorted(float(cube[name].max()) for name in names)
    assert found == [19, 519]
    for name in names:
        assert float(cube[name][0].max()) == float(cube[name][1].max())


def test_a_template_that_gdal_does_not_know_is_refused(tmp_path, store):
    unknown = grib.edition2(product=grib.product(60, own=bytes(20)))
    message = refused(store, write(tmp_path / "a.grib2", unknown))
    assert "template (4.60) is one that GDAL does not know" in message
    assert "Nothing was written" in message


def test_months_are_as_long_as_one_another(tmp_path, store):
    def month(number, days):
        begin = datetime.datetime(2023, number, 1)
        means = grib.period(begin + 24 * days * HOUR, 24 * days, statistic=0)
        mean = grib.product(8, own=means)
        return grib.edition2(run=begin, product=mean)

    months = [
        write(tmp_path / f"{n}.grib2", month(n, d)) for n, d in ((1, 31), (2, 28))
    ]
    cubes.append(*months, store)
    assert [str(t)[:10] for t in field(store).time.values] == [
        "2023-02-01",
        "2023-03-01",
    ]
    day = write(tmp_path / "day.grib2", month(4, 1))
    with cubes.unchanged(store):
        message = cubes.append(day, store, status=5).stderr
    assert "its period is 24 h, the target's is 744 h" in message


def test_periods_may_vary_along_another_dimension(tmp_path, store):
    both = [
        write(tmp_path / f"{h}.grib2", grib.edition2(product=of_period(h, 12)))
        for h in (3, 6)
    ]
    rename = [
        "--rename", "TMP_0-SFC=t", "--rename", "TMP03_0-SFC=t", "--rename", "TMP06_0-SFC=t"
    ]  # fmt: skip
    for hours, path in zip(("3", "6"), both, strict=True):
        cubes.append("--append-dim", "hours", "--label", hours, *rename, path, store)
    assert cubes.open_xarray(store).hours.values.tolist() == [3, 6]


# Edition 1.
def ecmwf(number=0, total=0, kind=9, stream=1025, version=b"0001"):
    """Its local definition 1."""
    local = bytes([1, 1, kind]) + struct.pack(">H", stream) + version
    return local + bytes([number, total])


FIRST_PAIRS = {
    "member": ({"local": ecmwf(1, 2)}, {"local": ecmwf(2, 2)}),
    "type": ({"local": ecmwf(kind=17)}, {"local": ecmwf(kind=18)}),
    "stream": ({"local": ecmwf(stream=1025)}, {"local": ecmwf(stream=1043)}),
    "version of the experiment": (
        {"local": ecmwf(version=b"0001")},
        {"local": ecmwf(version=b"0077")},
    ),
    "statistic": ({}, {"indicator": 3, "second": 6}),
    "period": (
        {"indicator": 4, "second": 6},
        {"indicator": 4, "first": 3, "second": 6},
    ),
    "parameter": ({"table": 210, "parameter": 1}, {"table": 211, "parameter": 1}),
}


@pytest.mark.parametrize("word", FIRST_PAIRS)
def test_another_product_of_edition_1_is_refused(tmp_path, store, word):
    first, second = FIRST_PAIRS[word]
    later = grib.RUN + 24 * HOUR
    message = refused(
        store,
        write(tmp_path / "a.grib", grib.edition1(**first)),
        write(tmp_path / "b.grib", grib.edition1(run=later, **second)),
    )
    named = "it is in the target, but not in the slice" in message
    assert f"its {word} is" in message or (word == "parameter" and named)


def test_what_is_one_product_in_edition_1(tmp_path, store):
    """Analyses and forecasts, long and short cut-offs, ERA5T and ERA5."""
    same = [
        ecmwf(kind=2),
        ecmwf(kind=9),
        ecmwf(stream=1026),
        ecmwf(version=b"0005"),
    ]
    cubes.append(
        *[
            write(
                tmp_path / f"{i}.grib",
                grib.edition1(run=grib.RUN + i * HOUR, local=each),
            )
            for i, each in enumerate(same)
        ],
        store,
    )
    assert field(store).sizes["time"] == 4


def test_members_of_edition_1_are_told_by_their_numbers(tmp_path, store):
    for name, hours, order in (("a", 0, (0, 1, 2)), ("b", 6, (2, 0, 1))):
        messages = [
            grib.edition1(grib.VALUES + 100 * m, first=hours, local=ecmwf(m, 3))
            for m in order
        ]
        cubes.append(write(tmp_path / f"{name}.grib", *messages), store)
    cube = cubes.open_xarray(store)
    names = sorted(name for name in cube.data_vars if cube[name].ndim == 3)
    assert [name[-3:] for name in names] == ["_m0", "_m1", "_m2"]
    for m, name in enumerate(names):
        assert cube[name].max(("y", "x")).values.tolist() == [19 + 100 * m] * 2


@pytest.mark.parametrize(
    ("unit", "count", "date"), [(3, 2, "2024-03-01"), (4, 1, "2025-01-01")]
)
def test_months_and_years_are_counted_in_the_calendar(
    tmp_path, store, unit, count, date
):
    path = write(tmp_path / "a.grib", grib.edition1(unit=unit, first=count))
    cubes.append(path, store)
    assert [str(t)[:10] for t in field(store).time.values] == [date]


def test_a_forecast_may_be_for_before_its_run(tmp_path, store):
    path = write(tmp_path / "a.grib2", grib.edition2(product=grib.product(hours=-6)))
    cubes.append(path, store)
    assert [str(t)[:13] for t in field(store).time.values] == ["2023-12-31T18"]


def test_a_time_range_that_is_not_known_is_refused(tmp_path, store):
    path = write(tmp_path / "a.grib", grib.edition1(indicator=77))
    assert "time range (77) is not known" in refused(store, path)


# Grids.
@pytest.mark.parametrize("edition", [1, 2])
def test_another_grid_of_the_same_size_is_refused(tmp_path, store, edition):
    def at(hours, lon):
        if edition == 1:
            return grib.edition1(first=hours, lon=lon)
        return grib.edition2(product=grib.product(hours=hours), grid=grib.grid(lon))

    message = refused(store, write(tmp_path / "a.grib", at(0, 0), at(6, 1)))
    assert "5 x 4 points from 50 N, 1 E to 47 N, 5 E" in message
    assert "5 x 4 points from 50 N, 0 E to 47 N, 4 E" in message


def test_rows_further_apart_are_another_grid(tmp_path, store):
    messages = [
        grib.edition2(grid=grib.grid()),
        grib.edition2(grid=grib.grid(south=44), product=grib.product(hours=6)),
    ]
    assert "to 44 N, 4 E" in refused(store, write(tmp_path / "a.grib2", *messages))


def test_editions_are_mixed_on_one_grid(tmp_path, store):
    path = write(tmp_path / "a.grib", grib.edition1(), grib.edition2(grib.VALUES + 1))
    cubes.append(path, store)
    cube = cubes.open_xarray(store)
    found = [float(cube[n].max()) for n in cube.data_vars if cube[n].ndim == 3]
    assert sorted(found) == [19, 20]
    assert "x2" not in cube


# Missing values.
def message_at(edition, hours, values=grib.VALUES, missing=None):
    if edition == 1:
        return grib.edition1(values, missing, first=hours)
    return grib.edition2(values, missing, product=grib.product(hours=hours))


@pytest.mark.parametrize("edition", [1, 2])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_each_message_has_its_own_missing_values(tmp_path, store, edition, order):
    """With a bitmap and without one, and with values that GDAL has for missing."""
    kinds = [(grib.VALUES, None), (grib.VALUES, (3, 7)), (grib.VALUES + 9990, None)]
    expected = [rows(kinds[kind][0], kinds[kind][1] or ()) for kind in order]
    messages = [message_at(edition, h, *kinds[kind]) for h, kind in enumerate(order)]
    cubes.append(write(tmp_path / "a.grib", *messages), store)
    np.testing.assert_array_equal(field(store), expected)
    apart = store.with_name("apart.zarr")
    for number, message in enumerate(messages):
        cubes.append(write(tmp_path / f"{number}.grib", message), apart)
    np.testing.assert_array_equal(field(apart), expected)


@pytest.mark.parametrize("edition", [1, 2])
def test_a_field_of_which_nothing_is_there(tmp_path, store, edition):
    messages = [message_at(edition, 0), message_at(edition, 1, missing=range(20))]
    cubes.append(write(tmp_path / "a.grib", *messages), store)
    np.testing.assert_array_equal(field(store), [rows(), rows(missing=range(20))])


def test_values_that_are_as_gdals_missing_ones(tmp_path, store):
    values = grib.VALUES + 9990
    message = write(tmp_path / "a.grib2", message_at(2, 0, values, (3,)))
    assert "leaves values out" in refused(store, message)
    # Edition 1 is told apart, and so is a field where 9999 is among those left out.
    cubes.append(write(tmp_path / "a.grib", message_at(1, 0, values, (3,))), store)
    np.testing.assert_array_equal(field(store), [rows(values, (3,))])
    other = store.with_name("b.zarr")
    cubes.append(write(tmp_path / "b.grib2", message_at(2, 0, values, (9,))), other)
    np.testing.assert_array_equal(field(other), [rows(values, (9,))])


# Headers that lie.
@pytest.mark.parametrize("edition", [1, 2])
def test_a_message_that_is_cut_off_is_not_taken(tmp_path, store, edition):
    whole = message_at(edition, 0)
    for length in range(len(whole), 2 * len(whole), 11):
        data = (whole + message_at(edition, 1))[:length]
        result = cubes.run(write(tmp_path / "a.grib", data), store, status=None)
        # What lacks not even its length is behind the end, as other octets are.
        if length < len(whole) + 16 and result.status == 0:
            assert field(store).sizes["time"] == 1
            shutil.rmtree(store)
            continue
        assert result.status in (4, 5), (length, result)
        assert "Nothing was written" in result.stderr
        assert not store.exists()


@pytest.mark.parametrize("edition", [1, 2])
def test_lengths_that_cannot_be_are_refused(tmp_path, store, edition):
    """Each number of four octets of the first message's headers, in turn."""
    whole = message_at(edition, 0, missing=(3,))
    for at in range(8, len(whole) - 40, 13):
        data = whole[:at] + b"\xff\xff\xff\xfe" + whole[at + 4 :]
        path = write(tmp_path / "a.grib", data, message_at(edition, 1))
        result = cubes.run(path, store, status=None, timeout=60)
        assert result.status in (0, 4, 5), (at, result)
        if result.status != 0:
            assert "Nothing was written" in result.stderr
            assert not store.exists()
        else:
            shutil.rmtree(store)

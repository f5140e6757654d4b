"""What may be a slice; how slices are made, in which order, and given back."""

import contextlib
import datetime
import threading
import time
from pathlib import Path

import cftime
import cubes
import gdalmdimappend as mda
import numpy as np
import pytest
import xarray as xr
from osgeo import gdal


def day(number, **attrs):
    """One step of a small cube."""
    return xr.Dataset(
        {"air": (("time", "x"), np.full((1, 3), float(number)))},
        {"time": [np.datetime64("2024-01-01", "ns") + np.timedelta64(number, "D")]},
        attrs,
    )


def bad_day(number):
    """Refused: of another shape."""
    return day(number).isel(x=[0, 1])


def days_in(store):
    """The numbers of the days that are in, in their order."""
    if not (store / "zarr.json").exists():
        return []
    with xr.open_zarr(store, chunks=None) as read:
        return read.air[:, 0].values.astype(int).tolist()


def write(number, folder):
    return cubes.write(day(number), folder / f"day_{number}.nc")


# What is a slice.


def test_paths(store, tmp_path):
    report = mda.append([write(0, tmp_path), str(write(1, tmp_path))], store)
    assert [each.outcome for each in report.slices] == ["appended"] * 2
    assert report.slices[1].slice == str(tmp_path / "day_1.nc")
    assert days_in(store) == [0, 1]


def test_consecutive_paths_are_one_run_and_continued_like_files(store, tmp_path):
    paths = [write(number, tmp_path) for number in range(3)]
    mda.append(paths[:2], store)
    report = mda.append(paths, store)
    outcomes = [each.outcome for each in report.slices]
    assert outcomes == ["already there", "already there", "appended"]


def test_datasets_of_gdal(store, tmp_path):
    with gdal.OpenEx(str(write(0, tmp_path)), gdal.OF_MULTIDIM_RASTER) as dataset:
        mda.append(dataset, store)
        dataset.GetRootGroup()  # It is still open.
    assert days_in(store) == [0]


def test_long_texts_of_a_dataset_of_gdal_are_refused(store, tmp_path):
    """Whoever opened it has let GDAL cut them."""
    long = xr.Dataset({"word": ("time", np.array(["x" * 300], object))}, {"time": [0]})
    long.to_zarr(tmp_path / "long.zarr", zarr_format=3)
    with (
        gdal.OpenEx(str(tmp_path / "long.zarr"), gdal.OF_MULTIDIM_RASTER) as dataset,
        pytest.raises(mda.SliceRefused, match="texts of 256 bytes or more"),
    ):
        mda.append(dataset, store)


def test_a_callable(store):
    mda.append(lambda: day(0), store)
    assert days_in(store) == [0]


def test_a_context_manager(store):
    @contextlib.contextmanager
    def opened():
        yield day(0)

    mda.append(opened(), store)
    mda.append([contextlib.nullcontext(day(1))], store)
    assert days_in(store) == [0, 1]


def test_an_object_with_get_dataset_and_close(store):
    class Source:
        closed = False

        def get_dataset(self):
            return day(0)

        def close(self):
            assert days_in(store) == [0]
            Source.closed = True

    mda.append(Source, store)
    assert Source.closed


def test_a_callable_may_return_a_path_or_a_callable_or_a_context_manager(
    store, tmp_path
):
    @contextlib.contextmanager
    def temporary():
        path = write(1, tmp_path)
        yield path
        assert days_in(store) == [0, 1]
        path.unlink()

    slices = [lambda: write(0, tmp_path), lambda: temporary, lambda: lambda: day(2)]
    mda.append(slices, store)
    assert days_in(store) == [0, 1, 2]
    assert not (tmp_path / "day_1.nc").exists()


def test_paths_and_datasets_in_any_mixture(store, tmp_path):
    slices = [day(0), write(1, tmp_path), write(2, tmp_path), lambda: day(3)]
    report = mda.append(slices, store)
    assert [each.slice for each in report.slices] == [
        "slice 1",
        str(tmp_path / "day_1.nc"),
        str(tmp_path / "day_2.nc"),
        "slice 4",
    ]
    assert days_in(store) == [0, 1, 2, 3]


def test_the_users_dataset_stays_as_it_is(store, tmp_path):
    with xr.open_dataset(write(0, tmp_path)) as dataset:
        before = dict(dataset.air.encoding), dict(dataset.air.attrs)
        mda.append(dataset, store)
        assert not dataset.air.variable._in_memory
        assert (dataset.air.encoding, dataset.air.attrs) == before


def test_dask(store):
    dataset = xr.concat([day(0), day(1)], "time").chunk(time=1)
    mda.append(dataset, store)
    assert dataset.air.chunks
    assert days_in(store) == [0, 1]


@pytest.mark.parametrize("nothing", [[], (), iter([]), {}.keys()])
def test_no_slices_are_nothing_to_do(nothing, store):
    report = mda.append(nothing, store)
    assert report.slices == ()
    assert not store.exists()
    assert not Path(f"{store}.mdimappend").exists()


@pytest.mark.parametrize("wrong", [None, 3, 2.5, b"a.nc", {"a": 1}, bytearray(b"x")])
def test_what_is_no_slice_is_a_type_error(wrong, store):
    with pytest.raises(TypeError, match="a slice is a path"):
        mda.append(wrong, store)
    assert not store.exists()


@pytest.mark.parametrize("wrong", [None, 3, np.zeros(3), [], lambda: None])
def test_what_is_no_slice_in_a_list_ends_the_run(wrong, store):
    with pytest.raises(TypeError, match="a slice is a path") as error:
        mda.append([day(0), wrong, day(2)], store)
    assert "slice 2" in error.value.__notes__[0]
    assert days_in(store) == [0]


def test_an_endless_callable_is_a_mistake(store):
    def endless():
        return endless

    with pytest.raises(TypeError, match="a slice is"):
        mda.append(endless, store)


def test_a_data_array_without_a_name_is_refused(store):
    with pytest.raises(TypeError, match="only if it has a name"):
        mda.append(day(0).air.rename(None), store)


def test_a_dataset_without_the_append_dimension_is_refused(store):
    mda.append(day(0), store)
    with pytest.raises(mda.SliceRefused, match="time"):
        mda.append(day(0).isel(time=0, drop=True), store)


def test_a_dataset_without_anything_is_refused(store):
    with pytest.raises(mda.SliceRefused):
        mda.append(xr.Dataset(), store)
    assert not store.exists()


# slice_source


def test_a_slice_source_is_called_with_each_item(store):
    report = mda.append([0, 1, 2], store, slice_source=day)
    assert days_in(store) == [0, 1, 2]
    assert report.slices[1].slice == "day(1)"


def test_items_are_arguments_as_they_are_given(store):
    got = []

    def source(number, /, *more, **named):
        got.append((number, more, named))
        return day(number)

    def by_name(number, title):
        return day(number, title=title)

    items = [0, (1,), (2, "a"), ((3, "b"), {"c": 1}), ([4], {}), np.int64(5)]
    mda.append(items, store, slice_source=source)
    assert got == [
        (0, (), {}),
        (1, (), {}),
        (2, ("a",), {}),
        (3, ("b",), {"c": 1}),
        (4, (), {}),
        (5, (), {}),
    ]
    mda.append([{"number": 6, "title": "t"}], store, slice_source=by_name)
    assert days_in(store) == list(range(7))


def test_one_argument_alone(store):
    mda.append(7, store, slice_source=day)
    mda.append("8", store, slice_source=lambda text: day(int(text)))
    assert days_in(store) == [7, 8]


def test_a_list_is_one_argument(store):
    mda.append([[0, 1]], store, slice_source=lambda n: xr.concat(map(day, n), "time"))
    assert days_in(store) == [0, 1]


def test_a_slice_source_gets_the_settings_if_it_asks(store):
    def source(number, settings):
        assert settings["append_dim"] == "time"
        assert settings["keep_going"] is True
        return day(number)

    mda.append([0], store, slice_source=source, append_dim="time", keep_going=True)
    assert days_in(store) == [0]


def test_a_slice_source_may_be_a_context_manager(store):
    ended = []

    @contextlib.contextmanager
    def source(number):
        yield day(number)
        ended.append((number, days_in(store)))

    mda.append(range(3), store, slice_source=source)
    assert ended == [(0, [0]), (1, [0, 1]), (2, [0, 1, 2])]


def test_a_slice_source_that_cannot_be_called(store):
    with pytest.raises(mda.UsageError, match="slice_source"):
        mda.append([0], store, slice_source="day")


# What goes wrong.


def test_a_slice_source_that_raises_ends_the_run(store):
    def source(number):
        if number == 2:
            raise RuntimeError("no data")
        return day(number)

    with pytest.raises(RuntimeError, match="^no data") as error:
        mda.append(range(5), store, slice_source=source)
    assert "source(2), which is slice 3" in error.value.__notes__[0]
    assert days_in(store) == [0, 1]


@pytest.mark.parametrize("per_commit", [1, 3])
def test_a_generator_that_raises_ends_the_run(per_commit, store):
    def slices():
        yield day(0)
        yield day(1)
        raise OSError("the server is gone")

    with pytest.raises(OSError, match="the server is gone"):
        mda.append(slices(), store, slices_per_commit=per_commit)
    assert days_in(store) == [0, 1]


def test_a_generator_may_not_raise_stop_iteration(store):
    def source(number):
        raise StopIteration

    with pytest.raises(StopIteration):
        mda.append([0], store, slice_source=source)


def test_a_refused_slice_ends_the_run_and_the_generator(store):
    closed = []

    def slices():
        try:
            yield day(0)
            yield bad_day(1)
            yield day(2)
            yield day(3)
        finally:
            closed.append(True)

    with pytest.raises(mda.SliceRefused) as error:
        mda.append(slices(), store)
    assert closed == [True]
    assert error.value.exit_status == 5
    outcomes = [each.outcome for each in error.value.report.slices]
    assert outcomes == ["appended", "failed"]
    assert days_in(store) == [0]


def test_a_file_that_gives_items_is_not_closed(store, tmp_path):
    (tmp_path / "list.txt").write_text("0\n1\n")
    with open(tmp_path / "list.txt") as lines:
        mda.append(lines, store, slice_source=lambda line: day(int(line)))
        assert not lines.closed
    assert days_in(store) == [0, 1]


def test_keep_going_passes_over_what_fails(store, tmp_path):
    def raises():
        raise KeyError("no such day")

    slices = [
        day(0),
        bad_day(1),
        raises,
        str(tmp_path / "none.nc"),
        day(2).assign(odd=("time", [object()])),
        day(3),
    ]
    with pytest.raises(mda.SliceRefused) as error:
        mda.append(slices, store, keep_going=True)
    report = error.value.report
    assert [each.outcome for each in report.slices] == ["appended", *["failed"] * 4] + [
        "appended"
    ]
    assert [each.exit_status for each in report.failed] == [5, 4, 4, 5]
    assert report.failed[1].slice == "raises"
    assert "KeyError: 'no such day'" in report.failed[1].message
    assert report.exit_status == 5
    assert days_in(store) == [0, 3]


def test_keep_going_does_not_pass_over_a_lock(store):
    """Else the slices that were locked out would be missing for ever."""
    asked = []

    def slices():
        for number in range(1, 9):
            asked.append(number)
            yield day(number)

    mda.append(day(0), store)
    with mda.Lock(store), pytest.raises(mda.Locked) as error:
        mda.append(slices(), store, keep_going=True, lock_timeout=0)
    assert len(error.value.report.slices) == 1
    assert len(asked) <= 2


def test_keep_going_is_seen_in_a_settings_file_too(store):
    with pytest.raises(mda.SliceRefused):
        mda.append([day(0), bad_day(1), day(2)], store, settings={"keep_going": True})
    assert days_in(store) == [0, 2]


def test_a_failed_slices_context_manager_is_told(store):
    told = []

    @contextlib.contextmanager
    def source(number):
        try:
            yield bad_day(number) if number else day(number)
        except mda.SliceRefused as error:
            told.append(error)
            raise

    with pytest.raises(mda.SliceRefused):
        mda.append([0, 1], store, slice_source=source)
    assert len(told) == 1


@pytest.mark.parametrize("per_commit", [1, 2, 5])
@pytest.mark.parametrize("refused", ["by the guards", "by the encoding", "raised"])
def test_context_managers_know_which_slices_are_in(refused, per_commit, store):
    """Those that move a file away when it is in must not move another."""
    done = []

    def made(number):
        if number != 2:
            return day(number)
        if refused == "by the guards":
            return bad_day(number)
        if refused == "by the encoding":
            return day(number).assign(odd=("time", [object()]))
        raise OSError("gone")

    @contextlib.contextmanager
    def source(number):
        yield lambda: made(number)
        done.append(number)

    with pytest.raises((mda.SliceRefused, OSError)):
        mda.append(range(9), store, slice_source=source, slices_per_commit=per_commit)
    assert done == days_in(store) == [0, 1]


def test_context_managers_know_of_an_interrupted_run(store):
    done = []

    @contextlib.contextmanager
    def source(number):
        yield day(number)
        done.append(number)

    def progress(fraction, name):
        return name != "source(1)"

    with pytest.raises(mda.Cancelled):
        mda.append(range(9), store, slice_source=source, progress=progress)
    assert done == days_in(store) == [0]


def test_xarray_waits_with_its_files_while_gdal_reads_some(store, tmp_path):
    from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK as lock

    held = []
    mda.append(
        write(0, tmp_path), store, progress=lambda *_: held.append(lock.locked())
    )
    assert all(held)
    held.clear()
    mda.append(day(1), store, progress=lambda *_: held.append(lock.locked()))
    assert not any(held)
    assert not lock.locked()


def test_a_slice_source_sees_gdal_as_the_user_has_it(store):
    def source(number):
        seen.append(bool(gdal.GetUseExceptions()))
        return day(number)

    seen = []
    mda.append([0, 1], store, slice_source=source)
    gdal.DontUseExceptions()
    try:
        mda.append([2], store, slice_source=source)
    finally:
        gdal.UseExceptions()
    assert seen == [True, True, False]


def test_a_context_manager_cannot_hide_a_failure(store):
    class Hides(contextlib.nullcontext):
        def __exit__(self, *failure):
            return True

    mda.append(day(0), store)
    with pytest.raises(mda.SliceRefused):
        mda.append(Hides(bad_day(1)), store)


def test_a_context_manager_that_fails_at_the_end_is_heard(store):
    @contextlib.contextmanager
    def source(number):
        yield day(number)
        raise OSError("cannot be removed")

    with pytest.raises(OSError, match="cannot be removed"):
        mda.append([0, 1], store, slice_source=source)
    assert days_in(store) == [0]


def test_context_managers_of_slices_that_were_not_reached_end_too(store):
    entered, ended = [], []

    @contextlib.contextmanager
    def source(number):
        entered.append(number)
        try:
            yield bad_day(1) if number == 1 else day(number)
        finally:
            ended.append(number)

    with pytest.raises(mda.SliceRefused):
        mda.append(range(9), store, slice_source=source)
    assert sorted(ended) == sorted(entered)


# The next slice is prepared meanwhile.


def test_the_next_slice_is_prepared_while_this_one_is_written(store):
    asked = threading.Event()
    seen = []

    def slices():
        yield day(0)
        asked.set()
        yield day(1)

    def progress(fraction, name):
        if name == "slice 1":
            seen.append(asked.wait(10))

    mda.append(slices(), store, progress=progress)
    assert all(seen)
    assert seen


def test_only_one_slice_is_prepared_ahead(store):
    made = 0
    most_ahead = []

    def slices():
        nonlocal made
        for number in range(6):
            made += 1
            yield day(number)

    def progress(fraction, name):
        time.sleep(0.02)
        most_ahead.append(made - int(name.split()[1]))

    mda.append(slices(), store, progress=progress)
    assert max(most_ahead) <= 1
    assert days_in(store) == list(range(6))


def test_a_slice_is_in_before_the_next_one_is_there(store):
    """A queue that waits for its next item does not hold up the last one."""
    came = threading.Event()

    def slices():
        yield day(0)
        assert came.wait(30)
        yield day(1)

    def look():
        deadline = time.monotonic() + 30
        while days_in(store) != [0] and time.monotonic() < deadline:
            time.sleep(0.01)
        came.set()

    watcher = threading.Thread(target=look)
    watcher.start()
    mda.append(slices(), store)
    watcher.join()
    assert days_in(store) == [0, 1]


def test_slices_of_one_commit(store):
    mda.append(map(day, range(5)), store, slices_per_commit=2)
    assert [len(each.slices) for each in mda.log(store)] == [1, 2, 2]


def test_what_comes_before_a_refused_slice_of_a_commit_is_in(store):
    with pytest.raises(mda.SliceRefused) as error:
        mda.append([day(0), day(1), bad_day(2), day(3)], store, slices_per_commit=4)
    report = error.value.report
    outcomes = [each.outcome for each in report.slices]
    assert outcomes == ["appended", "appended", "failed", "not tried"]
    assert [each.slice for each in report.not_tried] == ["slice 4"]
    assert days_in(store) == [0, 1]


def test_overwriting_is_one_commit(store):
    mda.append(map(day, range(3)), store)
    mda.append(map(day, [7, 8]), store, overwrite=True)
    assert days_in(store) == [7, 8]
    assert len(mda.log(store)[0].slices) == 2

    def slices():
        yield day(1)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        mda.append(slices(), store, overwrite=True)
    with pytest.raises(mda.SliceRefused):
        mda.append([day(1), bad_day(2)], store, overwrite=True)
    assert days_in(store) == [7, 8]


def test_what_overwrites_is_of_one_kind(store, tmp_path):
    mda.append(day(0), store)
    with pytest.raises(mda.UsageError, match="one commit"):
        mda.append([day(1), write(2, tmp_path)], store, overwrite=True)
    assert days_in(store) == [0]


# Labels


def scene(number):
    return day(number).isel(time=0, drop=True)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2024-01-01", "2024-01-02"),
        (datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 2)),
        (np.datetime64("2024-01-01"), np.datetime64("2024-01-02T00", "ns")),
        (cftime.datetime(2024, 1, 1), cftime.datetime(2024, 1, 2)),
        (
            datetime.datetime(2024, 1, 1, 2, tzinfo=datetime.timezone.max),
            datetime.datetime(
                2024, 1, 2, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))
            ),
        ),
    ],
)
def test_labels_that_are_dates(first, second, store):
    mda.append([scene(0), scene(1)], store, label=[first, second])
    with xr.open_zarr(store, chunks=None) as read:
        assert read.time.values[1] == np.datetime64("2024-01-02", "ns")
    assert days_in(store) == [0, 1]


@pytest.mark.parametrize("labels", [(1, 2), (np.float32(1), np.int16(2)), (1.5, 2.5)])
def test_labels_that_are_numbers(labels, store):
    mda.append(map(scene, [0, 1]), store, label=iter(labels), append_dim="run")
    with xr.open_zarr(store, chunks=None) as read:
        assert tuple(read.run.values) == labels


def test_labels_that_are_texts(store):
    mda.append([scene(0), scene(1)], store, label=("é", "b"), append_dim="member")
    with xr.open_zarr(store, chunks=None) as read:
        assert read.member.values.tolist() == ["é", "b"]


def test_one_label(store, tmp_path):
    mda.append(scene(0), store, label="2024-01-01")
    mda.append(
        scene(1).to_netcdf(tmp_path / "a.nc") or tmp_path / "a.nc",
        store,
        label="2024-01-02",
    )
    assert days_in(store) == [0, 1]


def test_slices_with_and_without_labels(store):
    slices = [day(0), scene(1), day(2)]
    mda.append(slices, store, label=[None, "2024-01-02", None])
    assert days_in(store) == [0, 1, 2]


def test_as_many_labels_as_slices(store):
    with pytest.raises(mda.UsageError, match="1 label for 2 slices"):
        mda.append([scene(0), scene(1)], store, label=["2024-01-01"])
    assert days_in(store) == []
    with pytest.raises(mda.UsageError, match="slice 2 has no label"):
        mda.append(map(scene, [0, 1]), store, label=["2024-01-01"])
    assert days_in(store) == [0]


@pytest.mark.parametrize("label", [object(), True, np.datetime64("NaT"), b"x", [[]]])
def test_what_is_no_label(label, store):
    with pytest.raises(mda.UsageError, match="not a date, number or text"):
        mda.append([scene(0)], store, label=[label])

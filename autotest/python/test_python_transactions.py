"""Transactions of parts: by hand, and by dask with threads, processes and a cluster."""

import itertools
import math
import os
import pickle
import signal
import threading
import weakref
from pathlib import Path

import cubes
import dask
import dask.array
import gdalmdimappend as mda
import gdalmdimappend.dask
import numpy as np
import parts
import pytest
import xarray as xr
from gdalmdimappend._blocks import (
    MOST_BLOCKS,
    MOST_BYTES,
    aligned_chunks,
    blocks_together,
)

CHUNKS = {"air": {"chunks": [4, 3, 5]}}


def cube(first=0, steps=8, lat=6, lon=10):
    """Steps of six hours."""
    random = np.random.default_rng(first)
    hours = np.arange(first, first + steps) * np.timedelta64(6, "h")
    return xr.Dataset(
        {
            "air": (
                ("time", "lat", "lon"),
                random.random((steps, lat, lon), "f4"),
                {"units": "K"},
            ),
            "orbit": ("time", np.arange(first, first + steps)),
        },
        {
            "time": np.datetime64("2024-01-01", "ns") + hours,
            "lat": np.linspace(50, 45, lat),
            "lon": np.linspace(0, 9, lon),
        },
        {"title": "a test"},
    )


def lazy(dataset, **chunks):
    return dataset.chunk(chunks or {"time": 3, "lat": 2, "lon": 4})


def assert_is(store, *pieces):
    """As xarray reads it."""
    expected = xr.concat(pieces, "time", data_vars="minimal")
    with xr.open_zarr(store, chunks=None) as read:
        xr.testing.assert_equal(read.load(), expected)


# By hand.


def test_parts_written_in_any_order_are_one_commit(store):
    whole = cube()
    with mda.begin(store, whole, encoding=CHUNKS) as transaction:
        assert transaction.rows == 8
        assert transaction.arrays["air"].chunk == (4, 3, 5)
        for first in (4, 0):
            transaction.write(whole.isel(time=slice(first, first + 4)), at=first)
        assert not Path(store).exists()
    assert_is(store, whole)
    assert [record.rows for record in mda.log(store)] == [8]


def test_labels_may_come_with_the_parts(store):
    whole = cube()
    with mda.begin(store, whole.isel(time=[0]), size=8, encoding=CHUNKS) as transaction:
        receipts = [
            transaction.write(whole.isel(time=slice(first, first + 4)), at=first)
            for first in (4, 0)
        ]
        report = transaction.commit(receipts)
    assert report.first_label == "2024-01-01"
    assert report.last_label == "2024-01-02T18:00:00"
    assert_is(store, whole)


def test_an_exception_aborts(store):
    mda.append(cube(), store, encoding=CHUNKS)
    before = cubes.tree(store)
    more = cube(8)

    def fail():
        with mda.begin(store, more) as transaction:
            transaction.write(more)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert cubes.tree(store) == before
    assert not mda.status(store).locked
    assert mda.status(store).pending == ()


def test_a_transaction_can_be_sent_to_another_process(store):
    whole = cube()
    begun = mda.begin(store, whole, encoding=CHUNKS)
    sent = pickle.loads(pickle.dumps(begun))
    receipts = [
        sent.write(whole.isel(time=slice(first, first + 4)), at=first)
        for first in (0, 4)
    ]
    again = [mda.Receipt.from_json(each.to_json()) for each in receipts]
    begun.commit(again)
    assert_is(store, whole)


def test_what_is_missing_is_said_and_can_be_brought(store):
    whole = cube()
    transaction = mda.begin(store, whole, encoding=CHUNKS)
    first = transaction.write(whole.isel(time=slice(0, 4)), at=0)
    with pytest.raises(mda.SliceRefused, match="4 of 8 chunks are in none of"):
        transaction.commit()
    transaction.write(whole.isel(time=slice(4, 8)), at=4)
    assert transaction.commit(dry_run=True).outcome == "complete"
    with pytest.raises(mda.SliceRefused, match="none of the parts"):
        transaction.commit([first])
    transaction.commit()
    assert_is(store, whole)


def test_no_receipts_commit_nothing(store):
    with pytest.raises(mda.SliceRefused, match="8 of 8 chunks"):
        mda.begin(store, cube(), encoding=CHUNKS).commit([])
    assert not Path(store).exists()


def test_others_are_kept_away_until_the_end(store):
    mda.append(cube(), store, encoding=CHUNKS)
    with mda.begin(store, cube(8)) as transaction:
        with pytest.raises(mda.Locked, match="a lease"):
            mda.append(cube(16), store, lock_timeout=0)
        with pytest.raises(mda.Locked):
            mda.begin(store, cube(8), lock_timeout=0)
        transaction.write(cube(8))
    mda.append(cube(16), store)
    assert_is(store, cube(), cube(8), cube(16))


def test_a_lease_is_renewed_as_long_as_it_is_used(store):
    whole = cube()
    with mda.begin(store, whole, lease="1s", encoding=CHUNKS) as transaction:
        threading.Event().wait(2.5)
        with pytest.raises(mda.Locked):
            mda.append(cube(8), store, lock_timeout=0.5)
        transaction.write(whole)
    assert_is(store, whole)


def test_a_lease_is_renewed_after_a_commit_that_was_refused(store):
    whole = cube()
    with mda.begin(store, whole, lease="1s", encoding=CHUNKS) as transaction:
        with pytest.raises(mda.SliceRefused, match="none of the parts"):
            transaction.commit()
        threading.Event().wait(2)
        with pytest.raises(mda.Locked):
            mda.append(cube(8), store, lock_timeout=0.5)
        transaction.write(whole)
    assert_is(store, whole)


def test_a_lease_that_is_over_gives_up_all(store):
    mda.append(cube(), store, encoding=CHUNKS)
    transaction = mda.begin(store, cube(8), lease="1s")
    receipt = transaction.write(cube(8))
    report = mda.append(cube(16), store)
    assert report.recovered.undone == (transaction.token["transaction"],)
    with pytest.raises(mda.AppendError, match="is over"):
        transaction.commit([receipt])
    with pytest.raises(mda.AppendError, match="is over"):
        transaction.write(cube(8))
    assert_is(store, cube(), cube(16))


def test_a_template_that_does_not_fit_is_refused_before_anything_is_computed(store):
    mda.append(cube(), store, encoding=CHUNKS)
    flipped = cube(8).isel(lat=slice(None, None, -1))
    with pytest.raises(mda.SliceRefused, match="'lat' differs"):
        mda.begin(store, flipped)
    assert not mda.status(store).locked


# By dask.


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_schedulers(store, scheduler):
    compute = {"scheduler": scheduler}
    gdalmdimappend.dask.store(lazy(cube()), store, encoding=CHUNKS, compute=compute)
    report = gdalmdimappend.dask.append(lazy(cube(8)), store, compute=compute)
    assert [each.rows for each in report.slices] == [8]
    assert_is(store, cube(), cube(8))
    assert [record.rows for record in mda.log(store)] == [8, 8]


def test_a_partly_filled_chunk_is_merged(store):
    gdalmdimappend.dask.store(lazy(cube(0, 5)), store, encoding=CHUNKS)
    gdalmdimappend.dask.append(lazy(cube(5, 6)), store)
    assert_is(store, cube(0, 5), cube(5, 6))


def test_packed_arrays_and_missing_values(store):
    whole = cube()
    whole["air"] = (whole.air * 100).round(1).where(whole.air > 0.2)
    whole.air.encoding = {"dtype": "i2", "scale_factor": 0.1, "_FillValue": -999}
    gdalmdimappend.dask.store(lazy(whole), store, encoding=CHUNKS)
    with xr.open_zarr(store, chunks=None) as read:
        assert read.air.encoding["dtype"] == np.int16
        np.testing.assert_allclose(read.air, whole.air, atol=1e-4)


def test_a_new_target_has_dasks_chunks_unless_told_otherwise(store, tmp_path):
    gdalmdimappend.dask.store(lazy(cube()), store)
    with xr.open_zarr(store, chunks=None) as read:
        assert read.air.encoding["chunks"] == (3, 2, 4)
    told = tmp_path / "told.zarr"
    gdalmdimappend.dask.store(lazy(cube()), told, encoding="*:chunk=8x6x10")
    with xr.open_zarr(told, chunks=None) as read:
        assert read.air.encoding["chunks"] == (8, 6, 10)


def test_store_refuses_a_target_that_is_there(store):
    gdalmdimappend.dask.store(lazy(cube()), store)
    before = cubes.tree(store)
    with pytest.raises(mda.AppendError, match="exists already"):
        gdalmdimappend.dask.store(lazy(cube(8)), store)
    assert cubes.tree(store) == before


def test_append_refuses_labels_that_are_there(store):
    gdalmdimappend.dask.store(lazy(cube()), store)
    with pytest.raises(mda.SliceRefused, match="is already in the target"):
        gdalmdimappend.dask.append(lazy(cube()), store)


def test_a_failed_task_aborts_all(store):
    gdalmdimappend.dask.store(lazy(cube()), store, encoding=CHUNKS)
    before = cubes.tree(store)

    def fail(block, block_info=None):
        if block_info[0]["chunk-location"][0] == 1:
            raise ZeroDivisionError
        return block

    bad = lazy(cube(8))
    bad["air"] = bad.air.copy(
        data=dask.array.map_blocks(fail, bad.air.data, dtype="f4")
    )
    with pytest.raises(ZeroDivisionError):
        gdalmdimappend.dask.append(bad, store)
    assert cubes.tree(store) == before
    assert not mda.status(store).locked
    gdalmdimappend.dask.append(lazy(cube(8)), store)
    assert_is(store, cube(), cube(8))


def test_no_more_of_a_slice_is_in_memory_than_is_being_written(store):
    """Every block is freed before the last ones are made."""
    alive, most = [], []

    class Block(np.ndarray):
        pass

    def make(block):
        made = block.astype("f4").view(Block)
        alive.append(1)
        most.append(len(alive))
        weakref.finalize(made, alive.pop)
        return made

    steps = 40
    whole = cube(0, steps, 600, 1000)
    # Too large to be written together.
    source = dask.array.ones((steps, 600, 1000), chunks=(4, 600, 1000), dtype="f4")
    assert math.prod(source.chunksize) * 4 > MOST_BYTES
    data = source.map_blocks(make, dtype="f4")
    whole["air"] = (("time", "lat", "lon"), data, {"units": "K"})
    encoding = {"air": {"chunks": [4, 600, 1000]}}
    with dask.config.set(scheduler="synchronous"):
        mda.append(whole, store, encoding=encoding)
    assert len(most) >= steps // 4
    assert max(most) <= 3
    with xr.open_zarr(store, chunks=None) as read:
        assert (read.air == 1).all()


def test_append_writes_what_dask_computes_in_one_commit(store):
    report = mda.append([lazy(cube()), lazy(cube(8))], store, encoding=CHUNKS)
    assert [each.outcome for each in report.slices] == ["appended"] * 2
    assert_is(store, cube(), cube(8))
    assert len(mda.log(store)) == 2


def test_a_dry_run_of_what_dask_computes_writes_nothing(store, tmp_path):
    settings = tmp_path / "dry.yaml"
    settings.write_text("dry_run: true")
    for way in ({"dry_run": True}, {"settings": [settings]}):
        report = mda.append(lazy(cube()), store, **way)
        assert [each.outcome for each in report.slices] == ["would append"]
    assert not Path(store).exists()


def test_append_again_appends_what_is_missing(store):
    mda.append(lazy(cube()), store, encoding=CHUNKS)
    both = xr.concat([cube(), cube(8)], "time", data_vars="minimal")
    report = mda.append([lazy(cube()), lazy(both)], store)
    again, more = report.slices
    assert (again.outcome, again.rows_already_there) == ("already there", 8)
    assert (more.outcome, more.rows, more.rows_already_there) == ("appended", 8, 8)
    assert_is(store, cube(), cube(8))
    assert [record.rows for record in mda.log(store)] == [8, 8]


def test_append_refuses_other_values_of_labels_that_are_there(store):
    mda.append(lazy(cube()), store, encoding=CHUNKS)
    before = cubes.tree(store)
    other = cube()
    other["air"] = other.air + 1
    with pytest.raises(mda.SliceRefused, match="with different values"):
        mda.append(lazy(other), store)
    assert cubes.tree(store) == before


# Regions.


@pytest.mark.parametrize("region", ["auto", {"time": slice(3, 9), "lat": (2, 6)}])
def test_a_region_is_replaced_and_nothing_else(store, region):
    whole = cube(0, 12)
    mda.append(whole, store, encoding=CHUNKS)
    documents = {
        path: text for path, text in cubes.tree(store).items() if "json" in str(path)
    }
    part = whole[["air"]].isel(time=slice(3, 9), lat=slice(2, 6)) + 1
    report = gdalmdimappend.dask.write(lazy(part), store, region)
    assert report.slices[0].rows_replaced == 6
    whole.air[3:9, 2:6] += 1
    assert_is(store, whole)
    after = cubes.tree(store)
    assert {path: after[path] for path in documents} == documents


def test_a_region_never_makes_anything_longer(store):
    mda.append(cube(), store, encoding=CHUNKS)
    before = cubes.tree(store)
    with pytest.raises(mda.SliceRefused, match="has no label"):
        gdalmdimappend.dask.write(cube(6)[["air"]], store)
    with pytest.raises(mda.AppendError):
        gdalmdimappend.dask.write(
            cube(6)[["air"]].drop_vars("time"), store, {"time": slice(6, 14)}
        )
    assert cubes.tree(store) == before


def test_a_region_of_other_labels_is_refused(store):
    mda.append(cube(), store, encoding=CHUNKS)
    before = cubes.tree(store)
    with pytest.raises(mda.SliceRefused, match="the dataset has 2024-01-01"):
        gdalmdimappend.dask.write(cube(0, 4)[["air"]], store, {"time": slice(2, 6)})
    assert cubes.tree(store) == before


# A cluster.


@pytest.fixture(scope="module")
def cluster():
    """Two processes, which are replaced when they die."""
    from dask.distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=0
    ) as local:
        yield local


@pytest.fixture
def client(cluster):
    from dask.distributed import Client

    with Client(cluster) as connected:
        yield connected


def test_a_cluster_writes_and_one_process_commits(store, client):
    gdalmdimappend.dask.store(lazy(cube()), store, encoding=CHUNKS)
    gdalmdimappend.dask.append(lazy(cube(8)), store)
    assert_is(store, cube(), cube(8))


def killed_once(block, marker, block_info=None):
    """The process that computes this block dies, the first time."""
    at = block_info[0]["chunk-location"]
    if at == (1, 0, 0) and not os.path.exists(marker):
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def test_a_lost_worker_loses_nothing(store, client, tmp_path):
    gdalmdimappend.dask.store(lazy(cube()), store, encoding=CHUNKS)
    more = lazy(cube(8))
    marker = str(tmp_path / "killed")
    data = dask.array.map_blocks(killed_once, more.air.data, marker, dtype="f4")
    more["air"] = more.air.copy(data=data)
    gdalmdimappend.dask.append(more, store)
    assert os.path.exists(marker)
    assert_is(store, cube(), cube(8))
    assert [record.rows for record in mda.log(store)] == [8, 8]
    assert list((cubes.sidecar(store) / "stage").iterdir()) == []


# Where dask's blocks are cut.


@pytest.mark.parametrize(
    ("sizes", "start", "chunk", "expected"),
    [
        ((4, 4), 0, 4, (4, 4)),
        ((3, 3, 2), 0, 4, (4, 4)),
        ((8,), 0, 4, (8,)),
        ((2, 2, 2, 2), 0, 8, (8,)),
        ((3, 3), 5, 4, (3, 3)),
        ((2, 4), 5, 4, (3, 3)),
        ((1, 1, 1), 0, 1, (1, 1, 1)),
        ((5, 5), 0, 100, (10,)),
    ],
)
def test_blocks_end_where_chunks_do(sizes, start, chunk, expected):
    assert aligned_chunks(sizes, start, chunk) == expected
    assert sum(expected) == sum(sizes)


@pytest.mark.parametrize(
    "chunks",
    [
        ((1,) * 200, (3,), (4,)),
        ((2, 3), (1,) * 9, (1,) * 50),
        ((1,) * 3, (100,) * 7, (100,) * 11, (5, 4)),
        ((4,), (1000, 1000), (1000, 1000, 7)),
        ((3,),),
    ],
)
def test_blocks_together_are_all_blocks_once_and_few(chunks):
    shape = tuple(map(sum, chunks))
    data = dask.array.zeros(shape, chunks=chunks, dtype="f4")
    seen = []
    for offsets, box in blocks_together(data):
        positions = list(itertools.product(*box))
        seen += positions
        sizes = [[chunks[dim][at] for at in numbers] for dim, numbers in enumerate(box)]
        elements = math.prod(map(sum, sizes))
        assert len(positions) <= MOST_BLOCKS
        assert elements * 4 <= MOST_BYTES or len(positions) == 1
        assert offsets == tuple(
            sum(chunks[dim][: numbers.start]) for dim, numbers in enumerate(box)
        )
    assert sorted(seen) == list(np.ndindex(data.numblocks))


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_small_blocks_are_written_together(store, scheduler):
    whole = cube(0, 70)
    blocks = whole.chunk({"time": 1, "lat": 3, "lon": 5})
    encoding = {"air": {"chunks": [1, 3, 5]}, "orbit": {"chunks": [1]}}
    gdalmdimappend.dask.store(
        blocks, store, encoding=encoding, compute={"scheduler": scheduler}
    )
    assert_is(store, whole)
    assert len(cubes.objects(Path(store))) == 280
    assert parts.log(Path(store))[0]["parts"] < 12

"""Regions of an existing cube: values there change, and nothing else does."""

import json

import cubes
import numpy as np
import parts
import pytest

DAYS = 7


class Region:
    """A cube of 7 days whose values are about to change in a region."""

    def __init__(self, folder, *options, chunk="air:chunk=2x2x3"):
        self.folder = folder
        self.store = folder / "cube.zarr"
        self.count = 0
        self.days = parts.weather(0, DAYS)
        self.other = self.days.copy(deep=True)
        self.other["air"][:] += 5000
        self.other["orbit"][:] += 5000
        words = (*options, "--encoding", chunk, "--encoding", "orbit:chunk=4")
        parts.call_append(*words, self.file(self.days), self.store)
        self.before = cubes.tree(self.store)
        self.token = None

    def file(self, dataset):
        self.count += 1
        return cubes.write(dataset, self.folder / f"slice{self.count}.nc")

    def begin(self, *options, like=None, **region):
        words = [
            word
            for dim, (low, high) in region.items()
            for word in ("--region", f"{dim}={low}:{high}")
        ]
        path = self.file(self.other if like is None else like)
        self.token = parts.call("begin", *words, *options, "--like", path, self.store)
        return self.token

    def refused(self, *words, status):
        with cubes.unchanged(self.store):
            path = self.file(self.other)
            done = parts.verb("begin", *words, "--like", path, self.store, status=None)
        assert done.status in status, done
        assert not parts.is_leased(self.store)
        return done.message

    def write(self, at=None, **cut):
        piece = self.other.isel({dim: slice(*range_) for dim, range_ in cut.items()})
        if set(cut) & {"lat", "lon"}:
            piece = piece.drop_vars("orbit")
        return self.write_file(piece, at)

    def write_file(self, piece, at=None):
        return parts.call("write", *parts.at_words(at), self.token, self.file(piece))

    def check(self, **region):
        """Every reader sees the other values there, and what was elsewhere."""
        expected = self.days.copy(deep=True)
        where = {dim: slice(*range_) for dim, range_ in region.items()}
        for name in ("air", "orbit"):
            here = {d: s for d, s in where.items() if d in expected[name].dims}
            expected[name][here] = self.other[name].isel(here)
        cubes.assert_reads_as(self.store, expected)
        self.check_rest()
        return expected

    def check_rest(self):
        """Documents, and whatever is no value, are the same byte for byte."""
        after = cubes.tree(self.store)
        assert set(after) == set(self.before)
        changed = {key for key in after if after[key] != self.before[key]}
        assert all(key.startswith(("air/", "orbit/")) for key in changed)
        assert not any("zarr.json" in key or "/.z" in key for key in changed)
        parts.assert_nothing_left(self.store)
        return changed


@pytest.mark.parametrize("zarr_format", ["2", "3"])
def test_whole_chunks(tmp_path, zarr_format):
    region = Region(tmp_path, "--zarr-format", zarr_format)
    region.begin(time=(2, 6))
    one = region.write(time=(2, 4))
    with parts.untouched(region.store):
        other = region.write(time=(4, 6), at=2)
    report = json.loads(parts.call("commit", "--json", region.token, one, other))
    assert report["outcome"] == "written"
    assert (report["first_row"], report["rows"]) == (2, 4)
    region.check(time=(2, 6))


@pytest.mark.parametrize("time", [(1, 2), (1, 6), (0, 7), (6, 7), (0, 1)])
def test_edges_that_are_not_at_chunks_are_merged_with_what_is_there(tmp_path, time):
    region = Region(tmp_path)
    region.begin(time=time)
    parts.call("commit", region.token, region.write(time=time))
    region.check(time=time)


def test_a_box_in_all_dimensions_by_several_parts(tmp_path):
    region = Region(tmp_path)
    box = {"time": (1, 5), "lat": (1, 4), "lon": (2, 5)}
    region.begin(**box)
    receipts = [
        region.write(time=time, lat=lat, lon=(2, 5), at={"time": t, "lat": y})
        for time, t in (((1, 2), 0), ((2, 5), 1))
        for lat, y in (((1, 2), 0), ((2, 4), 1))
    ]
    orbit = region.other[["orbit"]].isel(time=slice(1, 5))
    receipts.append(region.write_file(orbit))
    parts.call("commit", region.token, *receipts)
    region.check(**box)


def test_a_region_that_names_another_dimension_only_has_all_days(tmp_path):
    region = Region(tmp_path)
    like = region.other.drop_vars("orbit")
    region.begin(like=like, lat=(2, 4))
    receipts = [
        region.write(time=(0, 4), lat=(2, 4)),
        region.write(time=(4, 7), lat=(2, 4), at=4),
    ]
    parts.call("commit", region.token, *receipts)
    region.other["orbit"] = region.days["orbit"]
    region.check(lat=(2, 4))


def test_chunks_outside_are_not_touched(tmp_path):
    region = Region(tmp_path)
    region.begin(time=(2, 4), lat=(0, 2), lon=(0, 3), like=region.other[["air"]])
    piece = region.other[["air"]].isel(time=[2, 3], lat=[0, 1], lon=[0, 1, 2])
    parts.call("commit", region.token, region.write_file(piece))
    assert region.check_rest() == {"air/c/1/0/0"}


def test_fill_takes_the_place_of_values(tmp_path):
    region = Region(tmp_path, chunk="air:nodata=NaN,chunk=2x2x3")
    region.other["air"][:] = np.nan
    region.begin(like=region.other[["air"]], time=(2, 5))
    piece = region.other[["air"]].isel(time=slice(2, 5))
    parts.call("commit", region.token, region.write_file(piece))
    air = cubes.open_xarray(region.store)["air"].values
    assert np.isnan(air[2:5]).all()
    assert cubes.same(air[:2], region.days["air"].values[:2])
    assert cubes.same(air[5:], region.days["air"].values[5:])


def test_packed_values(tmp_path):
    chunk = "air:dtype=int16,scale=0.5,offset=10,nodata=-9999,chunk=2x2x3"
    region = Region(tmp_path, chunk=chunk)
    region.begin(like=region.other[["air"]], time=(1, 4))
    piece = region.other[["air"]].isel(time=slice(1, 4))
    parts.call("commit", region.token, region.write_file(piece))
    air = cubes.open_xarray(region.store)["air"].values
    expected = region.days["air"].values.copy()
    expected[1:4] += 5000
    assert np.array_equal(air, expected)


SHARDS = "air:chunk=1x2x3,shard=2x4x3"


def test_shards_need_merge_shards(tmp_path):
    region = Region(tmp_path, chunk=SHARDS)
    message = region.refused("--region", "time=2:4", status=(5,))
    assert "--merge-shards allows it" in message
    region.begin("--merge-shards", time=(1, 4))
    parts.call("commit", region.token, region.write(time=(1, 4)))
    region.check(time=(1, 4))


@pytest.mark.parametrize(
    "text",
    [
        "time=0:8",
        "time=7:8",
        "time=3:3",
        "time=4:3",
        "height=0:1",
        "time",
        "time=1",
        "time=-1:2",
        "time=1:",
        "=1:2",
        "lat=0:5",
        f"time=0:{2**64}",
        f"time=0:{2**64 - 1}",
    ],
)
def test_regions_that_are_none(tmp_path, text):
    region = Region(tmp_path)
    assert region.refused("--region", text, status=(1, 2))


def test_a_region_never_makes_the_cube_longer(tmp_path):
    region = Region(tmp_path)
    region.begin(time=(5, 7))
    longer = parts.weather(5, 3)
    message = parts.refused_write(region.token, region.file(longer))
    assert "the transaction has 2" in message
    parts.call("commit", region.token, region.write(time=(5, 7)))
    region.check(time=(5, 7))


def test_a_region_of_a_target_that_is_not_there(tmp_path):
    store = tmp_path / "cube.zarr"
    path = parts.weather_files(tmp_path, (2,))[0]
    words = ("--region", "time=0:1", "--like", path, store)
    assert "no region" in parts.verb("begin", *words, status=1).message
    assert not store.exists()


def test_labels_of_parts_have_to_be_those_of_the_cube(tmp_path):
    region = Region(tmp_path)
    region.begin(time=(2, 4))
    message = parts.refused_write(
        region.token, region.file(region.other.isel(time=slice(3, 5)))
    )
    assert "are not those of the transaction at this place" in message
    without = region.other.isel(time=slice(2, 4)).drop_vars("time")
    parts.call("commit", region.token, region.write_file(without))
    region.check(time=(2, 4))


def test_coordinates_of_parts_have_to_be_those_of_the_region(tmp_path):
    region = Region(tmp_path)
    region.begin(time=(2, 4), lat=(2, 4), like=region.other.drop_vars("orbit"))
    wrong = region.other.isel(time=slice(2, 4), lat=slice(0, 2)).drop_vars("orbit")
    assert "lat" in parts.refused_write(region.token, region.file(wrong))
    receipt = region.write(time=(2, 4), lat=(2, 4))
    parts.call("commit", region.token, receipt)
    region.other["orbit"] = region.days["orbit"]
    region.check(time=(2, 4), lat=(2, 4))


def test_a_reader_sees_the_values_before_until_the_commit(tmp_path):
    region = Region(tmp_path)
    region.begin(time=(1, 6))
    receipt = region.write(time=(1, 6))
    cubes.assert_reads_as(region.store, region.days)
    assert cubes.tree(region.store) == region.before
    parts.call("commit", region.token, receipt)
    region.check(time=(1, 6))


def test_an_aborted_region_changes_nothing(tmp_path):
    region = Region(tmp_path)
    region.begin(time=(1, 6))
    region.write(time=(1, 6))
    parts.call("abort", region.token)
    assert cubes.tree(region.store) == region.before
    parts.assert_nothing_left(region.store)


def test_the_log_tells_of_replaced_rows(tmp_path):
    region = Region(tmp_path)
    region.begin(time=(1, 6))
    parts.call("commit", region.token, region.write(time=(1, 6)))
    record = parts.log(region.store)[-1]
    assert (record["rows"], record["replaced_rows"]) == (0, 5)
    # And appends go on.
    path = parts.weather_files(tmp_path, (2,), DAYS)[0]
    cubes.append("--lock-timeout", "0", path, region.store)
    found = cubes.open_xarray(region.store)
    assert found.sizes["time"] == DAYS + 2
    assert cubes.same(found["air"].values[1:6], region.other["air"].values[1:6])


def test_begin_of_an_append_changes_nothing_in_the_store(tmp_path):
    region = Region(tmp_path)
    path = parts.weather_files(tmp_path, (2,), DAYS)[0]
    with parts.untouched(region.store):
        token = parts.call("begin", "--like", path, region.store)
        parts.call("write", token, path)
    parts.call("abort", token)
    assert cubes.tree(region.store) == region.before


def test_two_regions_one_after_the_other_may_overlap(tmp_path):
    region = Region(tmp_path)
    region.begin(time=(0, 4))
    parts.call("commit", region.token, region.write(time=(0, 4)))
    region.begin(time=(2, 7))
    parts.call("commit", region.token, region.write(time=(2, 7)))
    region.check(time=(0, 7))
    assert len(parts.log(region.store)) == 3

"""Many parts make the cube that plain appends of the same slices make, byte for
byte."""

import json

import cubes
import numpy as np
import parts
import pytest
import xarray as xr
from parts import CHUNKS


class Both:
    """Two cubes: one by plain appends, the other by transactions of many parts."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options
        (folder / "plain").mkdir()
        (folder / "parts").mkdir()
        self.plain = folder / "plain" / "cube.zarr"
        self.store = folder / "parts" / "cube.zarr"
        self.count = 0

    def file(self, dataset):
        self.count += 1
        return cubes.write(dataset, self.folder / f"slice{self.count}.nc")

    def base(self, *datasets):
        for dataset in datasets:
            path = self.file(dataset)
            for store in (self.plain, self.store):
                parts.call_append(*self.options, path, store)

    def append(self, *datasets, options=()):
        for dataset in datasets:
            words = (*self.options, *options)
            parts.call_append(*words, self.file(dataset), self.plain)

    def begin(self, like, *options):
        words = (*self.options, *options, "--like", self.file(like))
        return parts.call("begin", *words, self.store)

    def write(self, token, dataset, *options, at=None):
        words = (*parts.at_words(at), *options, token, self.file(dataset))
        return parts.call("write", *words)

    def distribute(self, like, pieces, *options):
        """`pieces`: (dataset, at)."""
        token = self.begin(like, *options)
        receipts = [self.write(token, dataset, at=at) for dataset, at in pieces]
        # In no order.
        return json.loads(parts.call("commit", "--json", token, *receipts[::-1]))

    def check(self):
        assert cubes.tree(self.store) == cubes.tree(self.plain)
        parts.assert_nothing_left(self.store)


def pieces_of(dataset, **cuts):
    """Cut at these indices along each dimension: (dataset, where)."""
    found = [(dataset, {})]
    for dim, borders in cuts.items():
        borders = [0, *borders, dataset.sizes[dim]]
        found = [
            (piece.isel({dim: slice(low, high)}), {**at, dim: low})
            for piece, at in found
            for low, high in zip(borders[:-1], borders[1:], strict=True)
        ]
    return found


FORMATS = {
    "V2": ("--zarr-format", "2", *CHUNKS),
    "V3": CHUNKS,
    "V2 with slashes": (
        *("--zarr-format", "2", "--encoding", "*:separator=/"),
        *CHUNKS,
    ),
    "V3 without consolidated metadata": ("--consolidated", "no", *CHUNKS),
    "one chunk for all days": ("--encoding", "air:chunk=2x4x5"),
}


@pytest.mark.parametrize("labels", ["parts", "begin"])
@pytest.mark.parametrize("layout", FORMATS)
def test_an_existing_cube_whose_last_chunk_is_partly_filled(tmp_path, layout, labels):
    both = Both(tmp_path, *FORMATS[layout])
    both.base(parts.weather(0, 3))
    days = parts.weather(3, 6)
    both.append(days)
    pieces = pieces_of(days, time=[1, 3])
    like, options = (days, ()) if labels == "begin" else (pieces[1][0], ("--size", "6"))
    report = both.distribute(like, pieces, *options)
    both.check()
    assert (report["first_row"], report["rows"], report["parts"]) == (3, 6, 3)
    assert report["first_label"].startswith("2000-01-04")
    assert report["last_label"].startswith("2000-01-09")
    expected = cubes.concat([parts.weather(0, 3), days])
    consolidated = "without" not in layout
    cubes.assert_reads_as(both.store, expected, consolidated=consolidated)


@pytest.mark.parametrize("layout", FORMATS)
def test_a_new_target(tmp_path, layout):
    both = Both(tmp_path, *FORMATS[layout])
    days = parts.weather(0, 5)
    both.append(days)
    pieces = pieces_of(days, time=[2, 4])
    report = both.distribute(pieces[0][0], pieces, "--size", "5", "--create")
    both.check()
    assert report["created"]


COMPRESSIONS = ["none", "zstd", "gzip", "zlib", "blosc:lz4", "lz4", "lzma"]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_every_compression(tmp_path, compression):
    zarr_format = "2" if compression in ("zlib", "lz4", "lzma") else "3"
    options = ("--zarr-format", zarr_format)
    encoding = f"air:chunk=2x2x3,compress={compression}"
    both = Both(tmp_path, *options, "--encoding", encoding)
    both.base(parts.weather(0, 1))
    days = parts.weather(1, 3)
    both.append(days)
    both.distribute(days, pieces_of(days, time=[1], lat=[2]))
    both.check()


def test_parts_cut_along_all_dimensions(tmp_path):
    both = Both(tmp_path, *CHUNKS)
    both.base(parts.weather(0, 3))
    days = parts.weather(3, 4).drop_vars("orbit")
    orbit = parts.weather(3, 4)[["orbit"]]
    both.append(days.assign(orbit=orbit["orbit"]))
    pieces = pieces_of(days, time=[1, 3], lat=[2], lon=[3])
    assert len(pieces) == 12
    whole = days.assign(orbit=orbit["orbit"])
    report = both.distribute(whole, [*pieces, (orbit, None)])
    both.check()
    assert report["parts"] == 13


# Its rows are not carried.
LARGE = {"lat": 40, "lon": 40}


def test_parts_that_share_a_chunk_are_refused_and_the_message_says_where(tmp_path):
    both = Both(tmp_path, "--encoding", "air:chunk=2x20x30")
    both.base(parts.weather(0, 3, **LARGE))
    days = parts.weather(3, 4, **LARGE)
    token = both.begin(days)
    for cut, words in (
        ({"time": slice(0, 2)}, "time 3 to 5 (chunks have 2)"),
        ({"lat": slice(0, 3)}, "lat 0 to 3 (chunks have 20)"),
        ({"lon": slice(3, 4)}, "lon 0 to 1 (chunks have 30)"),
    ):
        path = both.file(days.isel(cut).drop_vars(["lat", "lon", "elevation"]))
        message = parts.refused_write(token, path)
        assert words in message
        assert "Cut the parts at borders of chunks." in message
    both.append(days)
    parts.call("commit", token, both.write(token, days))
    both.check()


@pytest.mark.parametrize("zarr_format", ["2", "3"])
def test_chunks_that_are_all_fill_are_none(tmp_path, zarr_format):
    both = Both(tmp_path, "--zarr-format", zarr_format, *CHUNKS)
    both.base(parts.weather(0, 3))
    days = parts.weather(3, 4)
    days["air"][1:3, :2] = np.nan
    both.append(days)
    both.distribute(days, pieces_of(days, time=[1, 3]))
    both.check()


def test_an_old_object_at_the_key_of_a_new_chunk_is_replaced(tmp_path):
    both = Both(tmp_path, *CHUNKS)
    both.base(parts.weather(0, 2))
    days = parts.weather(2, 4)
    days["air"][2:4] = np.nan
    for key in ("air/c/1/0/0", "air/c/2/0/0", "air/c/2/1/1"):
        path = both.store / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"somebody's")
    both.append(days)
    both.distribute(days, pieces_of(days, time=[2]))
    cubes.assert_reads_as(both.store, cubes.concat([parts.weather(0, 2), days]))
    # Nothing is deleted under a lease: there is an object that is all fill.
    assert b"somebody's" not in cubes.objects(both.store).values()
    parts.assert_nothing_left(both.store)


SHARDS = ("--encoding", "air:chunk=1x2x3,shard=2x4x3")


def test_parts_that_are_whole_shards(tmp_path):
    both = Both(tmp_path, *SHARDS)
    both.base(parts.weather(0, 2))
    days = parts.weather(2, 5)
    both.append(days)
    both.distribute(days, pieces_of(days, time=[2, 4], lon=[3]))
    both.check()


def test_parts_of_shards_are_refused(tmp_path):
    both = Both(tmp_path, "--encoding", "air:chunk=1x20x20,shard=2x40x20")
    both.base(parts.weather(0, 2, **LARGE))
    days = parts.weather(2, 4, **LARGE)
    token = both.begin(days)
    message = parts.refused_write(token, both.file(days.isel(time=[0])))
    assert "time 2 to 3 (chunks have 2)" in message


def test_a_partly_filled_shard_needs_merge_shards(tmp_path):
    both = Both(tmp_path, *SHARDS)
    both.base(parts.weather(0, 3))
    days = parts.weather(3, 3)
    words = ("--like", both.file(days), both.store)
    with cubes.unchanged(both.store):
        done = parts.verb("begin", *words, status=5)
    assert "--merge-shards" in done.message
    both.append(days, options=("--merge-shards",))
    both.distribute(days, pieces_of(days, time=[1]), "--merge-shards")
    both.check()


PACKED = ("--encoding", "air:dtype=int16,scale=0.1,offset=20,nodata=-9999,chunk=2x2x3")


def test_packed_targets_and_missing_values(tmp_path):
    both = Both(tmp_path, *PACKED)
    both.base(parts.weather(0, 3))
    days = parts.weather(3, 4)
    days["air"][1, 0] = np.nan
    both.append(days)
    both.distribute(days, pieces_of(days, time=[1]))
    both.check()


def test_altered_values_are_counted_also_in_small_arrays(tmp_path):
    encoding = ("--encoding", "orbit:dtype=uint8,chunk=4", "--on-overflow", "clamp")
    both = Both(tmp_path, *encoding)
    both.base(parts.weather(0, 1))
    days = parts.weather(1, 3)
    days["orbit"][1:] = [300, 301]
    both.append(days)
    report = both.distribute(days, pieces_of(days, time=[1]))
    assert report["altered_values"] == 2


def test_the_largest_rounding_is_that_of_all_parts(tmp_path):
    """Of chunks that parts write, and of rows that the commit writes."""
    packings = ("air:dtype=int16,scale=0.5", "orbit:dtype=int16,scale=10,chunk=4")
    words = [word for packing in packings for word in ("--encoding", packing)]
    both = Both(tmp_path, *words)
    both.base(parts.weather(0, 1))
    days = parts.weather(1, 3)
    days["air"][:] = days["air"].round()
    days["air"][1, 2, 2] += 0.125
    days["air"][2, 3, 4] += 0.25
    days["orbit"][:] = [10, 13, 21]
    both.append(days)
    report = both.distribute(days, pieces_of(days, time=[1, 2]))
    assert report["largest_rounding"] == pytest.approx({"air": 0.25, "orbit": 3.0})
    both.check()


def test_parts_in_other_units_are_converted(tmp_path):
    both = Both(tmp_path, *CHUNKS)
    both.base(parts.weather(0, 3))
    days = parts.weather(3, 4)
    celsius = days.copy(deep=True)
    celsius["air"] = (days["air"] - np.float32(273.15)).assign_attrs(units="degC")
    celsius["air"].encoding["_FillValue"] = None
    pieces = pieces_of(days, time=[1])
    other = pieces_of(celsius, time=[1])
    both.append(pieces[0][0], other[1][0])
    both.distribute(days, [pieces[0], other[1]])
    both.check()


def test_parts_in_another_time_encoding_are_converted(tmp_path):
    both = Both(tmp_path, *CHUNKS)
    both.base(parts.weather(0, 3))
    days = parts.weather(3, 4)
    hours = days.copy()
    attributes = {**days["time"].attrs, "units": "hours since 2000-01-01"}
    hours["time"] = ("time", days["time"].values * 24.0, attributes)
    hours["time"].encoding["_FillValue"] = None
    pieces = pieces_of(days, time=[1])
    both.append(days)
    other = pieces_of(hours, time=[1])
    both.distribute(pieces[0][0], [pieces[0], other[1]], "--size", "4")
    both.check()


def test_text_labels(tmp_path):
    def named(first, count):
        dataset = parts.weather(first, count).rename(time="scene")
        names = [f"scene {number:03}" for number in range(first, first + count)]
        return dataset.assign_coords(scene=("scene", np.array(names, dtype=object)))

    both = Both(tmp_path, "--append-dim", "scene", *CHUNKS)
    both.base(named(0, 3))
    scenes = named(3, 4)
    both.append(scenes)
    pieces = pieces_of(scenes, scene=[1, 3])
    report = both.distribute(pieces[1][0], pieces, "--size", "4")
    both.check()
    assert report["last_label"] == "'scene 006'"
    assert list(cubes.open_xarray(both.store)["scene"].values[-2:]) == [
        "scene 005",
        "scene 006",
    ]


def test_a_cube_without_labels(tmp_path):
    both = Both(tmp_path, "--append-dim", "time", *CHUNKS)
    both.base(parts.weather(0, 3).drop_vars("time"))
    days = parts.weather(3, 4).drop_vars("time")
    both.append(days)
    pieces = pieces_of(days, time=[1])
    both.distribute(pieces[0][0], pieces, "--size", "4")
    both.check()


def two_days_more(tmp_path):
    """Appended already by the plain command, and to be cut into parts."""
    both = Both(tmp_path, "--encoding", "air:chunk=1x2x3")
    both.base(cubes.weather(0, 2))
    days = cubes.weather(2, 2)
    both.append(days)
    return both, days.drop_vars("elevation")


def test_parts_without_the_append_dimension_get_their_labels_by_label(tmp_path):
    both, days = two_days_more(tmp_path)
    token = both.begin(days.isel(time=[0]), "--size", "2")
    flat = [days.isel(time=i, drop=True) for i in range(2)]
    assert "label" in parts.refused_write(token, both.file(flat[0]), at=0)
    receipts = [
        both.write(token, flat[i], "--label", f"2000-01-0{i + 3}", at=i)
        for i in range(2)
    ]
    parts.call("commit", token, *receipts)
    both.check()


def test_labels_come_from_the_names_of_the_parts(tmp_path):
    both, days = two_days_more(tmp_path)
    source = ("--label-from", "name:A_%Y%m%d.nc")
    paths = [
        cubes.write(days.isel(time=i, drop=True), tmp_path / f"A_2000010{i + 3}.nc")
        for i in range(2)
    ]
    token = parts.begin(both.store, paths[0], *source, "--size", "2")
    receipts = [parts.write(token, path, *source, at=i) for i, path in enumerate(paths)]
    parts.call("commit", token, *receipts)
    both.check()


def with_bounds(dataset):
    time = dataset["time"].values
    dataset = dataset.assign(
        time_bnds=(("time", "nv"), np.stack([time - 0.5, time + 0.5], axis=1))
    )
    dataset["time"].attrs["bounds"] = "time_bnds"
    for name in ("time", "time_bnds"):
        dataset[name].encoding["_FillValue"] = None
    return dataset


@pytest.mark.parametrize("known", [True, False])
def test_bounds_and_other_small_rows_are_carried(tmp_path, known):
    both = Both(tmp_path, *CHUNKS)
    both.base(with_bounds(parts.weather(0, 3)))
    days = with_bounds(parts.weather(3, 5))
    both.append(days)
    pieces = pieces_of(days, time=[1, 3])
    like, options = (days, ()) if known else (pieces[0][0], ("--size", "5"))
    both.distribute(like, pieces, *options)
    both.check()


def test_a_chunk_of_small_rows_that_is_one_parts_beside_some_that_are_shared(tmp_path):
    both = Both(
        tmp_path, "--encoding", "air:chunk=1x4x5", "--encoding", "orbit:chunk=4"
    )
    both.base(parts.weather(0, 4))
    days = parts.weather(4, 12)
    both.append(days)
    both.distribute(days, pieces_of(days, time=[4, 6, 8]))
    both.check()


def test_the_append_dimension_is_not_the_first(tmp_path):
    def turned(first, days):
        return cubes.weather(first, days).transpose("lat", "time", "lon")

    both = Both(tmp_path, "--encoding", "air:chunk=2x2x3")
    both.base(turned(0, 3))
    days = turned(3, 4)
    both.append(days)
    both.distribute(days, pieces_of(days, time=[1, 3], lat=[2]))
    both.check()
    air = cubes.open_xarray(both.store, raw=True)["air"]
    assert air.dims == ("lat", "time", "lon")
    assert cubes.same(air.values, turned(0, 7)["air"].values)


def test_a_group_inside_the_store(tmp_path):
    both = Both(tmp_path, "--group", "deep/inside", *CHUNKS)
    both.append(parts.weather(0, 3))
    days = parts.weather(0, 3)
    both.distribute(days, pieces_of(days, time=[2]))
    both.check()
    days = parts.weather(3, 4)
    both.append(days)
    both.distribute(days, pieces_of(days, time=[1]))
    both.check()


def test_arrays_chosen_and_renamed_at_the_beginning_are_so_in_the_parts(tmp_path):
    words = ("--exclude-array", "orbit", "--rename", "air=t2m")
    both = Both(tmp_path, *words, "--encoding", "t2m:chunk=2x2x3")
    both.base(parts.weather(0, 3))
    days = parts.weather(3, 4)
    both.append(days)
    both.distribute(days, pieces_of(days, time=[1, 3]))
    both.check()
    assert "orbit" not in cubes.open_xarray(both.store)


def test_a_unicode_dimension_can_be_cut(tmp_path):
    def named(first, days):
        return cubes.weather(first, days).rename(lat="широта=°", lon="日本 lon")

    both = Both(tmp_path, "--encoding", "air:chunk=2x2x3")
    both.base(named(0, 2))
    days = named(2, 2)
    both.append(days)
    pieces = pieces_of(days, **{"широта=°": [2], "日本 lon": [3]})
    both.distribute(days, pieces)
    both.check()


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float64"])
def test_other_types(tmp_path, dtype):
    both = Both(tmp_path, *CHUNKS)
    days = parts.weather(0, 1, dtype=dtype)
    both.base(days)
    days = parts.weather(1, 4, dtype=dtype)
    both.append(days)
    both.distribute(days, pieces_of(days, time=[1, 3], lat=[2]))
    both.check()


def test_attributes_are_as_begin_was_told(tmp_path):
    both = Both(tmp_path, "--attributes", "update", *CHUNKS)
    both.base(parts.weather(0, 2))
    days = parts.weather(2, 2).assign_attrs(title="another", more="yes")
    both.append(days)
    both.distribute(days, pieces_of(days, time=[]))
    both.check()
    assert cubes.open_xarray(both.store).attrs["more"] == "yes"


def test_the_log_has_one_record_with_the_message(tmp_path):
    both = Both(tmp_path, *CHUNKS)
    both.base(parts.weather(0, 2))
    days = parts.weather(2, 4)
    token = both.begin(days, "--message", "from begin")
    receipts = [both.write(token, d, at=at) for d, at in pieces_of(days, time=[2])]
    parts.call("commit", token, *receipts, "--message", "from commit")
    records = parts.log(both.store)
    assert [r["sequence"] for r in records] == [1, 2]
    assert records[1]["message"] == "from commit"
    assert (records[1]["rows"], records[1]["parts"]) == (4, 2)


def test_plain_appends_go_on_afterwards_and_know_its_labels(tmp_path):
    both = Both(tmp_path, *CHUNKS)
    days = parts.weather(0, 4)
    both.append(days)
    both.distribute(days, pieces_of(days, time=[2]))
    path = both.file(parts.weather(2, 4))
    for store in (both.plain, both.store):
        done = cubes.append("--on-duplicate", "skip", path, store)
        assert done.report["slices"][0]["rows"] == 2
    both.check()


def test_a_slice_of_many_workers_reads_as_one_of_xarray(tmp_path):
    """An independent witness: xarray writes the same cube with its own regions."""
    days = parts.weather(0, 8)
    both = Both(tmp_path, *CHUNKS)
    both.distribute(days, pieces_of(days, time=[2, 4, 6], lat=[2]), "--create")
    other = tmp_path / "xarray.zarr"
    days.to_zarr(other, consolidated=True)
    found = cubes.open_xarray(both.store)
    xr.testing.assert_equal(found, cubes.open_xarray(other))


def test_each_array_may_be_cut_in_its_own_way(tmp_path):
    """All of those parts bring labels, the same ones in other pieces."""
    both = Both(tmp_path, *CHUNKS)
    both.base(parts.weather(0, 3))
    days = parts.weather(3, 6)
    both.append(days)
    pieces = pieces_of(days[["air"]], time=[1, 3])
    pieces += pieces_of(days[["orbit"]], time=[2, 4])
    both.distribute(days.isel(time=[0]), pieces, "--size", "6")
    both.check()


def test_labels_that_differ_between_the_arrays_of_a_day_are_refused(tmp_path):
    both = Both(tmp_path, *CHUNKS)
    days = parts.weather(0, 4)
    shifted = days.assign_coords(time=days["time"] + 1)
    shifted["time"].encoding["_FillValue"] = None
    token = both.begin(days[["air", "orbit"]].isel(time=[0]), "--size", "4")
    receipts = [both.write(token, days[["air"]])]
    receipts += [
        both.write(token, d, at=at) for d, at in pieces_of(shifted[["orbit"]], time=[2])
    ]
    done = parts.commit(token, *receipts, status=5)
    assert "array 'time': rows 0 to 2, or some of them" in done.message

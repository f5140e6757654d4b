"""Zarr slices that lie in an object store: listed once, each object fetched once, as
docs/format.md counts it, and what they stored is what xarray reads of them.

Other tests of such slices are in test_append_on_stores.py."""

from collections import Counter
from dataclasses import dataclass

import cubes
import numpy as np
import pytest
import xarray as xr
from faults import Action, CutBody, Rule, Status, WrongETag

ARRAYS = ("air", "rain", "snow", "soil", "wind")
LAYOUTS = {
    "V3": {"zarr_format": 3, "consolidated": True},
    "V3 not consolidated": {"zarr_format": 3, "consolidated": False},
    "V2": {"zarr_format": 2, "consolidated": True},
    "V2 not consolidated": {"zarr_format": 2, "consolidated": False},
}
DOCUMENTS = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")


def fields(day, lat=8, lon=12):
    """One day of five arrays."""
    draw = np.random.default_rng(day)
    return xr.Dataset(
        {
            name: (("time", "lat", "lon"), draw.random((1, lat, lon), "float32"))
            for name in ARRAYS
        },
        {
            "time": ("time", [day], {"units": "days since 2000-01-01"}),
            "lat": np.linspace(0.0, 70.0, lat),
            "lon": np.linspace(1.0, 120.0, lon),
        },
    )


def put_folder(store, key, folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = f"{key}/{path.relative_to(folder)}"
            store.server.put_object(store.bucket, name, path.read_bytes())


def put_slice(store, folder, day, layout="V3", name="{}.zarr", encoding=None, **sizes):
    """Its name for GDAL, and its objects' keys."""
    path = folder / f"{day}.zarr"
    dataset = fields(day, **sizes)
    encoding = encoding or {n: {"chunks": (1, 4, 6)} for n in ARRAYS}
    dataset.to_zarr(path, encoding=encoding, **LAYOUTS[layout])
    key = f"in/{name.format(day)}"
    put_folder(store, key, path)
    return store.path(key)


def two_days(store, folder, layout, **more):
    """A local cube of the first day; the second day's slice, in the store."""
    target = folder / "cube.zarr"
    zarr_format = LAYOUTS[layout]["zarr_format"]
    first = put_slice(store, folder, 1, layout, **more)
    run(store, "--zarr-format", zarr_format, first, target)
    second = put_slice(store, folder, 2, layout, **more)
    store.server.clear()
    return second, target


def run(store, *words, **more):
    return cubes.append(*words, env=store.environment(), **more)


def assert_is(target, *days):
    each = [xr.decode_cf(fields(day)) for day in days]
    expected = xr.concat(each, "time", data_vars="minimal")
    found = cubes.open_xarray(target)
    for name in (*ARRAYS, "time", "lat", "lon"):
        np.testing.assert_array_equal(found[name].values, expected[name].values)


def listings(requests):
    return [r for r in requests if "prefix" in r.query]


def fetched(requests):
    """How often each object was asked for."""
    asked = [r for r in requests if r.method in ("GET", "HEAD")]
    return Counter(r.key for r in asked if r not in listings(requests))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_object_is_fetched_once(s3, tmp_path, layout):
    """2 listings + documents + chunks."""
    name, target = two_days(s3, tmp_path, layout)
    run(s3, name, target)
    asked = s3.server.requests
    below = [k for k in s3.server.objects(s3.bucket) if k.startswith("in/2.zarr/")]
    chunks = [k for k in below if not k.endswith(DOCUMENTS)]
    documents = [k for k in below if k.endswith(DOCUMENTS)]
    if "not" not in layout:
        documents = [k for k in documents if k.count("/") == 2]
    found = fetched(asked)
    assert all(found[key] == 1 for key in chunks), found
    assert max(found.values()) == 1, found
    assert set(found) <= {*chunks, *documents}, found
    assert len(listings(asked)) == 2, listings(asked)
    assert len(asked) <= 2 + len(documents) + len(chunks)
    assert_is(target, 1, 2)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_a_group_only_what_it_needs_is_fetched(s3, tmp_path, layout):
    """Its own objects, those it has from above, and documents beside these."""
    options, names = LAYOUTS[layout], []
    for day in (1, 2):
        path = tmp_path / f"{day}.zarr"
        data = xr.Dataset(
            {"v": (("time", "x"), np.full((1, 3), day))}, {"x": [1, 2, 3]}
        )
        time = ("time", [day], {"units": "days since 2000-01-01"})
        nodes = {"/": xr.Dataset(coords={"time": time}), "/a/b": data}
        nodes["/other/deep"] = data.rename(v="w")
        xr.DataTree.from_dict(nodes).to_zarr(path, **options)
        put_folder(s3, f"in/{path.name}", path)
        names.append(s3.path(f"in/{path.name}"))
    target = tmp_path / "cube.zarr"
    words = ("--zarr-format", options["zarr_format"], "--slice-group", "a/b")
    run(s3, *words, names[0], target)
    s3.server.clear()
    run(s3, *words, names[1], target)
    found = fetched(s3.server.requests)
    assert max(found.values()) == 1, found
    assert len(listings(s3.server.requests)) == 2
    assert not [key for key in found if "/other/deep/w" in key], found
    with xr.open_zarr(target) as cube:
        assert cube.v.values[:, 0].tolist() == [1, 2]
        assert set(cube.variables) == {"v", "time", "x"}
    again = run(s3, *words, *names, target)
    assert {each["outcome"] for each in again.report["slices"]} == {"already there"}


def test_a_folder_of_any_name_costs_two_looks_more(s3, tmp_path):
    """Whether it is one is asked when it is opened, and before the decision."""
    name, target = two_days(s3, tmp_path, "V3", name="{}")
    run(s3, name, target)
    objects = [k for k in s3.server.objects(s3.bucket) if k.startswith("in/2/")]
    assert len(s3.server.requests) <= len(objects) + 2 + 2 * 2
    assert_is(target, 1, 2)


def test_chunks_are_fetched_at_once_for_a_local_cube_too(s3, tmp_path):
    name, target = two_days(s3, tmp_path, "V3")
    s3.server.delay = 0.1
    run(s3, name, target)
    chunks = [r for r in s3.server.requests if "/c/0/" in r.key]
    most = max(
        sum(
            p.time_started <= q.time_started < p.time_started + p.seconds
            for p in chunks
        )
        for q in chunks
    )
    assert len(chunks) == 5 * 4
    assert most >= 10


@pytest.mark.parametrize("layout", ["V3", "V2"])
def test_encoded_chunks_are_copied_as_they_are(s3, tmp_path, layout):
    """The cube is zarr-python's own."""
    target = tmp_path / "cube.zarr"
    encoding = {n: {"chunks": (1, 4, 6)} for n in ARRAYS}
    fields(1).to_zarr(target, encoding=encoding, **LAYOUTS[layout])
    run(s3, put_slice(s3, tmp_path, 2, layout), target)
    assert_is(target, 1, 2)
    copied = "air/c/{}/1/0" if layout == "V3" else "air/{}.1.0"
    theirs = s3.server.objects(s3.bucket)[f"in/2.zarr/{copied.format(0)}"]
    assert (target / copied.format(1)).read_bytes() == theirs


def test_other_chunks_and_types_are_read_once(s3, tmp_path):
    """Each of the slice's chunks has parts of several of the target's."""
    _, target = two_days(s3, tmp_path, "V3")
    three = {n: {"chunks": (1, 3, 5), "dtype": "float64"} for n in ARRAYS}
    name = put_slice(s3, tmp_path, 3, encoding=three)
    s3.server.clear()
    run(s3, name, target)
    assert max(fetched(s3.server.requests).values()) == 1
    assert_is(target, 1, 3)


def test_a_chunk_that_is_not_there_is_all_fill(s3, tmp_path):
    """Also that of the label: zarr-python leaves out chunks of zeros."""
    target = tmp_path / "cube.zarr"
    name = put_slice(s3, tmp_path, 0)
    assert "in/0.zarr/time/c/0" not in s3.server.objects(s3.bucket)
    s3.server.delete_object(s3.bucket, "in/0.zarr/air/c/0/0/0")
    run(s3, name, target)
    found = cubes.open_xarray(target)
    assert found.time.values.astype("datetime64[D]").astype(str) == ["2000-01-01"]
    missing = np.isnan(found.air.values[0])
    assert missing[:4, :6].all()
    assert missing.sum() == 4 * 6
    np.testing.assert_array_equal(found.wind.values, fields(0).wind.values)


@pytest.mark.parametrize("separate", ["inner chunks", "a large object"])
def test_shards_and_large_objects(s3, tmp_path, separate):
    """What is larger than 32 MiB is read piece by piece."""
    large = separate == "a large object"
    side = 3000 if large else 8
    plain = {"compressors": None} if large else {}
    shape = (1, side, side)
    inner = (1, side // 2, side // 2)
    encoding = {"air": {"chunks": inner, "shards": shape, **plain}}
    target = tmp_path / "cube.zarr"
    slices = []
    for day in (1, 2):
        path = tmp_path / f"in{day}.zarr"
        whole = fields(day, side, side)[["air"]]
        whole.to_zarr(path, zarr_format=3, encoding=encoding)
        put_folder(s3, f"in/{day}.zarr", path)
        slices.append((s3.path(f"in/{day}.zarr"), whole))
    run(s3, "--encoding", f"air:chunk=1x{side}x{side // 2}", slices[0][0], target)
    run(s3, slices[1][0], target)
    found = cubes.open_xarray(target, decode_times=False)
    for number, (_, whole) in enumerate(slices):
        np.testing.assert_array_equal(found.air.values[number], whole.air.values[0])


@dataclass
class Meanwhile(Action):
    """Something happens right before, or after, a request is carried out."""

    happens: object
    after: bool = False

    def answer(self, request, carry_out, stopping):
        if not self.after:
            self.happens()
        answer = carry_out()
        if self.after:
            self.happens()
        return answer


CHANGES = {
    "a chunk, before it is read": ("air/c/0/0/0", "put", False),
    "a chunk, after it was read": ("air/c/0/0/0", "put", True),
    "a chunk that is removed": ("air/c/0/0/0", "delete", False),
    "a chunk that was read, and is removed": ("air/c/0/0/0", "delete", True),
    "a chunk that was not there": ("air/c/0/9/9", "put", True),
    "a coordinate, after it was compared": ("lat/c/0", "put", True),
    "a document": ("zarr.json", "longer", True),
    "a document of the same size": ("zarr.json", "put", True),
    "an array's own document, which nobody reads": ("air/zarr.json", "put", True),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_slice_that_changes_while_it_is_read_is_not_appended(s3, tmp_path, change):
    key, what, after = CHANGES[change]
    name, target = two_days(s3, tmp_path, "V3")
    known = s3.server.objects(s3.bucket).get(f"in/2.zarr/{key}", b"0" * 40)

    def happens():
        if what == "delete":
            s3.server.delete_object(s3.bucket, f"in/2.zarr/{key}")
            return
        other = known + b" " if what == "longer" else known[:-1] + b"\n"
        s3.server.put_object(s3.bucket, f"in/2.zarr/{key}", other)

    asked = "air/c/0/0/0" if key in ("air/c/0/9/9", "air/zarr.json") else key
    rule = Rule(Meanwhile(happens, after), "GET", f"in/2.zarr/{asked}$", times=1)
    s3.server.rules = [rule]
    done = run(s3, name, target, status=4)
    assert rule.applied == 1
    assert "2.zarr" in done.message
    assert_is(target, 1)


def test_an_object_replaced_by_one_of_the_same_size_is_noticed_at_once(s3, tmp_path):
    """By its version: nothing of it is used."""
    name, target = two_days(s3, tmp_path, "V3")
    known = s3.server.objects(s3.bucket)["in/2.zarr/time/c/0"]

    def happens():
        s3.server.put_object(s3.bucket, "in/2.zarr/time/c/0", known[:-1] + b"\n")

    s3.server.rules = [Rule(Meanwhile(happens), "GET", "in/2.zarr/zarr.json$")]
    done = run(s3, name, target, status=4)
    assert "time/c/0" in done.message
    assert "has changed since it was listed" in done.message
    assert_is(target, 1)


@pytest.mark.parametrize("key", ["zarr.json", "time/c/0", "lat/c/0", "air/c/0/1/1"])
@pytest.mark.parametrize("action", [Status(503, "SlowDown"), CutBody()])
def test_what_may_pass_is_asked_for_again(s3, tmp_path, key, action):
    name, target = two_days(s3, tmp_path, "V3")
    rule = Rule(action, "GET", f"in/2.zarr/{key}$", times=2)
    s3.server.rules = [rule]
    run(s3, name, target)
    assert rule.applied == 2
    assert_is(target, 1, 2)


@pytest.mark.parametrize("key", ["zarr.json", "time/c/0", "lat/c/0", "air/c/0/1/1"])
def test_what_cannot_be_read_is_no_missing_value(s3, tmp_path, key):
    name, target = two_days(s3, tmp_path, "V3")
    denied = Status(403, "AccessDenied", "not for you")
    s3.server.rules = [Rule(denied, "GET", f"in/2.zarr/{key}$")]
    done = run(s3, name, target, status=4)
    assert key in done.message, done.message
    assert_is(target, 1)


def test_a_store_that_lists_other_versions_than_it_tells(s3, tmp_path):
    """One more listing, which says that nothing has changed; not one each time."""
    name, target = two_days(s3, tmp_path, "V3")
    s3.server.rules = [Rule(WrongETag(), "GET", "in/2.zarr/")]
    run(s3, name, target)
    assert max(fetched(s3.server.requests).values()) == 1
    assert len(listings(s3.server.requests)) == 3
    assert_is(target, 1, 2)


def test_a_store_that_does_not_take_signed_urls(s3, tmp_path):
    """GDAL's own requests have a signature in their headers."""
    name, target = two_days(s3, tmp_path, "V3")
    denied = Status(403, "AccessDenied", "no signed URLs")
    by_url = Rule(denied, "GET", predicate=lambda r: "X-Amz-Signature" in r.query)
    s3.server.rules = [by_url]
    run(s3, name, target)
    assert by_url.applied > 0
    assert_is(target, 1, 2)


def test_a_bucket_that_may_not_be_listed(s3, tmp_path):
    """Objects are looked for by name then, which takes longer."""
    name, target = two_days(s3, tmp_path, "V3")
    denied = Status(403, "AccessDenied", "no lists")

    def lists_all(request):
        return "list-type" in request.query and "delimiter" not in request.query

    s3.server.rules = [Rule(denied, "GET", predicate=lists_all)]
    run(s3, name, target)
    assert_is(target, 1, 2)


def test_a_slice_that_is_waited_for_is_listed_at_each_look(s3, tmp_path):
    name, target = two_days(s3, tmp_path, "V3")
    objects = [k for k in s3.server.objects(s3.bucket) if k.startswith("in/2.zarr/")]
    waiting = ("--wait", "10", "--poll-interval", "0.3")
    run(s3, *waiting, name, target)
    assert len(s3.server.requests) <= len(objects) + 2 * 5
    assert_is(target, 1, 2)


def test_a_slice_that_is_there_already_is_not_read(s3, tmp_path):
    """It is known by the log, or by its label and values."""
    name, target = two_days(s3, tmp_path, "V3")
    run(s3, name, target)
    s3.server.clear()
    done = run(s3, name, target)
    assert [s["outcome"] for s in done.report["slices"]] == ["already there"]
    data = [r.key for r in s3.server.requests if "/c/0/" in r.key]
    assert data == []


def test_slices_of_a_run_share_connections_and_requests(s3, tmp_path):
    """From the second on: listed when it is opened, when its turn comes, and before
    the decision."""
    target = tmp_path / "cube.zarr"
    names = [put_slice(s3, tmp_path, day) for day in range(1, 5)]
    s3.server.clear()
    run(s3, *names, target)
    assert max(fetched(s3.server.requests).values()) == 1
    for day in range(1, 5):
        own = [
            r
            for r in listings(s3.server.requests)
            if f"in/{day}.zarr" in r.query.get("prefix", "")
        ]
        assert len(own) <= 3
    assert_is(target, 1, 2, 3, 4)


@pytest.mark.parametrize("other", ["gcs", "s3_moto", "az"])
def test_in_other_stores(request, tmp_path, other):
    store = request.getfixturevalue(other)
    target = tmp_path / "cube.zarr"
    for day, where in ((1, target), (2, store.path("in/2.zarr"))):
        path = tmp_path / f"{day}.zarr"
        fields(day).to_zarr(path, zarr_format=3)
        run(store, path, where)
    store.server.clear()
    run(store, store.path("in/2.zarr"), target)
    assert max(fetched(store.server.requests).values()) == 1
    assert_is(target, 1, 2)

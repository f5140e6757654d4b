"""What a part must not be. The transaction stays usable after each refusal: the right
parts are written, and commit."""

import json

import cubes
import numpy as np
import parts
import pytest
from parts import CHUNKS


class Guarded:
    """A cube of 3 days; a transaction of days 3 to 6 in two parts."""

    def __init__(self, folder, *options, labels="parts"):
        self.folder = folder
        self.store = folder / "cube.zarr"
        self.count = 0
        parts.call_append(*options, self.file(parts.weather(0, 3)), self.store)
        self.before = cubes.tree(self.store)
        self.days = parts.weather(3, 4)
        self.pieces = [self.days.isel(time=[0, 1, 2]), self.days.isel(time=[3])]
        size = () if labels == "begin" else ("--size", "4")
        like = self.days if labels == "begin" else self.pieces[0]
        words = (*options, *size, "--like", self.file(like), self.store)
        self.token = parts.call("begin", *words)

    def file(self, dataset):
        self.count += 1
        return cubes.write(dataset, self.folder / f"slice{self.count}.nc")

    def write(self, dataset, *words):
        return parts.call("write", *words, self.token, self.file(dataset))

    def refuse(self, dataset, *options, at=None, status=5):
        sidecar = cubes.sidecar(self.store)
        records = set(sidecar.glob("stage/*/*-written"))
        path = self.file(dataset)
        message = parts.refused_write(self.token, path, *options, at=at, status=status)
        assert cubes.tree(self.store) == self.before
        assert set(sidecar.glob("stage/*/*-written")) == records
        return message

    def commit(self, *receipts):
        """The right ones do."""
        right = [self.write(self.pieces[0]), self.write(self.pieces[1], "--at", 3)]
        parts.call("commit", self.token, *receipts, *right)
        found = cubes.open_xarray(self.store, raw=True)
        expected = cubes.concat([parts.weather(0, 3), self.days])
        assert cubes.same(found["air"].values, expected["air"].values)
        assert cubes.same(found["orbit"].values, expected["orbit"].values)
        assert found.sizes["time"] == 7
        parts.assert_nothing_left(self.store)


@pytest.fixture(params=["parts", "begin"])
def guarded(request, tmp_path):
    return Guarded(tmp_path, *CHUNKS, labels=request.param)


@pytest.fixture
def open_labels(tmp_path):
    return Guarded(tmp_path, *CHUNKS)


def test_a_latitude_that_is_upside_down(guarded):
    flipped = guarded.pieces[0].isel(lat=slice(None, None, -1))
    assert "lat" in guarded.refuse(flipped)
    guarded.commit()


def test_a_part_of_a_latitude_that_is_upside_down(guarded):
    part = guarded.days.isel(lat=slice(2, 4), time=slice(0, 3)).drop_vars("orbit")
    flipped = part.isel(lat=slice(None, None, -1))
    assert "lat" in guarded.refuse(flipped, at={"lat": 2})
    # In its place, but told another one.
    assert "lat" in guarded.refuse(part, at={"lat": 0})
    guarded.write(part, "--at", "lat=2")
    guarded.commit()


def with_another_elevation(dataset):
    changed = dataset.copy(deep=True)
    changed["elevation"][-1, -1] += 1
    return changed


def test_another_value_that_all_steps_have_in_common(guarded):
    message = guarded.refuse(with_another_elevation(guarded.pieces[0]))
    assert "'elevation': it is 721 at 3, 4, the target has 720" in message
    guarded.commit()


@pytest.mark.parametrize("creates", [False, True])
def test_tiles_of_what_all_steps_have_in_common(tmp_path, creates):
    """Of a target that is there, and of one that the transaction makes."""
    store = tmp_path / "cube.zarr"
    whole = parts.weather(3, 4)
    whole["place"] = ("lat", np.array(["a", "bb", "c", "d"], dtype=object))
    paths = {}

    def file(name, dataset):
        paths[name] = cubes.write(dataset, tmp_path / f"{name}.nc")
        return paths[name]

    if not creates:
        first = parts.weather(0, 3).assign(place=whole["place"])
        parts.call_append(*CHUNKS, file("first", first), store)
    token = parts.call("begin", *CHUNKS, "--like", file("whole", whole), store)
    tiles = [whole.isel(lat=slice(0, 2)), whole.isel(lat=slice(2, 4))]
    for name, wrong in (
        ("elevation", with_another_elevation(tiles[1])),
        ("place", tiles[1].assign(place=("lat", np.array(["c", "e"], dtype=object)))),
    ):
        message = parts.refused_write(token, file(name, wrong), at={"lat": 2})
        assert f"'{name}': " in message
    receipts = [
        parts.call("write", "--at", f"lat={at}", token, file(f"tile{at}", tile))
        for at, tile in zip((0, 2), tiles, strict=True)
    ]
    parts.call("commit", token, *receipts)
    found = cubes.open_xarray(store, raw=True)
    assert cubes.same(found["air"].values[-4:], whole["air"].values)
    assert list(found["place"].values) == ["a", "bb", "c", "d"]
    parts.assert_nothing_left(store)


def test_what_differs_and_is_ignored_is_in_the_log(tmp_path):
    guarded = Guarded(tmp_path, *CHUNKS, "--on-static", "ignore", labels="begin")
    receipts = [
        guarded.write(with_another_elevation(guarded.pieces[0])),
        guarded.write(guarded.pieces[1], "--at", 3),
    ]
    parts.call("commit", guarded.token, *receipts)
    record = parts.log(guarded.store)[-1]
    assert record["ignored_static"] == [
        "'elevation': it is 721 at 3, 4, the target has 720"
    ]


def test_an_array_that_varies(tmp_path):
    """A scalar, whose value each slice has once, and each step of the cube."""
    store = tmp_path / "cube.zarr"
    days = [parts.weather(day, 1).assign(height=float(day)) for day in range(2)]
    like = cubes.write(cubes.concat(days), tmp_path / "like.nc")
    words = ("--vary", "height", *CHUNKS, "--like", like, store)
    token = parts.call("begin", *words)
    receipts = [
        parts.call(
            *("write", "--at", day, token),
            cubes.write(dataset, tmp_path / f"{day}.nc"),
        )
        for day, dataset in enumerate(days)
    ]
    parts.call("commit", token, *receipts)
    assert list(cubes.open_xarray(store, raw=True)["height"].values) == [0.0, 1.0]


def test_units_that_cannot_be_converted(guarded):
    wrong = guarded.pieces[0].copy(deep=True)
    wrong["air"].attrs["units"] = "m"
    message = guarded.refuse(wrong)
    assert "array 'air'" in message
    assert "Nothing of this part was written." in message
    guarded.commit()


def with_crs(dataset, code):
    from osgeo import osr

    system = osr.SpatialReference()
    system.ImportFromEPSG(code)
    dataset = dataset.copy()
    attributes = {"grid_mapping_name": "latitude_longitude"}
    attributes["crs_wkt"] = system.ExportToWkt()
    dataset["crs"] = ((), np.int32(0), attributes)
    dataset["air"].attrs["grid_mapping"] = "crs"
    return dataset


def test_another_crs(tmp_path):
    store = tmp_path / "cube.zarr"
    paths = [
        cubes.write(with_crs(parts.weather(first, 2), code), tmp_path / f"{i}.nc")
        for i, (first, code) in enumerate([(0, 4326), (2, 4326), (2, 4258)])
    ]
    parts.call_append(*CHUNKS, paths[0], store)
    token = parts.call("begin", "--like", paths[1], store)
    message = parts.refused_write(token, paths[2])
    assert "CRS" in message
    parts.call("commit", token, parts.call("write", token, paths[1]))
    assert cubes.open_xarray(store).sizes["time"] == 4


def test_more_rows_than_there_are(guarded):
    assert "the transaction has 4" in guarded.refuse(parts.weather(3, 5))
    guarded.commit()


@pytest.mark.parametrize("offset", [2, 4, 5, 2**63, 2**64 - 1])
def test_an_offset_beyond(guarded, offset):
    assert "the transaction has 4" in guarded.refuse(guarded.pieces[0], at=offset)
    guarded.commit()


@pytest.mark.parametrize("where", [{"lat": 1}, {"lon": 2**64 - 1}])
def test_an_offset_beyond_along_another_dimension(guarded, where):
    message = guarded.refuse(guarded.pieces[0].drop_vars(["lat", "lon"]), at=where)
    assert "the transaction has" in message
    guarded.commit()


@pytest.mark.parametrize(
    "word", ["height=1", "=1", "time=", "-1", "time=-1", "1.5", str(2**64), "x", ""]
)
def test_offsets_that_are_none(open_labels, word):
    path = open_labels.file(open_labels.pieces[0])
    words = ("--at", word, open_labels.token, path)
    done = parts.verb("write", *words, status=1)
    assert done.message
    open_labels.commit()


def test_two_offsets_along_one_dimension(open_labels):
    path = open_labels.file(open_labels.pieces[1])
    words = ("--at", "3", "--at", "time=3", open_labels.token, path)
    assert "two offsets along 'time'" in parts.verb("write", *words, status=1).message
    open_labels.commit()


@pytest.mark.parametrize("labels", ["parts", "begin"])
@pytest.mark.parametrize("name", ["air", "orbit"])
def test_a_value_that_does_not_fit_its_packing(tmp_path, name, labels):
    encoding = f"{name}:dtype=uint8,scale=50,offset=0,nodata=255"
    encoding += ",chunk=1x2x3" if name == "air" else ""
    if name == "orbit":
        encoding = "orbit:dtype=uint8"
    store = tmp_path / "cube.zarr"
    days = parts.weather(0, 4)
    high = days.copy(deep=True)
    high[name][2:3] = 1e6
    path = cubes.write(days, tmp_path / "days.nc")
    size = ("--size", "4") if labels == "parts" else ()
    words = ("--encoding", encoding, *size, "--like", path, store)
    token = parts.call("begin", *words)
    refused = parts.refused_write(token, cubes.write(high, tmp_path / "high.nc"))
    assert name in refused
    assert "of this part will be in the target" in refused
    parts.call("commit", token, parts.call("write", token, path))
    found = cubes.open_xarray(store)
    assert np.abs(found[name].values - days[name].values).max() <= 25


def test_labels_that_are_not_those_of_the_template(tmp_path):
    guarded = Guarded(tmp_path, *CHUNKS, labels="begin")
    shifted = guarded.pieces[1].assign_coords(time=guarded.pieces[1]["time"] + 1)
    message = guarded.refuse(shifted, at=3)
    assert "are not those of the transaction at this place" in message
    # The right ones at another place.
    message = guarded.refuse(guarded.pieces[1], at=0)
    assert "are not those of the transaction at this place" in message
    guarded.commit()


def test_parts_may_have_no_labels_if_begin_was_told(tmp_path):
    guarded = Guarded(tmp_path, *CHUNKS, labels="begin")
    guarded.pieces[0] = guarded.pieces[0].drop_vars("time")
    guarded.commit()


def test_a_label_that_is_missing(open_labels):
    message = open_labels.refuse(open_labels.pieces[0].drop_vars("time"))
    assert "it has no labels" in message
    open_labels.commit()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([3, 4, 5, 5], "2000-01-06"),
        ([3, 4, 4, 6], "2000-01-05"),
        ([3, 4, 5, 2], "2000-01-03"),
        ([3, 6, 5, 7], ""),
    ],
)
def test_labels_that_do_not_follow_each_other_are_found_by_the_commit(
    open_labels, labels, words
):
    strange = open_labels.days.copy().assign_coords(
        time=("time", np.array(labels, "float64"), open_labels.days["time"].attrs)
    )
    strange["time"].encoding["_FillValue"] = None
    pieces = [strange.isel(time=[0, 1, 2]), strange.isel(time=[3])]
    receipts = [open_labels.write(pieces[0]), open_labels.write(pieces[1], "--at", 3)]
    done = parts.commit(open_labels.token, *receipts, status=5)
    assert words in done.message
    assert "the transaction stays open" in done.message
    assert cubes.tree(open_labels.store) == open_labels.before
    open_labels.commit()


def test_a_step_that_is_not_constant_is_found_by_the_commit(tmp_path):
    guarded = Guarded(tmp_path, *CHUNKS, "--step", "1D")
    late = guarded.pieces[1].assign_coords(time=guarded.pieces[1]["time"] + 1)
    late["time"].encoding["_FillValue"] = None
    receipts = [guarded.write(guarded.pieces[0]), guarded.write(late, "--at", 3)]
    done = parts.commit(guarded.token, *receipts, status=5)
    assert "step" in done.message
    assert cubes.tree(guarded.store) == guarded.before
    guarded.commit()


def test_labels_of_a_template_that_are_in_the_cube_are_refused(tmp_path):
    store = tmp_path / "cube.zarr"
    paths = parts.weather_files(tmp_path, (3,))
    overlapping = cubes.write(parts.weather(2, 3), tmp_path / "overlapping.nc")
    parts.call_append(*paths, store)
    with cubes.unchanged(store):
        done = parts.verb("begin", "--like", overlapping, store, status=5)
    assert "2000-01-03" in done.message
    assert not parts.is_leased(store)
    cubes.append("--lock-timeout", "0", "--on-duplicate", "skip", overlapping, store)


def test_an_array_that_a_part_lacks_is_missed_by_the_commit(open_labels):
    lacking = open_labels.pieces[1].drop_vars("orbit")
    receipts = [open_labels.write(open_labels.pieces[0])]
    receipts.append(open_labels.write(lacking, "--at", 3))
    done = parts.commit(open_labels.token, *receipts, status=5)
    assert "array 'orbit': rows 6 to 7 are in none of the parts" in done.message
    alone = open_labels.pieces[1][["orbit"]]
    parts.call(
        "commit", open_labels.token, *receipts, open_labels.write(alone, "--at", 3)
    )
    assert cubes.open_xarray(open_labels.store).sizes["time"] == 7


def test_an_array_that_the_target_has_not(tmp_path):
    guarded = Guarded(tmp_path, *CHUNKS, "--on-extra-array", "error")
    more = guarded.pieces[0].assign(more=guarded.pieces[0]["air"])
    assert "more" in guarded.refuse(more)
    guarded.commit()


def test_a_part_with_other_dimensions(open_labels):
    turned = open_labels.pieces[0].transpose("lat", "time", "lon")
    assert "its dimensions are not the target's" in open_labels.refuse(turned)
    open_labels.commit()


def test_a_part_of_which_nothing_is_wanted(tmp_path):
    guarded = Guarded(tmp_path, *CHUNKS, labels="begin")
    only = guarded.pieces[0][["elevation"]].drop_vars("time", errors="ignore")
    message = guarded.refuse(only, "--label", "2000-01-04")
    assert "it has none of the arrays that parts bring" in message
    guarded.commit()


def test_a_slice_that_is_not_there(open_labels, tmp_path):
    words = (open_labels.token, tmp_path / "nowhere.nc")
    assert parts.verb("write", *words, status=4).message
    open_labels.commit()


@pytest.mark.parametrize(
    "words",
    [
        ("--size", "0"),
        ("--size", "-1"),
        ("--region", "time=0:1", "--size", "1"),
        ("--region", "time=0:1", "--create"),
        ("--dry-run",),
        ("--on-duplicate", "replace"),
        ("--slices-per-commit", "2"),
        ("--lock", "none"),
        ("--lease", "0"),
        ("--overwrite",),
    ],
)
def test_options_of_begin_that_have_no_meaning(tmp_path, words):
    store = tmp_path / "cube.zarr"
    path = parts.weather_files(tmp_path, (3,))[0]
    parts.call_append(path, store)
    with cubes.unchanged(store):
        done = parts.verb("begin", *words, "--like", path, store, status=None)
        assert done.status in (1, 2)
        assert "ERROR" in done.stderr
    assert not (cubes.sidecar(store) / "lease").exists()


def test_create_refuses_a_target_that_is_there(tmp_path):
    store = tmp_path / "cube.zarr"
    paths = parts.weather_files(tmp_path, (3, 2))
    parts.call_append(paths[0], store)
    with cubes.unchanged(store):
        words = ("--create", "--like", paths[1], store)
        done = parts.verb("begin", *words, status=None)
        assert done.status in (1, 2)
    assert "exists already" in done.message
    cubes.append("--lock-timeout", "0", paths[1], store)


def test_a_begin_that_is_refused_leaves_no_lease(tmp_path):
    store = tmp_path / "cube.zarr"
    paths = parts.weather_files(tmp_path, (3, 2))
    parts.call_append(paths[0], store)
    wrong = parts.weather(3, 2).isel(lat=slice(None, None, -1))
    path = cubes.write(wrong, tmp_path / "wrong.nc")
    with cubes.unchanged(store):
        assert "lat" in parts.verb("begin", "--like", path, store, status=5).message
    assert not parts.is_leased(store)
    cubes.append("--lock-timeout", "0", paths[1], store)


def test_the_token_tells_what_will_be_written(open_labels):
    plan = json.loads(open_labels.token)["plan"]
    assert (plan["first_row"], plan["rows"], plan["labels"]) == (3, 4, "parts")
    air = next(a for a in plan["arrays"] if a["name"] == "air")
    assert air["from"] == [3, 0, 0]
    assert air["to"] == [7, 4, 5]
    assert air["chunk"] == [2, 2, 3]
    assert air["by"] == "parts"

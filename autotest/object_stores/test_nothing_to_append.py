"""Slices that are in already need no permission to write, and write nothing: the store
is read first, and locked only if there is something to do. What others write meanwhile
is seen all the same."""

import azure_requests
import cubes
import numpy as np
import pytest
import xarray as xr
from faults import Hold, HoldAfter, Rule, Status

KEY = "x/cube.zarr"
LOCK = f"{KEY}.mdimappend/lock"
DENIED = Status(403, "AccessDenied", "Access Denied")
CHUNKS = ("--encoding", "air:chunk=2x4x5")
FOREVER = ("--lease", "1h", "--lock-timeout", "0")


def read_only(store):
    """From now on the credentials may only read."""
    store.server.rules = [
        Rule(DENIED, method=method) for method in ("PUT", "POST", "DELETE")
    ]


def append(store, *arguments, **more):
    return cubes.append(*arguments, **{"env": store.environment(), **more})


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


def writes(store):
    return [r for r in store.server.requests if r.method not in ("GET", "HEAD")]


@pytest.fixture
def days(tmp_path):
    return cubes.weather_slices(tmp_path, (2, 2, 2))


@pytest.fixture(params=["s3", "gcs"])
def filled(request, days):
    """Four days, in memory."""
    store = request.getfixturevalue(request.param)
    append(store, *CHUNKS, *days[:2], store.path(KEY))
    store.server.clear()
    return store


def assert_days(store, folder, count):
    cubes.assert_reads_as(store.download(f"{KEY}/", folder), cubes.weather(0, count))


# Without permission.


def test_who_may_only_read_finds_them_there(filled, days):
    read_only(filled)
    done = append(filled, *days[:2], filled.path(KEY))
    assert outcomes(done) == ["already there"] * 2
    assert writes(filled) == []


def test_with_a_signature_that_allows_only_reading(az, days):
    append(az, *CHUNKS, *days[:2], az.path(KEY))
    token = azure_requests.sas_token("rl")
    environment = az.environment(AZURE_STORAGE_SAS_TOKEN=token)
    done = append(az, *days[:2], az.path(KEY), env=environment)
    assert outcomes(done) == ["already there"] * 2


def test_who_may_not_even_list_finds_them_there(s3, days):
    append(s3, *CHUNKS, *days[:2], s3.path(KEY))
    read_only(s3)
    s3.server.rules.append(Rule(DENIED, predicate=lambda r: "prefix" in r.query))
    done = append(s3, *days[:2], s3.path(KEY))
    assert outcomes(done) == ["already there"] * 2


@pytest.mark.parametrize("lock", ["auto", "none"])
def test_a_cube_that_others_have_made(s3, days, tmp_path, lock):
    """There is no sidecar, and none comes of it."""
    made = tmp_path / "cube.zarr"
    cubes.concat([xr.open_dataset(day) for day in days[:2]]).to_zarr(
        made, consolidated=True, zarr_format=2
    )
    for path in made.rglob("*"):
        if path.is_file():
            key = f"{KEY}/{path.relative_to(made)}"
            s3.server.put_object("bucket", key, path.read_bytes())
    read_only(s3)
    done = append(s3, "--lock", lock, *days[:2], s3.path(KEY))
    assert outcomes(done) == ["already there"] * 2
    assert set(s3.server.objects("bucket")) == {
        f"{KEY}/{path.relative_to(made)}" for path in made.rglob("*") if path.is_file()
    }


def test_what_is_new_needs_it_and_says_so(filled, days):
    read_only(filled)
    done = append(filled, *days, filled.path(KEY), status=1)
    assert outcomes(done) == ["already there", "already there", "failed"]
    assert f"cannot write '{filled.path(LOCK)}'" in done.message
    assert "AccessDenied" in done.message
    assert done.message.endswith("Nothing was appended.")


def test_a_slice_that_does_not_fit_is_refused_without_it(filled, tmp_path):
    flipped = cubes.weather(4, 2).isel(lat=slice(None, None, -1))
    path = cubes.write(flipped, tmp_path / "flipped.nc")
    read_only(filled)
    done = append(filled, path, filled.path(KEY), status=5)
    assert "'lat'" in done.message
    assert writes(filled) == []


def test_other_values_are_refused_without_it(filled, days, tmp_path):
    other = cubes.weather(0, 2)
    other["air"] = other.air + np.float32(1)
    path = cubes.write(other, tmp_path / "other.nc")
    read_only(filled)
    append(filled, path, filled.path(KEY), status=5)
    assert writes(filled) == []


# What it costs.


def test_the_lock_is_looked_at_twice_and_not_taken(s3, days):
    append(s3, *CHUNKS, *days[:2], s3.path(KEY))
    s3.server.clear()
    append(s3, days[0], s3.path(KEY))
    of_lock = [r.method for r in s3.server.requests if r.key == LOCK]
    assert of_lock == ["GET", "GET"]
    assert writes(s3) == []


def test_each_further_slice_of_a_run_costs_two_requests_and_its_values(s3, tmp_path):
    """The lock and the consolidated document: still the same?"""
    days = cubes.weather_slices(tmp_path, (1,) * 8)
    append(s3, "--encoding", "air:chunk=1x4x5", *days, s3.path(KEY))

    def requests(*slices):
        s3.server.clear()
        done = append(s3, *slices, s3.path(KEY))
        assert set(outcomes(done)) == {"already there"}
        return len(s3.server.requests)

    words = ("--on-extra-array", "error")  # the log does not settle them
    few, many = requests(*words, *days[:4]), requests(*words, *days)
    assert many - few <= 4 * 4, (few, many)


# What others do meanwhile.


def meanwhile(store, rule, words, other):
    """An append that is held up at a request while another one is made; both."""
    hold = rule.action
    store.server.rules = [rule]
    command = ("--report", "json", *words, store.path(KEY))
    process = cubes.start(*command, env=store.environment())
    try:
        assert hold.arrived.wait(60), "there was no such request"
        store.server.rules = []
        second = append(store, *other, store.path(KEY))
        hold.release.set()
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    process.stdout, process.stderr = out, err
    return cubes.Completed(process, command), second


def corrected(folder, first, count, by):
    dataset = cubes.weather(first, count)
    dataset["air"] = dataset.air + np.float32(by)
    return cubes.write(dataset, folder / f"corrected{first}-{by}.nc")


LOOKS_AGAIN = {"method": "GET", "key": "/lock$", "after": 1, "times": 1}


def test_values_that_another_replaces_are_read_again(s3, days, tmp_path):
    """Before it says that they are there, and after it has read them."""
    append(s3, *CHUNKS, *days[:2], s3.path(KEY))
    new = corrected(tmp_path, 0, 2, 5)
    # A file of which the log knows nothing.
    same = corrected(tmp_path, 0, 2, 0)
    done, other = meanwhile(
        s3, Rule(Hold(), **LOOKS_AGAIN), [same], ("--on-duplicate", "replace", new)
    )
    assert outcomes(other) == ["appended"]
    assert done.status == 5, done
    assert outcomes(done) == ["failed"]


def test_what_was_there_when_it_was_looked_at_is_there(s3, days, tmp_path):
    """Its last look has been answered."""
    append(s3, *CHUNKS, *days[:2], s3.path(KEY))
    new = corrected(tmp_path, 0, 2, 5)
    done, _ = meanwhile(
        s3,
        Rule(HoldAfter(), **LOOKS_AGAIN),
        [corrected(tmp_path, 0, 2, 0)],
        ("--on-duplicate", "replace", new),
    )
    assert outcomes(done) == ["already there"]


def test_who_may_only_read_reads_again(s3, days):
    """Another has appended meanwhile: it is looked at once more, not locked."""
    append(s3, *CHUNKS, *days[:2], s3.path(KEY))
    rule = Rule(Hold(), **LOOKS_AGAIN)
    command = ("--report", "json", *days[:2], s3.path(KEY))
    s3.server.rules = [rule]
    process = cubes.start(*command, env=s3.environment())
    try:
        assert rule.action.arrived.wait(60)
        s3.server.rules = []
        append(s3, days[2], s3.path(KEY))
        read_only(s3)
        rule.action.release.set()
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, (out, err)
    assert out.count("already there") == 2


TAKES_LOCK = {"method": "PUT", "key": "/lock$", "times": 1}


@pytest.mark.parametrize("name", ["s3", "gcs"])
def test_the_same_slice_of_another_is_found_when_the_lock_is_taken(
    request, days, tmp_path, name
):
    store = request.getfixturevalue(name)
    append(store, *CHUNKS, *days[:2], store.path(KEY))
    done, other = meanwhile(store, Rule(Hold(), **TAKES_LOCK), [days[2]], [days[2]])
    assert outcomes(other) == ["appended"]
    assert outcomes(done) == ["already there"]
    assert_days(store, tmp_path / "out", 6)


def test_another_slice_of_another_comes_before(s3, tmp_path):
    days = cubes.weather_slices(tmp_path, (3, 2, 2))
    append(s3, *CHUNKS, days[0], s3.path(KEY))
    done, other = meanwhile(s3, Rule(Hold(), **TAKES_LOCK), [days[2]], [days[1]])
    assert outcomes(other) == outcomes(done) == ["appended"]
    assert done.report["slices"][0]["first_row"] == 5
    assert_days(s3, tmp_path / "out", 7)


# What has to be recovered.


def interrupted(store, key, slice_path):
    """An append that was killed when it put this."""
    hold = Hold()
    store.server.rules = [Rule(hold, method="PUT", key=key, times=1)]
    words = ("--quiet", *FOREVER, slice_path, store.path(KEY))
    process = cubes.start(*words, env=store.environment())
    try:
        assert hold.arrived.wait(60)
    finally:
        process.kill()
        process.communicate()
    store.server.rules = []


@pytest.mark.parametrize(
    ("key", "done"), [("decision$", "undone"), ("log/", "finished")]
)
def test_what_was_interrupted_is_recovered_by_who_has_nothing_to_append(
    s3, days, tmp_path, key, done
):
    append(s3, *CHUNKS, *days[:2], s3.path(KEY))
    interrupted(s3, key, days[2])
    again = append(s3, *FOREVER, days[0], s3.path(KEY), status=3)
    assert s3.path(LOCK) in again.message
    s3.server.store.age("bucket", LOCK, 2 * 3600)
    again = append(s3, days[0], s3.path(KEY))
    assert len(again.report["recovered"][done]) == 1
    assert outcomes(again) == ["already there"]
    assert_days(s3, tmp_path / "out", 6 if done == "finished" else 4)


@pytest.mark.parametrize("key", ["decision$", "log/"])
def test_who_may_not_recover_says_nothing_of_what_is_there(s3, days, key):
    append(s3, *CHUNKS, *days[:2], s3.path(KEY))
    interrupted(s3, key, days[2])
    s3.server.store.age("bucket", LOCK, 2 * 3600)
    read_only(s3)
    done = append(s3, days[0], s3.path(KEY), status=1)
    assert outcomes(done) == ["failed"]
    assert f"cannot write '{s3.path(LOCK)}'" in done.message


def test_a_lost_lock_does_not_hide_what_was_decided(s3, days, tmp_path):
    """Journals are looked for then."""
    append(s3, *CHUNKS, *days[:2], s3.path(KEY))
    interrupted(s3, "log/", days[2])
    s3.server.delete_object("bucket", LOCK)
    done = append(s3, days[2], s3.path(KEY))
    assert len(done.report["recovered"]["finished"]) == 1
    assert outcomes(done) == ["already there"]
    assert_days(s3, tmp_path / "out", 6)

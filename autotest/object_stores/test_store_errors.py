"""What an append says where it cannot be: one line, which names the object, an exit
status that tells what to do, and the store as it was. Then what one does about it:
`gdal driver mdimappend` status, log, unlock and recover."""

import contextlib
import json
import re
import time

import azure_requests
import cubes
import pytest
from scripted_server import Hold, Rule, Status
from stores import memory_store

KEY = "x/cube.zarr"
LOCK = f"{KEY}.mdimappend/lock"
STAGED = "a staged object"
DENIED = Status(403, "AccessDenied", "Access Denied")
# One that does not run out while attempts are repeated, on any machine.
LONG_LEASE = ("--lease", "1h")
EXPIRED = Status(400, "ExpiredToken", "The provided token has expired.")


@pytest.fixture
def cube(s3, tmp_path):
    """Three days in a bucket, in chunks of two, and the next two as a file."""
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    append(s3, "--encoding", "air:chunk=2x4x5", first, s3.path(KEY))
    s3.next_slice = second
    return s3


def append(store, *arguments, **more):
    return cubes.append(*arguments, **{"env": store.environment(), **more})


def refused(store, *arguments, status, **more):
    """The one line that a run ends with."""
    done = append(store, *arguments, status=status, **more)
    lines = [line for line in done.stderr.splitlines() if "built against" not in line]
    assert len(lines) == 1, done
    assert lines[0].startswith("ERROR 1: "), done
    return done.message


def verb(store, name, *arguments, status=0, key=KEY):
    words = ("driver", "mdimappend", name, *arguments, store.path(key))
    return cubes.run(*words, command="gdal", status=status, env=store.environment())


@contextlib.contextmanager
def unchanged(store, but=()):
    """All objects of all buckets are the same afterwards, and have not even been
    written again; `but` are keys."""

    def versions():
        return {
            (bucket, key): (stored.etag, stored.generation)
            for bucket, content in store.server.snapshot().items()
            for key, stored in content.objects.items()
            if key not in but
        }

    before = versions()
    yield
    after = versions()
    changed = {k for k in before | after if before.get(k) != after.get(k)}
    assert changed == set()


def given_up(store, said):
    """The key of the object that a message names first: all attempts to write it were
    refused. The names of staged objects are STAGED."""
    found = re.match(r"cannot write '([^']*)': HTTP \d+ \w+: .* \(6 attempts\)", said)
    assert found, said
    key = found[1].removeprefix(store.path())
    refusals = [
        request.key
        for request in store.server.requests
        if request.method == "PUT" and request.status == 400
    ]
    assert refusals.count(key) == 6, (key, refusals)
    return re.sub(rf"^{KEY}.mdimappend/stage/[^/]*/[\d-]*$", STAGED, key)


def end_lease(store, seconds=2 * 3600):
    """The lock has not changed for so long, by the store's clock: longer than its
    lease, so that nobody waits for the end."""
    store.server.store.age("bucket", LOCK, seconds)


def without(store, *prefixes):
    """The environment without some of its variables."""
    known = store.environment()
    return {k: v for k, v in known.items() if not k.startswith(prefixes)}


def assert_appended(store, folder, days=5):
    cubes.assert_reads_as(store.download(f"{KEY}/", folder), cubes.weather(0, days))


# Credentials.


def test_read_only_credentials(cube):
    cube.server.rules = [Rule(DENIED, method="PUT")]
    with unchanged(cube):
        said = refused(cube, cube.next_slice, cube.path(KEY), status=1)
    assert f"cannot write '{cube.path(LOCK)}'" in said
    assert "403 AccessDenied" in said


def test_read_only_credentials_of_google(gcs, two_slices):
    gcs.server.rules = [Rule(DENIED, method="PUT")]
    with unchanged(gcs):
        said = refused(gcs, two_slices[0], gcs.path(KEY), status=1)
    assert f"cannot write '{gcs.path(LOCK)}'" in said
    assert "AccessDenied" in said


@pytest.mark.parametrize("name", ["s3", "gcs"])
def test_what_is_not_allowed_is_not_tried_again(request, two_slices, name):
    store = request.getfixturevalue(name)
    store.server.rules = [Rule(DENIED, method="PUT")]
    append(store, two_slices[0], store.path(KEY), status=1)
    assert store.server.count("PUT") == 1


def test_a_signature_that_allows_only_reading(az, two_slices, tmp_path):
    token = azure_requests.sas_token("rl")
    environment = az.environment(AZURE_STORAGE_SAS_TOKEN=token)
    said = refused(az, two_slices[0], az.path(KEY), status=1, env=environment)
    assert f"cannot write '{az.path(LOCK)}'" in said
    assert "403 AuthorizationPermissionMismatch" in said
    assert cubes.tree(az.download("", tmp_path / "out")) == {}


def test_credentials_that_may_write_only_beside_the_store(cube, tmp_path):
    cube.server.rules = [Rule(DENIED, method="PUT", key=f"{KEY}/")]
    with unchanged(cube, but=[LOCK]):
        said = refused(cube, cube.next_slice, cube.path(KEY), status=1)
    assert f"cannot write '{cube.path(KEY)}/air/c/" in said
    assert said.endswith("Nothing was appended.")
    cube.server.rules = []
    append(cube, cube.next_slice, cube.path(KEY))
    assert_appended(cube, tmp_path / "out")


def test_credentials_that_may_not_replace_documents(cube, tmp_path):
    """What is decided is not undone; whoever may do it, finishes it."""
    cube.server.rules = [Rule(DENIED, method="PUT", key=f"{KEY}/.*zarr.json")]
    said = refused(cube, cube.next_slice, cube.path(KEY), status=1)
    assert f"cannot write '{cube.path(KEY)}/air/zarr.json'" in said
    assert "The append is decided" in said
    cube.server.rules = []
    done = append(cube, cube.next_slice, cube.path(KEY))
    assert len(done.report["recovered"]["finished"]) == 1
    assert_appended(cube, tmp_path / "out")


def test_credentials_that_may_not_list(s3, two_slices):
    """Then nobody knows what is in the folder: it is not taken for an empty one."""
    s3.server.put_object("bucket", f"{KEY}/readme.txt", b"x")
    lists = Rule(DENIED, method="GET", predicate=lambda r: "prefix" in r.query)
    s3.server.rules = [lists]
    with unchanged(s3, but=[LOCK]):
        said = refused(s3, two_slices[0], s3.path(KEY), status=1)
    assert "AccessDenied" in said


@pytest.mark.parametrize("name", ["s3", "gcs", "az"])
def test_no_credentials(request, two_slices, name):
    store = request.getfixturevalue(name)
    environment = without(store, "AWS_ACC", "AWS_SEC", "GS_", "AZURE_STORAGE_SAS")
    said = refused(store, two_slices[0], store.path(KEY), status=1, env=environment)
    assert f"cannot read '{store.path(LOCK)}'" in said
    assert "credentials" in said or "AZURE_STORAGE_SAS_TOKEN" in said
    assert store.server.requests == []


def test_wrong_credentials(gcs, two_slices):
    environment = gcs.environment(GS_SECRET_ACCESS_KEY="wrong")
    with unchanged(gcs):
        said = refused(gcs, two_slices[0], gcs.path(KEY), status=1, env=environment)
    assert f"cannot read '{gcs.path(LOCK)}'" in said
    assert "403 SignatureDoesNotMatch" in said


def test_unsigned_requests_to_a_private_bucket(cube):
    environment = without(cube, "AWS_ACC", "AWS_SEC") | {"AWS_NO_SIGN_REQUEST": "YES"}
    signed = ("X-Amz-Signature", "X-Amz-Credential")
    anonymous = Rule(DENIED, predicate=lambda r: not set(signed) & set(r.query))
    cube.server.rules = [anonymous]
    with unchanged(cube):
        said = refused(cube, cube.next_slice, cube.path(KEY), status=1, env=environment)
    assert f"cannot read '{cube.path(LOCK)}': HTTP 403 AccessDenied" in said


class Expires:
    """A token that is valid until a request for this object; from it on, only
    requests of `method` are noticed."""

    def __init__(self, key, method=None):
        self.key = key
        self.method = method
        self.reached = False

    def __call__(self, request):
        if request.method == "PUT" and request.key.endswith(self.key):
            self.reached = True
        return self.reached and self.method in (None, request.method)

    @property
    def rules(self):
        return [Rule(EXPIRED, predicate=self)]


def test_a_token_that_has_expired(cube):
    cube.server.rules = [Rule(EXPIRED)]
    with unchanged(cube):
        said = refused(cube, cube.next_slice, cube.path(KEY), status=1)
    assert f"cannot read '{cube.path(LOCK)}'" in said
    assert "ExpiredToken" in said


def test_a_token_expires_before_the_decision(cube, tmp_path):
    """Nobody can clean up then; the next run does, once the lease is over."""
    cube.server.rules = Expires("air/c/2/0/0").rules
    # By one thread: the chunk that is to be merged is read before the other is put.
    words = (*LONG_LEASE, "--num-threads", "1", cube.next_slice, cube.path(KEY))
    said = refused(cube, *words, status=1)
    # Two chunks are under way at once: which of them is given up first is chance.
    assert given_up(cube, said) in (f"{KEY}/air/c/2/0/0", STAGED)
    assert "ExpiredToken" in said
    cube.server.rules = []
    assert_appended(cube, tmp_path / "before", days=3)
    end_lease(cube)
    done = append(cube, cube.next_slice, cube.path(KEY))
    assert done.report["slices"][0]["outcome"] == "appended"
    assert_appended(cube, tmp_path / "out")


def test_a_token_expires_after_the_decision(cube, tmp_path):
    cube.server.rules = Expires("time/c/0", method="PUT").rules
    words = (*LONG_LEASE, cube.next_slice, cube.path(KEY))
    said = refused(cube, *words, status=1)
    # These two are under way at once.
    assert given_up(cube, said) in (f"{KEY}/time/c/0", f"{KEY}/air/c/1/0/0")
    assert "The append is decided" in said
    cube.server.rules = []
    end_lease(cube)
    done = append(cube, cube.next_slice, cube.path(KEY))
    assert len(done.report["recovered"]["finished"]) == 1
    assert_appended(cube, tmp_path / "out")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST"])
def test_a_token_that_is_renewed_in_time(cube, tmp_path, method):
    """One answer says that it has expired; by then there is another."""
    cube.server.nth_fault(0, EXPIRED, method=method)
    append(cube, cube.next_slice, cube.path(KEY))
    assert cube.server.fault_hit
    assert_appended(cube, tmp_path / "out")


# Names.


@pytest.mark.parametrize("name", ["s3", "gcs", "s3_moto", "az"])
def test_a_bucket_that_does_not_exist(request, two_slices, name):
    store = request.getfixturevalue(name)
    target = f"/vsi{store.scheme}/no-such-bucket-17/cube.zarr"
    said = refused(store, two_slices[0], target, status=1)
    assert f"'{target}.mdimappend/lock'" in said
    assert "'no-such-bucket-17' does not exist" in said


@pytest.mark.parametrize("spelling", ["/vsis3/bucket", "/vsis3/bucket/", "s3://bucket"])
def test_a_bucket_itself_is_no_target(cube, spelling):
    with unchanged(cube):
        said = refused(cube, cube.next_slice, spelling, status=1)
    assert said.startswith(f"target '{spelling}' is the root of a bucket")


@pytest.mark.parametrize("target", ["/vsis3/", "/vsiaz/", "/vsigs/"])
def test_no_bucket_is_named(cube, target):
    with unchanged(cube):
        said = refused(cube, cube.next_slice, target, status=1)
    assert said.startswith(f"target '{target}' names no bucket.")


@pytest.mark.parametrize(
    "key",
    ["x/../y.zarr", "../bucket/y.zarr", "x/./y.zarr", "x//y.zarr", "x/.."],
)
def test_names_that_are_not_what_they_seem(cube, key):
    with unchanged(cube):
        said = refused(cube, cube.next_slice, cube.path(key), status=2)
    assert f"'{key}' has parts that are empty, '.' or '..'. Nothing was" in said


@pytest.mark.parametrize("group", ["../y.zarr", "a/../b", "a//b", "."])
def test_groups_that_are_not_what_they_seem(cube, group):
    words = ("--group", group, cube.next_slice, cube.path(KEY))
    with unchanged(cube):
        said = refused(cube, *words, status=2)
    assert f"'{group}' has parts that are empty, '.' or '..'. Nothing was" in said


@pytest.mark.parametrize(
    "target",
    [
        "/vsimem/cube.zarr",
        "/vsioss/bucket/cube.zarr",
        "/vsiswift/bucket/cube.zarr",
        "/vsihdfs/bucket/cube.zarr",
        "/vsiadls/bucket/cube.zarr",
        "/vsicurl/http://127.0.0.1:1/cube.zarr",
        "/vsizip/cube.zip/cube.zarr",
        "/vsis3_streaming/bucket/cube.zarr",
        "http://127.0.0.1:1/cube.zarr",
    ],
)
def test_other_file_systems_are_no_targets(cube, target):
    with unchanged(cube):
        said = refused(cube, cube.next_slice, target, status=1)
    assert said.startswith(f"target '{target}' is neither on a local file system nor")
    assert said.endswith("Nothing was written.")


# What is there already.


@pytest.mark.parametrize("object_name", ["readme.txt", "a/b/c", "c/0/0"])
def test_a_folder_with_other_objects_is_no_target(s3, two_slices, object_name):
    s3.server.put_object("bucket", f"{KEY}/{object_name}", b"x")
    with unchanged(s3):
        said = refused(s3, two_slices[0], s3.path(KEY), status=1)
    assert said.startswith(
        f"target '{s3.path(KEY)}' is a non-empty folder, and not a Zarr store"
    )


def test_objects_whose_names_only_begin_alike_are_nothing_to_it(s3, tmp_path):
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    for name in (f"{KEY}.txt", f"{KEY}2/zarr.json", f"{KEY}.mdimappend2/lock"):
        s3.server.put_object("bucket", name, b"{}")
    append(s3, first, second, s3.path(KEY))
    assert_appended(s3, tmp_path / "out")


def test_overwriting_is_refused(cube):
    words = ("--overwrite", cube.next_slice, cube.path(KEY))
    with unchanged(cube, but=[LOCK]):
        said = refused(cube, *words, status=2)
    assert "--overwrite" in said
    assert said.endswith("Nothing was written.")


def test_a_refused_slice_leaves_nothing(cube, tmp_path):
    flipped = cubes.weather(3, 2).isel(lat=slice(None, None, -1))
    path = cubes.write(flipped, tmp_path / "flipped.nc")
    with unchanged(cube, but=[LOCK]):
        said = refused(cube, path, cube.path(KEY), status=5)
    assert "'lat'" in said


@pytest.mark.parametrize("bucket", ["bucket", "no-such-bucket"])
def test_a_slice_that_is_not_there(cube, bucket):
    name = f"/vsis3/{bucket}/in/none.nc"
    with unchanged(cube, but=[LOCK]):
        said = refused(cube, name, cube.path(KEY), status=4)
    assert said.startswith(f"slice '{name}' cannot be opened")
    assert "404" in said


def test_a_slice_that_may_not_be_read(cube):
    cube.server.put_object("bucket", "in/next.nc", cube.next_slice.read_bytes())
    cube.server.rules = [Rule(DENIED, key="bucket/in/")]
    name = cube.path("in/next.nc")
    with unchanged(cube, but=[LOCK]):
        said = refused(cube, name, cube.path(KEY), status=4)
    assert said.startswith(f"slice '{name}':")


# Stores that do not know conditions.


@pytest.fixture
def simple():
    with memory_store("s3", ignores_conditions=True) as store:
        yield store


def test_a_store_that_ignores_conditions_is_refused(simple, two_slices):
    with unchanged(simple):
        said = refused(simple, two_slices[0], simple.path(KEY), status=1)
    assert said.startswith(f"'{simple.path(LOCK)}': this store does not heed")
    assert "--lock none" in said


def test_a_store_that_ignores_conditions_is_refused_again(simple, two_slices):
    for _ in range(3):
        said = refused(simple, two_slices[0], simple.path(KEY), status=1)
        assert "this store does not heed" in said


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_without_lock_it_is_appended_all_the_same(simple, tmp_path, zarr_format):
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    words = ["--lock", "none", "--zarr-format", zarr_format]
    append(simple, *words, first, simple.path(KEY))
    append(simple, *words, second, simple.path(KEY))
    assert_appended(simple, tmp_path / "out")
    assert LOCK not in simple.server.objects("bucket")


# What one does about it.


def test_status_and_log_of_a_cube_in_order(cube):
    with unchanged(cube):
        status = verb(cube, "status").stdout
        log = json.loads(verb(cube, "log", "--json").stdout)
    assert "not locked" in status
    assert "1 append logged" in status
    assert "nothing pending" in status
    assert [entry["sequence"] for entry in log] == [1]
    assert log[0]["slices"][0]["last_label"] == "2000-01-03"


@pytest.mark.parametrize("name", ["status", "log", "recover", "unlock"])
def test_verbs_of_what_does_not_exist(cube, name):
    with unchanged(cube):
        done = verb(cube, name, status=1, key="x/other.zarr")
    assert f"target '{cube.path('x/other.zarr')}' does not exist" in done.stderr


def test_nothing_to_recover_or_unlock(cube):
    with unchanged(cube, but=[LOCK]):
        assert "nothing to recover" in verb(cube, "recover").stdout
        assert "not locked" in verb(cube, "unlock").stdout


@contextlib.contextmanager
def killed(cube, key, *options):
    """A writer died when this object was under way; it never arrives."""
    hold = Hold()
    cube.server.rules = [Rule(hold, method="PUT", key=key, times=1)]
    words = ("--quiet", *options, cube.next_slice, cube.path(KEY))
    process = cubes.start(*words, env=cube.environment())
    try:
        assert hold.arrived.wait(60), "the append put no such object"
    finally:
        process.kill()
        process.communicate()
    cube.server.rules = []
    yield


OUTCOMES = {
    "decision$": ("undoes", "undone"),
    "stage/": ("undoes", "undone"),
    "cube.zarr/air/zarr.json": ("finishes", "finished"),
    "log/": ("finishes", "finished"),
}


@pytest.mark.parametrize("key", OUTCOMES)
def test_a_lease_of_the_dead_is_ended_and_its_append_settled(cube, tmp_path, key):
    will, done = OUTCOMES[key]
    with killed(cube, key):
        with unchanged(cube):
            assert "locked by process" in verb(cube, "status").stdout
            words = ("--lock-timeout", 0, cube.next_slice, cube.path(KEY))
            assert cube.path(LOCK) in refused(cube, *words, status=3)
            verb(cube, "recover", "--lock-timeout", 0, status=3)
        assert "ended the lease" in verb(cube, "unlock").stdout
        assert f"the next run {will} it" in verb(cube, "status").stdout
        assert done in verb(cube, "recover").stdout
        assert "nothing pending" in verb(cube, "status").stdout
    days = 5 if done == "finished" else 3
    assert_appended(cube, tmp_path / "recovered", days)
    append(cube, cube.next_slice, cube.path(KEY))
    assert_appended(cube, tmp_path / "out")


def test_a_lease_that_ran_out_is_taken_over_without_being_asked(cube, tmp_path):
    """By the store's clock: of its lease of an hour, and 10 % and 10 s more."""
    with killed(cube, "decision$", *LONG_LEASE):
        end_lease(cube, 3600)
        words = ("--lock-timeout", 0, cube.next_slice, cube.path(KEY))
        assert cube.path(LOCK) in refused(cube, *words, status=3)
        end_lease(cube, 1.1 * 3600 + 12)
        done = append(cube, *words)
    assert len(done.report["recovered"]["undone"]) == 1
    assert_appended(cube, tmp_path / "out")


def test_a_lease_that_ran_out_is_waited_for(cube, tmp_path):
    """By one's own clock, if it is short."""
    with killed(cube, "decision$", "--lease", "1s"):
        started = time.monotonic()
        done = append(cube, cube.next_slice, cube.path(KEY))
    assert time.monotonic() - started > 1
    assert len(done.report["recovered"]["undone"]) == 1
    assert_appended(cube, tmp_path / "out")

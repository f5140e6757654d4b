"""No secret is written anywhere: not into the store, not beside it, not for a
moment; and nothing that is printed shows one. And each side of an append is asked
with its own.

Looked at are the contents of all requests, so all that was ever in the store, and
the names of all objects.
"""

import json
import os
from urllib.parse import quote, unquote

import cubes
import pytest
from scripted_server import Delay, Rule, Status
from stores import memory_store

KEY = "x/cube.zarr"
# Some of their letters look otherwise in a URL, and in JSON.
SECRET = 'wJalr/XUtn"FEMI+K7=MDENG'
TOKEN = "FwoGZXIvYXdzEBYaDK/+sessionTOKEN=="
PASSWORD = "pa55w0rd-of-somebody"
SIGNATURE = "5f16a4c0bbd0signaturedeadbeef"
ALL = (SECRET, TOKEN, PASSWORD, SIGNATURE)


def spellings(secret):
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield json.dumps(secret)[1:-1]


class Watched:
    """A store of which all that was written is kept."""

    def __init__(self, store):
        self.store = store
        self.bodies = {}
        store.server.rules = [Rule(Delay(0), predicate=self.look)]

    def look(self, request):
        name = f"{request.method} {request.path} {len(self.bodies)}"
        self.bodies[name] = request.body
        return False

    def assert_without(self, *secrets):
        assert self.bodies, "nothing was asked"
        for name, body in self.bodies.items():
            for spelling in {s for secret in secrets for s in spellings(secret)}:
                assert spelling not in name, name
                assert spelling.encode() not in body, f"in {name}: {body[:2000]}"


@pytest.fixture
def watched(s3):
    s3.server.create_bucket("web")
    return Watched(s3)


def environment(store, **more):
    """Of a user with temporary credentials."""
    return store.environment(
        AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN, **more
    )


def run(store, *arguments, env=None, **options):
    """Runs the command; nothing that it says is a secret."""
    env = environment(store) if env is None else env
    done = cubes.run(*arguments, env=env, **options)
    assert_silent(done)
    return done


def assert_silent(done):
    for secret in ALL:
        for spelling in spellings(secret):
            assert spelling not in done.stdout, f"on stdout: {done}"
            assert spelling not in done.stderr, f"on stderr: {done}"


def verb(store, name, *arguments):
    words = ("driver", "mdimappend", name, *arguments, store.path(KEY))
    return run(store, *words, command="gdal")


def served(watched, path, key="in/next.nc"):
    """A slice on the web; its host and path."""
    watched.store.server.put_object("web", key, path.read_bytes())
    return f"{watched.store.server.address}/web/{key}"


SIGNED_QUERY = (
    "?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    f"&X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
    f"&X-Amz-Security-Token={quote(TOKEN, safe='')}&X-Amz-Signature={SIGNATURE}"
)
SAS_QUERY = f"?sv=2021-12-02&ss=b&srt=sco&sp=r&sig={quote(SECRET, safe='')}"
URLS = {
    "a password": f"/vsicurl/http://somebody:{PASSWORD}@{{}}",
    "a signature": f"/vsicurl/http://{{}}{SIGNED_QUERY}",
    "a shared access signature": f"/vsicurl/http://{{}}{SAS_QUERY}",
    "options before it": f"/vsicurl?header.Authorization=Bearer%20{PASSWORD}"
    "&list_dir=no&url=http%3A%2F%2F{}",
    "an encoded signature": "/vsicurl?list_dir=no&url=http%3A%2F%2F{}"
    + quote(SIGNED_QUERY, safe=""),
}


def slice_url(watched, kind, path):
    where = served(watched, path)
    if "%3A%2F%2F" in URLS[kind]:
        where = quote(where, safe="")
    return URLS[kind].format(where)


# From the environment.


@pytest.mark.parametrize("report", ["text", "json"])
def test_secrets_of_the_environment(watched, two_slices, report):
    for path in two_slices:
        run(watched.store, "--report", report, path, watched.store.path(KEY))
    for name in ("status", "log"):
        verb(watched.store, name)
        verb(watched.store, name, "--json")
    watched.assert_without(SECRET, TOKEN)


def test_secrets_of_the_environment_in_a_dry_run(watched, two_slices):
    run(watched.store, "--dry-run", two_slices[0], watched.store.path(KEY))
    watched.assert_without(SECRET, TOKEN)


def test_a_shared_access_signature(az, two_slices, tmp_path):
    token = az.config["AZURE_STORAGE_SAS_TOKEN"]
    signature = token.rpartition("sig=")[2]
    watched = Watched(az)
    for path in two_slices:
        done = cubes.append(path, az.path(KEY), env=az.environment())
        assert signature not in done.stdout + done.stderr
        assert unquote(signature) not in done.stdout + done.stderr
    watched.assert_without(signature, unquote(signature))


# From the command line.

GIVEN = {
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": TOKEN,
    "GDAL_HTTP_USERPWD": f"somebody:{PASSWORD}",
    "GDAL_HTTP_HEADERS": f"X-Key: {PASSWORD}",
    "AZURE_STORAGE_SAS_TOKEN": f"sv=2021&sig={quote(SECRET, safe='')}",
    "AZURE_STORAGE_CONNECTION_STRING": f"AccountName=a;AccountKey={PASSWORD}",
}


@pytest.mark.parametrize("option", ["--config", "--target-config", "--slice-config"])
@pytest.mark.parametrize("name", GIVEN)
def test_secrets_of_the_command_line(watched, two_slices, option, name):
    words = [option, f"{name}={GIVEN[name]}", two_slices[0], watched.store.path(KEY)]
    run(watched.store, *words)
    watched.assert_without(*ALL)


@pytest.mark.parametrize("option", ["--config", "--target-config", "--slice-config"])
@pytest.mark.parametrize("form", ["=", " "])
def test_secrets_as_one_word_and_as_two(watched, two_slices, option, form):
    pair = f"AWS_SESSION_TOKEN={TOKEN}"
    words = [f"{option}={pair}"] if form == "=" else [option, pair]
    run(watched.store, *words, two_slices[0], watched.store.path(KEY))
    verb(watched.store, "log", "--json")
    watched.assert_without(*ALL)


def test_secrets_of_gdals_own_command(watched, two_slices):
    words = ("mdim", "append", "--config", f"AWS_SESSION_TOKEN={TOKEN}")
    words += ("--target-config", f"AWS_SECRET_ACCESS_KEY={SECRET}")
    run(watched.store, *words, two_slices[0], watched.store.path(KEY), command="gdal")
    watched.assert_without(*ALL)


@pytest.mark.parametrize("report", ["text", "json"])
def test_secrets_of_the_command_line_in_a_dry_run(watched, two_slices, report):
    words = ["--dry-run", "--report", report]
    words += ["--target-config", f"AWS_SECRET_ACCESS_KEY={SECRET}"]
    words += ["--slice-config", f"GDAL_HTTP_USERPWD=somebody:{PASSWORD}"]
    done = run(watched.store, *words, two_slices[0], watched.store.path(KEY))
    # That they are set is no secret.
    assert "AWS_SECRET_ACCESS_KEY" in done.stdout
    assert "GDAL_HTTP_USERPWD" in done.stdout


@pytest.mark.parametrize("words", [[], ["--dry-run"], ["--dry-run", "--report=json"]])
def test_secrets_of_a_settings_file(watched, two_slices, tmp_path, words):
    path = tmp_path / "settings.json"
    settings = {
        "target_storage_options": {"key": "id", "secret": SECRET, "token": TOKEN},
        "slice_storage_options": {"account_name": "a", "sas_token": f"sig={PASSWORD}"},
    }
    path.write_text(json.dumps(settings))
    words = ["--settings", path, *words, two_slices[0], watched.store.path(KEY)]
    run(watched.store, *words)
    watched.assert_without(*ALL)


def test_a_secret_that_is_no_setting(watched, two_slices):
    """A mistake in the command line is shown without it."""
    words = ["--target-config", f"AWS_SECRET_ACCESS_KEY {PASSWORD}"]
    words += [two_slices[0], watched.store.path(KEY)]
    run(watched.store, *words, status=None)


# In the names of slices.


@pytest.mark.parametrize("kind", URLS)
@pytest.mark.parametrize("report", ["text", "json"])
def test_secrets_in_the_name_of_a_slice(watched, two_slices, kind, report):
    first, second = two_slices
    run(watched.store, first, watched.store.path(KEY))
    name = slice_url(watched, kind, second)
    run(watched.store, "--report", report, name, watched.store.path(KEY))
    for verb_name in ("status", "log"):
        verb(watched.store, verb_name, "--json")
    watched.assert_without(*ALL)


@pytest.mark.parametrize("kind", [kind for kind in URLS if "shared" not in kind])
@pytest.mark.parametrize("how", ["dry run", "missing", "denied", "refused", "again"])
def test_secrets_in_the_name_of_a_slice_that_is_not_appended(
    watched, two_slices, tmp_path, kind, how
):
    first, second = two_slices
    store = watched.store
    run(store, first, store.path(KEY))
    if how == "refused":
        flipped = cubes.weather(3, 2).isel(lat=slice(None, None, -1))
        second = cubes.write(flipped, tmp_path / "flipped.nc")
    name = slice_url(watched, kind, second)
    if how == "missing":
        store.server.delete_object("web", "in/next.nc")
    if how == "denied":
        denied = Status(403, "AccessDenied", "Access Denied")
        store.server.rules += [Rule(denied, key="^web/")]
    if how == "again":
        run(store, name, store.path(KEY))
    words = ["--dry-run"] if how == "dry run" else []
    status = {"missing": 4, "denied": 4, "refused": 5}.get(how, 0)
    run(store, *words, name, store.path(KEY), status=status)
    watched.assert_without(*ALL)


def test_secrets_in_a_list_of_slices(watched, two_slices, tmp_path):
    first, second = two_slices
    run(watched.store, first, watched.store.path(KEY))
    line = {"slice": slice_url(watched, "a password", second)}
    listed = tmp_path / "slices.txt"
    listed.write_text(json.dumps(line) + "\n")
    run(watched.store, "--slices-from", listed, watched.store.path(KEY))
    watched.assert_without(*ALL)


@pytest.mark.parametrize("kind", ["a password", "a signature"])
def test_secrets_in_the_name_of_a_slice_for_a_local_target(
    watched, two_slices, tmp_path, kind
):
    name = slice_url(watched, kind, two_slices[0])
    store = tmp_path / "cube.zarr"
    words = ["--slice-config", f"AWS_SESSION_TOKEN={TOKEN}"]
    run(watched.store, *words, name, store)
    for folder in (store, cubes.sidecar(store)):
        for path in folder.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            for secret in ALL:
                for spelling in spellings(secret):
                    assert spelling.encode() not in data, path


# In what fails.


@pytest.mark.parametrize("code", [400, 403])
def test_errors_of_a_store_show_no_signed_urls(watched, two_slices, code):
    """Nor what the store repeats of them in its message."""
    said = f"no\nto {SECRET} {TOKEN}"
    fault = Status(code, "Anything", said, {"x-amz-request-id": SECRET})
    watched.store.server.rules += [Rule(fault, method="PUT", key="decision$")]
    done = run(watched.store, two_slices[0], watched.store.path(KEY), status=1)
    assert "X-Amz-" not in done.stderr


def test_no_answer_shows_no_signed_urls(s3, two_slices):
    """The address of nobody."""
    env = environment(s3, AWS_S3_ENDPOINT="127.0.0.1:1")
    done = run(s3, two_slices[0], s3.path(KEY), env=env, status=3)
    assert "X-Amz-" not in done.stderr


# Each side with its own.


def credential(request):
    """Whose request it is."""
    signed = (
        request.query.get("X-Amz-Credential")
        or request.headers.get("authorization", "").partition("Credential=")[2]
    )
    return signed.partition("/")[0] or None


def sides(key):
    words = []
    for side, name in (("target", "writer"), ("slice", "reader")):
        words += [f"--{side}-config", f"AWS_ACCESS_KEY_ID={name}"]
        words += [f"--{side}-config", f"AWS_SECRET_ACCESS_KEY={key}"]
    return words


# More than GDAL fetches when it opens a file.
SIZE = {"lat": 60, "lon": 100}


def put_slices(store, bucket, folder, kind):
    """Two slices of a kind; their names for GDAL."""
    names = []
    for first, days in ((0, 3), (3, 2)):
        part = cubes.weather(first, days, **SIZE)
        path = folder / f"{first}.{kind}"
        if kind == "nc":
            cubes.write(part, path)
        else:
            part.to_zarr(path, zarr_format=3, consolidated=True)
        files = [path] if kind == "nc" else [p for p in path.rglob("*") if p.is_file()]
        for file in files:
            key = f"in/{file.relative_to(folder)}"
            store.server.put_object(bucket, key, file.read_bytes())
        names.append(f"/vsi{store.scheme}/{bucket}/in/{path.name}")
    return names


KINDS = pytest.mark.parametrize("kind", ["nc", "zarr"])


@KINDS
@pytest.mark.parametrize("more", [[], ["--num-threads", 1], ["--slices-per-commit", 2]])
def test_two_buckets_with_their_own_credentials(s3, tmp_path, kind, more):
    s3.server.create_bucket("incoming")
    names = put_slices(s3, "incoming", tmp_path, kind)
    environment = s3.environment(AWS_ACCESS_KEY_ID="nobody")
    cubes.append(*sides(SECRET), *more, *names, s3.path(KEY), env=environment)
    used = {(r.bucket, credential(r)) for r in s3.server.requests}
    assert used == {("incoming", "reader"), ("bucket", "writer")}
    folder = s3.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.weather(0, 5, **SIZE))


@KINDS
@pytest.mark.parametrize("side", ["target", "slice"])
def test_what_is_for_one_side_is_not_for_the_other(s3, tmp_path, kind, side):
    """The other one is asked with what the environment says."""
    s3.server.create_bucket("incoming")
    names = put_slices(s3, "incoming", tmp_path, kind)
    words = [f"--{side}-config", "AWS_ACCESS_KEY_ID=own"]
    environment = s3.environment(AWS_ACCESS_KEY_ID="common")
    cubes.append(*words, *names, s3.path(KEY), env=environment)
    used = {(r.bucket, credential(r)) for r in s3.server.requests}
    own = "bucket" if side == "target" else "incoming"
    other = "incoming" if side == "target" else "bucket"
    assert used == {(own, "own"), (other, "common")}


@KINDS
def test_one_bucket_with_two_credentials(s3, tmp_path, kind):
    names = put_slices(s3, "bucket", tmp_path, kind)
    environment = s3.environment(AWS_ACCESS_KEY_ID="nobody")
    cubes.append(*sides(SECRET), *names, s3.path(KEY), env=environment)
    used = {
        (asked.partition("/")[0], credential(request))
        for request in s3.server.requests
        # Many deletions at once name no object.
        if (asked := request.key or request.query.get("prefix", ""))
    }
    assert used == {("in", "reader"), ("x", "writer")}


NOTHING = ("AWS_", "GS_", "CPL_")
SILENT = {"CPL_GCE_SKIP": "YES", "AWS_EC2_METADATA_DISABLED": "true"}


@KINDS
@pytest.mark.parametrize("flavour", ["s3", "gcs"])
def test_two_servers_with_their_own_addresses_and_secrets(tmp_path, flavour, kind):
    """Of these, Google's looks at signatures. The environment knows neither."""
    with (
        memory_store(flavour, "incoming", secret="reads") as incoming,
        memory_store(flavour, secret="writes") as target,
    ):
        names = put_slices(incoming, "incoming", tmp_path, kind)
        prefix = "AWS" if flavour == "s3" else "GS"
        words = []
        for side, store, key in (
            ("slice", incoming, "reads"),
            ("target", target, "writes"),
        ):
            config = {**store.config, f"{prefix}_SECRET_ACCESS_KEY": key}
            for name, value in config.items():
                words += [f"--{side}-config", f"{name}={value}"]
        known = target.environment()
        environment = {k: v for k, v in known.items() if not k.startswith(NOTHING)}
        words += [*names, target.path(KEY)]
        cubes.append(*words, env={**environment, **SILENT})
        assert {r.method for r in incoming.server.requests} <= {"GET", "HEAD"}
        folder = target.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.weather(0, 5, **SIZE))


def test_the_verbs_take_the_targets_credentials_as_configuration(s3, two_slices):
    """They have one side only."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    cubes.append(two_slices[0], s3.path(KEY), env=s3.environment())
    words = ("driver", "mdimappend", "status", *s3.options(), s3.path(KEY))
    done = cubes.run(*words, command="gdal", env=environment)
    assert "nothing pending" in done.stdout

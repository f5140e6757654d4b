"""What an append says, and how it ends, when a store does not answer or refuses: what
is wrong, with which object, where it was asked, and how the target is; never a secret.
"""

import re
import time
from dataclasses import dataclass
from email.utils import formatdate

import cubes
import pytest
from faults import Action, Rule, Status
from http_wire import Answer
from servers import free_port

KEY = "x/cube.zarr"
LOCK = f"{KEY}.mdimappend/lock"
SECRET = "never+to/be=told"
TRY_AGAIN = 3


@pytest.fixture
def days(tmp_path):
    return cubes.weather_slices(tmp_path, (2, 2))


@pytest.fixture(params=["s3", "gcs"])
def store(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def filled(store, days):
    cubes.append(days[0], store.path(KEY), env=store.environment())
    store.server.clear()
    return store


def refused(store, *words, status, **settings):
    """The message of a run that fails; nothing of it is a secret."""
    if store.scheme == "s3":
        settings = {"AWS_SECRET_ACCESS_KEY": SECRET, **settings}
    done = cubes.append(*words, status=status, env=store.environment(**settings))
    for told in (done.stdout, done.stderr):
        assert SECRET not in told
        assert "Signature=" not in told.replace("Signature=***", "")
    assert done.message, done
    return done.message


@dataclass
class Says(Action):
    """An answer that is no XML."""

    code: int
    body: bytes

    def answer(self, request, carry_out, stopping):
        return Answer(self.code, [("Content-Type", "text/plain")], self.body)


# Not there.


def test_an_endpoint_that_is_down(s3, days):
    address = f"127.0.0.1:{free_port()}"
    said = refused(s3, days[0], s3.path(KEY), status=TRY_AGAIN, AWS_S3_ENDPOINT=address)
    assert f"cannot read '{s3.path(LOCK)}': no answer" in said
    assert f"http://{address}" in said
    assert said.endswith("Nothing was appended.")


def test_an_endpoint_that_cannot_be_resolved(s3, days):
    host = "no-such-host.invalid:9000"
    said = refused(s3, days[0], s3.path(KEY), status=TRY_AGAIN, AWS_S3_ENDPOINT=host)
    assert "the host name of the endpoint cannot be resolved" in said
    assert f"http://{host}" in said
    assert said.endswith("Nothing was appended.")


@pytest.mark.parametrize(("code", "word"), [(500, "InternalError"), (503, "SlowDown")])
def test_a_store_that_cannot_answer_now(filled, days, code, word):
    filled.server.rules = [Rule(Status(code, word, "Come back"))]
    said = refused(filled, days[1], filled.path(KEY), status=TRY_AGAIN)
    assert f"'{filled.path(LOCK)}'" in said
    assert word in said
    assert said.endswith("Nothing was appended.")


def test_a_store_that_goes_away_in_the_middle(filled, days, tmp_path):
    """Of two attempts the second one is in."""
    before = filled.server.objects("bucket")
    gone = Status(503, "ServiceUnavailable")
    filled.server.rules = [Rule(gone, method="PUT", key="cube.zarr/air/c/")]
    said = refused(filled, days[1], filled.path(KEY), status=TRY_AGAIN)
    assert f"cannot write '{filled.path(KEY)}/air/c/" in said
    assert "Nothing was appended." in said
    filled.server.rules = []
    after = filled.server.objects("bucket")
    assert {k: v for k, v in after.items() if "mdimappend" not in k} == {
        k: v for k, v in before.items() if "mdimappend" not in k
    }
    cubes.append(days[1], filled.path(KEY), env=filled.environment())
    cubes.assert_reads_as(
        filled.download(f"{KEY}/", tmp_path / "out"), cubes.weather(0, 4)
    )


# What the store does not take.


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_what_it_calls_wrong_is_not_asked_again(filled, days, method):
    wrong = Status(400, "InvalidArgument", "This is not an argument")
    filled.server.rules = [Rule(wrong, method=method, key="/lock$")]
    said = refused(filled, days[1], filled.path(KEY), status=1)
    assert f"'{filled.path(LOCK)}'" in said
    assert "InvalidArgument: This is not an argument" in said
    assert said.endswith("Nothing was appended.")
    # Puts have a checksum, without which it is tried once more.
    asked = filled.server.count(method, "/lock$")
    assert asked <= (2 if method == "PUT" else 1), filled.server.requests


def test_a_refusal_in_plain_text_is_told(s3, days):
    """By a proxy, say; and without what it repeats of the request."""
    body = b"<html>no\n such   thing: https://me:pw@host/x?X-Amz-Signature=abc</html>"
    s3.server.rules = [Rule(Says(400, body))]
    said = refused(s3, days[0], s3.path(KEY), status=1)
    assert "HTTP 400: <html>no such thing: https://" in said
    assert "abc" not in said
    assert "pw" not in said
    assert s3.server.count() == 1


def test_a_list_that_it_calls_wrong(store, days):
    """Whether there is anything is asked by a list, where there is no lock."""
    wrong = Status(400, "InvalidArgument", "This is not an argument")
    lists = Rule(wrong, method="GET", predicate=lambda r: "prefix" in r.query)
    store.server.rules = [lists]
    said = refused(store, days[0], store.path(KEY), status=1)
    assert "InvalidArgument" in said
    assert lists.applied <= 2


# Credentials, rights, clocks.

REFUSALS = {
    "wrong secret": (
        Status(403, "SignatureDoesNotMatch", "It does not match."),
        "The secret key is not the one that belongs to the access key",
    ),
    "wrong key": (
        Status(403, "InvalidAccessKeyId", "It does not exist."),
        "The store does not know the access key",
    ),
    "wrong token": (
        Status(400, "InvalidToken", "The provided token is malformed."),
        "The token does not belong to these credentials",
    ),
    "expired token": (
        Status(400, "ExpiredToken", "The provided token has expired."),
        "The session token has expired: new credentials are needed",
    ),
    "clock": (
        Status(403, "RequestTimeTooSkewed", "The difference is too large."),
        "The request was signed too long ago, or for a time that is yet to come",
    ),
    "no permission": (
        Status(403, "AccessDenied", "Access Denied"),
        "The credentials do not allow this",
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_is_wrong_is_said(s3, days, what):
    refusal, words = REFUSALS[what]
    s3.server.rules = [Rule(refusal)]
    said = refused(s3, days[0], s3.path(KEY), status=1)
    assert f"cannot read '{s3.path(LOCK)}': HTTP {refusal.code} {refusal.xml_code}: "
    assert words in said
    assert [w for _, w in REFUSALS.values() if w in said] == [words]
    assert f"The endpoint is http://{s3.server.address}" in said
    assert said.endswith("Nothing was appended.")


@pytest.mark.parametrize("what", REFUSALS)
def test_what_is_wrong_with_a_put_is_said(gcs, days, what):
    """By GDAL's file API, which tells no status."""
    refusal, words = REFUSALS[what]
    gcs.server.rules = [Rule(refusal, method="PUT")]
    said = refused(gcs, days[0], gcs.path(KEY), status=1)
    assert f"cannot write '{gcs.path(LOCK)}': " in said
    assert words in said
    assert f"http://{gcs.server.address}" in said
    assert said.endswith("Nothing was appended.")


@pytest.mark.parametrize(("seconds", "side"), [(7200, "behind"), (-7200, "ahead of")])
def test_by_how_much_the_clock_is_wrong_is_said(s3, days, seconds, side):
    now = {"Date": formatdate(time.time() + seconds, usegmt=True)}
    refusal = Status(403, "RequestTimeTooSkewed", "Too large.", now)
    s3.server.rules = [Rule(refusal)]
    said = refused(s3, days[0], s3.path(KEY), status=1)
    found = re.search(rf"This machine's clock is (\d+) s {side} the store's", said)
    assert found, said
    assert abs(int(found[1]) - abs(seconds)) < 60


def test_a_wrong_key_of_azure(az, days):
    config = az.environment(
        AZURE_STORAGE_SAS_TOKEN=az.config["AZURE_STORAGE_SAS_TOKEN"].replace(
            "sig=", "sig=AAAA"
        )
    )
    done = cubes.append(days[0], az.path(KEY), status=1, env=config)
    assert f"cannot read '{az.path(LOCK)}'" in done.message
    assert re.search(
        r"The account's key or its signature is wrong|do not allow this", done.message
    )


def test_a_lock_that_was_lost(s3, days):
    """Somebody has ended its lease while it was writing."""
    cubes.append(days[0], s3.path(KEY), env=s3.environment())

    class TakenOver(Action):
        def answer(self, request, carry_out, stopping):
            answer = carry_out()
            lock = s3.server.objects("bucket")[LOCK]
            other = re.sub(rb'"nonce": "\w+"', b'"nonce": "0"', lock)
            s3.server.put_object("bucket", LOCK, other)
            return answer

    chunk = Rule(TakenOver(), method="PUT", key="cube.zarr/air/c/", times=1)
    s3.server.rules = [chunk]
    said = refused(s3, days[1], s3.path(KEY), status=TRY_AGAIN)
    assert f"the lock '{s3.path(LOCK)}' was taken over" in said
    assert "Nothing was appended." in said

"""The scripted server fails when it is told to, and not otherwise."""

import base64
import hashlib
import http.client
import threading
import time

import pytest
from plain_client import Client
from scripted_server import (
    CutBody,
    CutHead,
    Delay,
    DropRequest,
    ErrorAfter,
    Hold,
    HoldAfter,
    LoseResponse,
    Rule,
    ScriptedServer,
    Status,
    TearPut,
    WrongETag,
)

ABSENT = {"If-None-Match": "*"}


@pytest.fixture(scope="session", autouse=True)
def _command():
    """These tests do not need the command that those around them do."""


def test_a_rule_skips_some_and_hits_some(s3, http_s3):
    s3.server.rules = [
        Rule(Status(503, "SlowDown"), method="PUT", key=r"^bucket/x", after=1, times=2)
    ]
    found = [http_s3("PUT", "/x1", b"1").status for _ in range(5)]
    assert found == [200, 503, 503, 200, 200]
    assert http_s3("PUT", "/y", b"1").status == 200
    assert http_s3("GET", "/x1").status == 200


def test_a_rule_can_look_at_the_request(s3, http_s3):
    s3.server.rules = [
        Rule(
            Status(403, "AccessDenied", "no", {"X-Why": "because"}),
            predicate=lambda r: "if-none-match" in r.headers and b"2" in r.body,
        )
    ]
    assert http_s3("PUT", "/a", b"1", **ABSENT).status == 200
    assert http_s3("PUT", "/b", b"2").status == 200
    refused = http_s3("PUT", "/c", b"2", **ABSENT)
    assert (refused.status, refused.headers["X-Why"]) == (403, "because")
    assert b"<Code>AccessDenied</Code><Message>no</Message>" in refused.data


@pytest.mark.parametrize(
    ("action", "carried_out"),
    [
        (DropRequest(), False),
        (DropRequest(started=True), False),
        (LoseResponse(), True),
        (LoseResponse(started=True), True),
        (CutBody(), True),
        (CutHead(), True),
    ],
    ids=repr,
)
def test_connections_that_break(s3, http_s3, action, carried_out):
    s3.server.rules = [Rule(action, times=1)]
    if isinstance(action, CutHead):
        assert "ETag" not in http_s3("PUT", "/a", b"1").headers
        http_s3.connection.close()
    else:
        with pytest.raises(ConnectionError):
            http_s3("PUT", "/a", b"1")
    assert ("a" in s3.server.objects("bucket")) == carried_out
    assert s3.server.requests[0].carried_out == carried_out
    assert s3.server.requests[0].status is None
    assert http_s3("PUT", "/a", b"1").status == 200


def test_a_body_is_cut(s3, http_s3):
    s3.server.put_object("bucket", "a", b"0123456789")
    s3.server.rules = [Rule(CutBody(0.3), times=1)]
    with pytest.raises(http.client.IncompleteRead) as cut:
        http_s3("GET", "/a")
    assert cut.value.partial == b"012"


def test_an_error_after_success(s3, http_s3):
    s3.server.rules = [Rule(ErrorAfter(500, "InternalError"), times=1)]
    assert http_s3.code("PUT", "/a", b"1", **ABSENT) == (500, "InternalError")
    assert http_s3.code("PUT", "/a", b"1", **ABSENT)[0] == 412


def md5(data):
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


@pytest.mark.parametrize("checksums", ["verified", "ignored"])
def test_a_put_is_torn(s3, http_s3, checksums):
    s3.server.api.checksums = checksums
    s3.server.rules = [Rule(TearPut(0.3))]
    for key, headers in (("/a", {}), ("/b", {"Content-MD5": md5(b"0123456789")})):
        with pytest.raises(ConnectionError):
            http_s3("PUT", key, b"0123456789", **headers)
    torn = {"a": b"012", "b": b"012"}
    if checksums == "verified":
        del torn["b"]
    assert s3.server.objects("bucket") == torn


def test_checksums_are_verified_ignored_or_refused(s3, http_s3, gcs, http_gcs):
    wrong = {"Content-MD5": md5(b"2")}
    assert http_s3.code("PUT", "/a", b"1", **wrong) == (400, "BadDigest")
    hashed = {"x-goog-hash": f"md5={md5(b'2')}"}
    assert http_gcs.code("PUT", "/a", b"1", **hashed) == (400, "BadDigest")
    assert http_gcs("PUT", "/a", b"2", **hashed).status == 200
    s3.server.api.checksums = "ignored"
    assert http_s3("PUT", "/a", b"1", **wrong).status == 200
    s3.server.api.checksums = "refused"
    assert http_s3.code("PUT", "/a", b"1", **wrong) == (501, "NotImplemented")
    assert http_s3("PUT", "/a", b"1").status == 200


def test_folders_are_kept():
    with ScriptedServer(keeps_folders=True) as server:
        server.create_bucket("bucket")
        for key in ("d/e/x", "d/f/y"):
            server.put_object("bucket", key, b"1")
        server.delete_object("bucket", "d/e/x")
        assert server.store.list("bucket", "d/", "/").prefixes == ["d/e/", "d/f/"]
        assert server.store.list("bucket", "d/e/", "/").objects == []
        assert [key for key, _ in server.store.list("bucket", "d/").objects] == [
            "d/f/y"
        ]


def test_a_wrong_version_is_answered(s3, http_s3, gcs, http_gcs):
    s3.server.rules = gcs.server.rules = [Rule(WrongETag(), method="PUT")]
    tag = http_s3("PUT", "/a", b"1").headers["ETag"]
    assert http_s3("GET", "/a").headers["ETag"] != tag
    name = "x-goog-generation"
    generation = http_gcs("PUT", "/a", b"1").headers[name]
    assert http_gcs("GET", "/a").headers[name] != generation


@pytest.mark.parametrize("kind", [Hold, HoldAfter])
def test_a_request_is_held(s3, kind):
    hold = kind()
    s3.server.rules = [Rule(hold, method="PUT", times=1)]
    writer = threading.Thread(target=lambda: Client(s3.server)("PUT", "/a", b"1"))
    writer.start()
    assert hold.arrived.wait(10)
    assert ("a" in s3.server.objects("bucket")) == (kind is HoldAfter)
    assert Client(s3.server)("PUT", "/b", b"1").status == 200
    hold.release.set()
    writer.join(10)
    assert set(s3.server.objects("bucket")) == {"a", "b"}


def test_a_held_request_is_carried_out_after_its_client_died(s3):
    hold = Hold()
    s3.server.rules = [Rule(hold)]
    client = Client(s3.server)
    client.connection.request("PUT", "/bucket/a", b"1")
    assert hold.arrived.wait(10)
    client.connection.close()
    hold.release.set()
    deadline = time.monotonic() + 10
    while not s3.server.objects("bucket") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert s3.server.objects("bucket") == {"a": b"1"}


def test_the_server_stops_though_a_request_is_held():
    hold = Hold()
    with ScriptedServer() as server:
        server.rules = [Rule(hold)]
        Client(server).connection.connect()  # Idle.
        waiting = Client(server)
        waiting.connection.request("GET", "/bucket/a")
        assert hold.arrived.wait(10)
        started = time.monotonic()
    assert time.monotonic() - started < 2


def test_a_pause_and_what_comes_after_it(s3, http_s3):
    s3.server.rules = [Rule(Delay(0.1)), Rule(Status(503, "SlowDown"))]
    started = time.monotonic()
    assert http_s3("GET", "/a").status == 503
    assert time.monotonic() - started >= 0.1


def test_the_nth_request_fails(s3, http_s3):
    for n in range(4):
        s3.server.nth_fault(n, Status(500, "InternalError"))
        found = [http_s3("PUT", "/a", b"1").status for _ in range(3)]
        assert found == [500 if n == number else 200 for number in range(3)]
        assert s3.server.fault_hit == (n < 3)

"""The scripted server is a store that one can believe, and remembers what it was
asked."""

import http.client
import os
import subprocess
import sys
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import s3_xml
from plain_client import Client
from stores import memory_store

ABSENT = {"If-None-Match": "*"}


@pytest.fixture(scope="session", autouse=True)
def _command():
    """These tests do not need the command that those around them do."""


def test_an_object_is_put_read_and_deleted(http_s3):
    put = http_s3("PUT", "/a/b%20c%2Bd", b"0123456789")
    got = http_s3("GET", "/a/b%20c%2Bd")
    assert (got.status, got.data) == (200, b"0123456789")
    assert got.headers["ETag"] == put.headers["ETag"]
    assert got.headers["ETag"] == '"781e5e245d69b566979b86e28d23f2c7"'
    assert got.headers["Last-Modified"]
    assert got.headers["Date"]
    head = http_s3("HEAD", "/a/b%20c%2Bd")
    assert (head.status, head.headers["Content-Length"]) == (200, "10")
    assert http_s3("DELETE", "/a/b%20c%2Bd").status == 204
    assert http_s3("DELETE", "/a/b%20c%2Bd").status == 204
    assert http_s3.code("GET", "/a/b%20c%2Bd") == (404, "NoSuchKey")
    assert http_s3.code("HEAD", "/a/b%20c%2Bd") == (404, None)


@pytest.mark.parametrize(
    ("wanted", "status", "data"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-3", 206, b"789"),
    ],
)
def test_a_range_is_read(s3, http_s3, wanted, status, data):
    s3.server.put_object("bucket", "a", b"0123456789")
    answer = http_s3("GET", "/a", Range=wanted)
    assert (answer.status, answer.data) == (status, data)
    assert answer.headers["Content-Range"].endswith("/10")


def test_a_range_beyond_the_end_is_refused(s3, http_s3):
    s3.server.put_object("bucket", "a", b"0123456789")
    assert http_s3.code("GET", "/a", Range="bytes=10-") == (416, "InvalidRange")


def test_a_bucket_that_was_not_created_is_an_error(s3):
    connection = http.client.HTTPConnection(s3.server.address)
    for method, body in (("PUT", b"x"), ("GET", None), ("DELETE", None)):
        connection.request(method, "/other/a", body)
        answer = connection.getresponse()
        assert (answer.status, b"NoSuchBucket" in answer.read()) == (404, True)


def test_if_none_match_creates_once(http_s3):
    assert http_s3("PUT", "/a", b"1", **ABSENT).status == 200
    assert http_s3.code("PUT", "/a", b"2", **ABSENT) == (412, "PreconditionFailed")
    assert http_s3("GET", "/a").data == b"1"


def test_if_match_replaces_what_was_seen(http_s3):
    first = http_s3("PUT", "/a", b"1").headers["ETag"]
    assert http_s3("PUT", "/a", b"2", If_Match=first).status == 200
    assert http_s3.code("PUT", "/a", b"3", If_Match=first)[0] == 412
    assert http_s3.code("PUT", "/b", b"3", If_Match=first) == (404, "NoSuchKey")
    assert http_s3("GET", "/a").data == b"2"


def test_one_of_many_creators_wins(s3):
    for turn in range(20):
        with ThreadPoolExecutor(6) as threads:
            statuses = threads.map(
                lambda client, key: client("PUT", key, b"x", **ABSENT).status,
                [Client(s3.server) for _ in range(6)],
                [f"/{turn}"] * 6,
            )
        assert sorted(statuses) == [200, 412, 412, 412, 412, 412]


def test_a_store_can_ignore_conditions():
    with memory_store(ignores_conditions=True) as store:
        client = Client(store.server)
        for data in (b"1", b"2"):
            assert client("PUT", "/a", data, **ABSENT).status == 200
        assert client("PUT", "/a", b"3", If_Match='"other"').status == 200


def test_an_object_is_copied(s3, http_s3):
    s3.server.put_object("bucket", "a b", b"1")
    done = http_s3("PUT", "/c", x_amz_copy_source="/bucket/a%20b")
    assert b"<CopyObjectResult" in done.data
    assert s3.server.objects("bucket") == {"a b": b"1", "c": b"1"}


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_of_a_listing_make_the_whole(s3, http_s3, version, delimiter, size):
    keys = ["a", "d/1", "d/2", "d/e/3", "e+ ü/x", "f/", "g&<"]
    for key in keys:
        s3.server.put_object("bucket", key, key.encode())
    expected = keys if not delimiter else ["a", "d/", "e+ ü/", "f/", "g&<"]
    found = []
    after = None
    while True:
        query = {"max-keys": size}
        if delimiter:
            query["delimiter"] = delimiter
        if version == "2":
            query["list-type"] = 2
        if after:
            query["continuation-token" if version == "2" else "marker"] = after
        answer = http_s3("GET", f"/?{urllib.parse.urlencode(query)}")
        root = s3_xml.parse(answer.data)
        page = [n.text for n in root.iterfind("Contents/Key")]
        page += [n.text for n in root.iterfind("CommonPrefixes/Prefix")]
        assert 1 <= len(page) <= size
        found += page
        if root.findtext("IsTruncated") == "false":
            break
        after = root.findtext(
            "NextContinuationToken" if version == "2" else "NextMarker"
        ) or max(page)
    assert sorted(found) == expected


def test_a_listing_below_a_prefix(s3, http_s3):
    for key in ("a", "d/1", "d/2", "d/e/3", "d0"):
        s3.server.put_object("bucket", key, b"12")
    root = s3_xml.parse(http_s3("GET", "/?list-type=2&prefix=d/&delimiter=/").data)
    assert [n.text for n in root.iterfind("Contents/Key")] == ["d/1", "d/2"]
    assert [n.text for n in root.iterfind("CommonPrefixes/Prefix")] == ["d/e/"]
    assert root.findtext("KeyCount") == "3"
    assert root.findtext("Contents/Size") == "2"
    root = s3_xml.parse(http_s3("GET", "/?list-type=2&start-after=d/2").data)
    assert [n.text for n in root.iterfind("Contents/Key")] == ["d/e/3", "d0"]


def test_many_objects_are_deleted_at_once(s3, http_s3):
    for key in ("a", "b&", "c"):
        s3.server.put_object("bucket", key, b"1")
    body = (
        "<Delete><Quiet>{}</Quiet><Object><Key>a</Key></Object>"
        "<Object><Key>b&amp;</Key></Object><Object><Key>no</Key></Object></Delete>"
    )
    loud = http_s3("POST", "/?delete", body.format("false").encode())
    assert loud.data.count(b"<Deleted>") == 3
    quiet = http_s3("POST", "/?delete", body.format("true").encode())
    assert quiet.data.count(b"<Deleted>") == 0
    assert list(s3.server.objects("bucket")) == ["c"]


def test_an_upload_in_parts_is_nothing_until_it_is_completed(s3, http_s3):
    root = s3_xml.parse(http_s3("POST", "/a?uploads").data)
    upload = root.findtext("UploadId")
    parts = ""
    for number, data in ((1, b"one"), (2, b"two")):
        put = http_s3("PUT", f"/a?partNumber={number}&uploadId={upload}", data)
        parts += (
            f"<Part><PartNumber>{number}</PartNumber>"
            f"<ETag>{put.headers['ETag']}</ETag></Part>"
        )
    assert s3.server.objects("bucket") == {}
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    assert http_s3("POST", f"/a?uploadId={upload}", body).status == 200
    assert s3.server.objects("bucket") == {"a": b"onetwo"}
    assert http_s3("GET", "/a").headers["ETag"].endswith('-2"')
    assert http_s3.code("DELETE", f"/a?uploadId={upload}") == (404, "NoSuchUpload")


def test_chunked_bodies_and_expectations(s3, http_s3):
    assert http_s3("PUT", "/a", iter([b"one", b"two"])).status == 200
    # The client of Python's library does not wait, and skips interim answers.
    assert http_s3("PUT", "/b", b"x", Expect="100-continue").status == 200
    assert s3.server.objects("bucket") == {"a": b"onetwo", "b": b"x"}


def test_generations_of_google(gcs, http_gcs):
    def put(data, **headers):
        answer = http_gcs("PUT", "/a", data, **headers)
        return answer.status, int(answer.headers.get("x-goog-generation", 0))

    _, first = put(b"1", x_goog_if_generation_match="0")
    assert put(b"2", x_goog_if_generation_match="0") == (412, 0)
    _, second = put(b"2", x_goog_if_generation_match=str(first))
    assert second > first > 0
    assert put(b"3", x_goog_if_generation_match=str(first)) == (412, 0)
    for method in ("GET", "HEAD"):
        assert http_gcs(method, "/a").headers["x-goog-generation"] == str(second)
    # S3's headers mean nothing there.
    assert put(b"3", **ABSENT)[0] == 200
    status, third = put(b"4", If_Match='"other"')
    assert status == 200
    old = http_gcs("DELETE", "/a", x_goog_if_generation_match=str(first))
    assert old.status == 412
    new = http_gcs("DELETE", "/a", x_goog_if_generation_match=str(third))
    assert new.status == 204
    assert http_gcs("DELETE", "/a").status == 404
    assert gcs.server.objects("bucket") == {}


def test_requests_are_remembered(s3, http_s3):
    http_s3("PUT", "/a%20b", b"123")
    http_s3("GET", "/?list-type=2&prefix=a%20")
    put, listed = s3.server.requests
    assert (put.method, put.bucket, put.key, put.status) == (
        "PUT",
        "bucket",
        "a b",
        200,
    )
    assert put.body_bytes == 3
    assert put.seconds < 1
    assert listed.query == {"list-type": "2", "prefix": "a "}
    assert listed.headers["host"] == s3.server.address
    assert s3.server.count() == 2
    assert s3.server.count("PUT") == s3.server.count(key_regex="a b$") == 1
    s3.server.clear()
    assert s3.server.count() == 0


def test_a_state_is_restored(s3, http_s3):
    s3.server.put_object("bucket", "a", b"1")
    before = s3.server.snapshot()
    http_s3("PUT", "/a", b"2")
    http_s3("PUT", "/b", b"2")
    s3.server.restore(before)
    assert s3.server.objects("bucket") == {"a": b"1"}
    assert s3.server.delete_object("bucket", "a")
    s3.server.restore(before)
    assert s3.server.objects("bucket") == {"a": b"1"}


def test_objects_become_files(s3, tmp_path):
    for key in ("x/a", "x/d/b", "x/e/", "y"):
        s3.server.put_object("bucket", key, key.encode())
    folder = s3.download("x/", tmp_path / "out")
    assert (folder / "a").read_bytes() == b"x/a"
    assert (folder / "d/b").read_bytes() == b"x/d/b"
    assert sorted(os.listdir(folder)) == ["a", "d", "e"]


def test_as_a_program():
    script = Path(__file__).with_name("scripted_server.py")
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True
    ) as program:
        address = program.stdout.readline().strip().removeprefix("http://")
        connection = http.client.HTTPConnection(address)
        connection.request("PUT", "/bucket/a", b"1")
        assert connection.getresponse().status == 200
        program.terminate()
        assert program.wait(10) == 0

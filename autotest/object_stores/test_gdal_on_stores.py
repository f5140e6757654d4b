"""GDAL takes the scripted server for S3 and for Google's store, and does not see it
where it stands in front of moto or Azurite."""

import http.client
import os
import subprocess
import sys
import urllib.parse

import pytest
from osgeo import gdal
from scripted_server import LoseResponse, Rule, Status


@pytest.fixture(scope="session", autouse=True)
def _command():
    """These tests do not need the command that those around them do."""


def write(path, data):
    file = gdal.VSIFOpenL(path, "wb")
    gdal.VSIFWriteL(data, 1, len(data), file)
    return gdal.VSIFCloseL(file)


def read(path):
    file = gdal.VSIFOpenL(path, "rb")
    data = bytes(gdal.VSIFReadL(1, 1 << 24, file))
    gdal.VSIFCloseL(file)
    return data


@pytest.fixture(params=["s3", "gcs", "s3_moto", "az"])
def any_store(request):
    return request.getfixturevalue(request.param)


def test_gdal_writes_reads_and_lists(any_store, tmp_path):
    store = any_store
    with store.configured():
        for name in ("a", "d/b c+ü", "d/e"):
            assert write(store.path(name), name.encode()) == 0
        assert read(store.path("d/b c+ü")) == "d/b c+ü".encode()
        assert sorted(gdal.ReadDir(store.path())) == ["a", "d"]
        assert sorted(gdal.ReadDir(store.path("d"))) == ["b c+ü", "e"]
        assert gdal.VSIStatL(store.path("no")) is None
        assert gdal.Unlink(store.path("d/e")) == 0
    folder = store.download("d/", tmp_path / "out")
    assert os.listdir(folder) == ["b c+ü"]
    assert store.server.count("PUT") == 3


def test_gdal_deletes_many(any_store):
    store = any_store
    if store.scheme == "az":
        pytest.skip("Azurite does not understand the batches that GDAL sends")
    names = [store.path(f"d/{number}") for number in range(5)]
    with store.configured():
        for name in names:
            write(name, b"1")
        store.server.clear()
        assert gdal.UnlinkBatch(names[:4])
        assert gdal.ReadDir(store.path("d")) == ["4"]
    # Google's own batches need OAuth: with keys GDAL deletes one by one.
    method, times = ("DELETE", 4) if store.scheme == "gs" else ("POST", 1)
    assert store.server.count(method) == times


def test_gdal_writes_in_parts_and_lists_pages(s3):
    for number in range(2500):
        s3.server.put_object("bucket", f"many/{number}", b"")
    data = os.urandom(1 << 20) * 12
    with s3.configured(), gdal.config_option("VSIS3_CHUNK_SIZE", "5"):
        assert write(s3.path("big"), data) == 0
        assert len(gdal.ReadDir(s3.path("many"))) == 2500
    assert s3.server.objects("bucket")["big"] == data
    assert s3.server.count("PUT", "big") == 3
    assert s3.server.count("GET", "^bucket/$") == 3


def test_gdal_reports_a_fault(any_store):
    with any_store.configured():
        any_store.server.nth_fault(0, Status(403, "AccessDenied"), method="PUT")
        with pytest.raises(RuntimeError):
            write(any_store.path("a"), b"1")
        assert any_store.server.fault_hit
        assert write(any_store.path("a"), b"1") == 0


def put_to_signed_url(store, headers):
    """As those do it who need headers that GDAL does not set."""
    with store.configured():
        url = gdal.GetSignedURL(store.path("a b"), ["VERB=PUT"])
    parts = urllib.parse.urlsplit(url)
    assert parts.netloc == store.server.address
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("PUT", f"{parts.path}?{parts.query}", b"1", headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.mark.parametrize("name", ["s3", "s3_moto", "az"])
def test_signed_urls_create_once(request, name):
    store = request.getfixturevalue(name)
    headers = {"If-None-Match": "*"}
    expected = [200, 412]
    if name == "az":
        headers["x-ms-blob-type"] = "BlockBlob"
        expected = [201, 409]
    assert [put_to_signed_url(store, headers) for _ in range(2)] == expected


def test_signed_urls_of_google_allow_no_conditions(gcs):
    assert put_to_signed_url(gcs, {}) == 200
    # The signature would have to cover them.
    assert put_to_signed_url(gcs, {"x-goog-if-generation-match": "0"}) == 403
    assert put_to_signed_url(gcs, {"Content-Type": "text/plain"}) == 403


def test_gdal_writes_conditionally(any_store):
    store = any_store
    options = {
        "gs": ["x-goog-if-generation-match=0"],
        "s3": ["If-None-Match=*"],
        # Without BLOB_TYPE=BLOCK GDAL deletes a blob that is in its way, and puts
        # its own; with it, it does not set the type.
        "az": ["If-None-Match=*", "BLOB_TYPE=BLOCK", "x-ms-blob-type=BlockBlob"],
    }[store.scheme]
    with store.configured():
        file = gdal.VSIFOpenExL(store.path("a"), "wb", False, options)
        gdal.VSIFWriteL(b"1", 1, 1, file)
        assert gdal.VSIFCloseL(file) == 0
        file = gdal.VSIFOpenExL(store.path("a"), "wb", False, options)
        gdal.VSIFWriteL(b"2", 1, 1, file)
        with pytest.raises(RuntimeError):
            gdal.VSIFCloseL(file)
        assert read(store.path("a")) == b"1"


def test_the_environment_of_another_process(any_store):
    code = "import sys; from osgeo import gdal; print(gdal.ReadDir(sys.argv[1]))"
    with any_store.configured():
        write(any_store.path("d/x"), b"1")
    listed = subprocess.run(
        [sys.executable, "-c", code, any_store.path("d")],
        env=any_store.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout == "['x']\n"


def test_a_fault_in_front_of_a_real_server(s3_moto, tmp_path):
    s3_moto.server.rules = [Rule(LoseResponse(started=True), method="PUT", times=1)]
    with s3_moto.configured(), pytest.raises(RuntimeError):
        write(s3_moto.path("a"), b"1")
    assert os.listdir(s3_moto.download("", tmp_path)) == ["a"]

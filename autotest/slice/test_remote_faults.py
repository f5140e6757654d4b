"""A web server that is overloaded now and then: the n-th request for a slice is
answered 503. What cannot be fetched is an error, or is fetched again; it is
never stored as missing values."""

import http.server
import re
import shutil
import threading

import cubes
import pytest

STORED = {
    "netCDF": ("next.nc", {}),
    "Zarr V2": ("next.zarr", {"zarr_format": 2, "consolidated": True}),
    "Zarr V3": ("next.zarr", {"zarr_format": 3, "consolidated": True}),
}


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder, with ranges; request number `fails` gets a 503."""

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.lock = threading.Lock()
        self.requests = 0
        self.fails = 0

    def restart(self, fails):
        with self.lock:
            self.requests, self.fails = 0, fails


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        with self.server.lock:
            self.server.requests += 1
            fails = self.server.requests == self.server.fails
        path = self.server.folder / self.path.lstrip("/")
        if fails:
            self.answer(503)
        elif not path.is_file():
            self.answer(404)
        else:
            body = path.read_bytes()
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers["Range"] or "")
            if not wanted:
                self.answer(200, body, Accept_Ranges="bytes")
                return
            first, last = int(wanted[1]), int(wanted[2] or len(body) - 1)
            last = min(last, len(body) - 1)
            self.answer(
                206 if first <= last else 416,
                body[first : last + 1],
                Accept_Ranges="bytes",
                Content_Range=f"bytes {first}-{last}/{len(body)}",
            )

    do_HEAD = do_GET


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    with Server(folder) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def serve(server, kind):
    name, options = STORED[kind]
    data = cubes.weather(3, 2)
    if options:
        data.to_zarr(server.folder / name, **options)
    else:
        cubes.write(data, server.folder / name)
    url = f"/vsicurl/http://127.0.0.1:{server.server_port}/{name}"
    # What cannot be listed is not known as a store by its name.
    return f'ZARR:"{url}"' if options else url


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize("retries", [0, 3])
def test_one_answer_of_503(server, store, tmp_path, kind, retries):
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append(first, store)
    slice_name = serve(server, kind)
    options = ["--config", "GDAL_DISABLE_READDIR_ON_OPEN=EMPTY_DIR"]
    if retries:
        options += ["--config", f"GDAL_HTTP_MAX_RETRY={retries}"]
        options += ["--config", "GDAL_HTTP_RETRY_DELAY=0.01"]
    statuses = set()
    for fails in [2, 3, 5, 8, 13, 21] if retries == 0 else [3, 8]:
        server.restart(fails)
        copy = tmp_path / f"copy{fails}.zarr"
        shutil.copytree(store, copy)
        done = cubes.append(*options, slice_name, copy, status=None)
        assert done.status in (0, 4), done
        statuses.add(done.status)
        cubes.assert_reads_as(copy, cubes.weather(0, 3 if done.status else 5))
    # Retrying is GDAL's affair.
    assert (4 in statuses) == (retries == 0)

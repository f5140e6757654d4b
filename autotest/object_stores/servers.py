"""Real servers as processes on free ports of 127.0.0.1: moto for S3, Azurite for
Azure's blobs."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import azure_requests
import s3_xml
from memory_store import write_file

SECONDS_TO_START = 60

# moto refuses strangers, but does not check who it is.
SOMEBODY = (
    "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


class RealServer:
    """A process that is ready when it answers HTTP. Ends with the `with`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "server.log"
        self.process = None
        self.port = None

    def command(self):
        raise NotImplementedError

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.address}"

    def __enter__(self):
        # Somebody else may take the port between the choice and the start.
        for _ in range(3):
            self.port = free_port()
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    self.command(),
                    cwd=self.folder,
                    env=self.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            if self.ready():
                return self
            self.stop()
        raise RuntimeError(
            f"{self.command()} did not start:\n{self.log.read_text()[-2000:]}"
        )

    def __exit__(self, *_):
        self.stop()

    def environment(self):
        return dict(os.environ)

    def ready(self):
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection(self.address, timeout=5)
                connection.request("GET", "/")
                connection.getresponse().read()
                connection.close()
                return self.process.poll() is None
            except OSError:
                time.sleep(0.05)
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


class Moto(RealServer):
    """S3 by moto. Signatures are not checked."""

    def command(self):
        program = shutil.which("moto_server")
        start = [program] if program else [sys.executable, "-m", "moto.server"]
        return [*start, "-H", "127.0.0.1", "-p", str(self.port)]

    def environment(self):
        dummy = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return {**os.environ, **dummy}

    def request(self, method, path, body=None, headers=None):
        """Status, headers (lower case), body. `path`: /bucket/key?query, encoded."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            fields = {"Authorization": SOMEBODY, **(headers or {})}
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            known = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, known, answer.read()
        finally:
            connection.close()

    def create_bucket(self, name):
        status, _, body = self.request("PUT", f"/{name}")
        assert status == 200, body

    def objects(self, bucket, prefix=""):
        """Contents by key."""
        found = {}
        token = ""
        while True:
            query = f"list-type=2&prefix={quote(prefix, safe='')}"
            if token:
                query += f"&continuation-token={quote(token, safe='')}"
            status, _, body = self.request("GET", f"/{bucket}?{query}")
            assert status == 200, body
            root = s3_xml.parse(body)
            for node in root.iter("Contents"):
                key = node.findtext("Key")
                status, _, data = self.request("GET", f"/{bucket}/{quote(key)}")
                assert status == 200, (key, data)
                found[key] = data
            token = root.findtext("NextContinuationToken")
            if not token:
                return found

    def download(self, bucket, prefix, folder):
        """The objects below a prefix as files, paths relative to the prefix."""
        write_files(self.objects(bucket, prefix), prefix, folder)


class Azurite(RealServer):
    """Azure's blob service by Azurite, which checks signatures.

    `script`: the path of its dist/src/blob/main.js. It ends connections that were
    idle for 5 s, whatever --blobKeepAliveTimeout says.
    """

    def __init__(self, folder, script):
        super().__init__(folder)
        self.script = script

    def command(self):
        return [
            "node",
            str(self.script),
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            str(self.port),
            "--location",
            str(self.folder / "blobs"),
            "--silent",
            "--skipApiVersionCheck",
            "--disableTelemetry",
        ]

    def create_container(self, name):
        azure_requests.create_container(self.address, name)

    def objects(self, container, prefix=""):
        """Contents by name."""
        return azure_requests.blobs(self.address, container, prefix)

    def download(self, container, prefix, folder):
        """The blobs below a prefix as files, paths relative to the prefix."""
        write_files(self.objects(container, prefix), prefix, folder)


def write_files(objects, prefix, folder):
    Path(folder).mkdir(parents=True, exist_ok=True)
    for key, data in sorted(objects.items()):
        write_file(folder, key[len(prefix) :], data)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]

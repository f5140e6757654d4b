"""Real servers as processes on free ports of 127.0.0.1: moto for S3, Azurite for
Azure's blobs."""

import functools
import http.client
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import azure_requests
import pytest
from memory_store import write_file
from stores import azure_config, s3_config

SECONDS_TO_START = 60


class RealServer:
    """A process that is ready when it answers HTTP. Ends with the `with`."""

    # Whether buckets can keep the versions of their objects.
    has_versions = False
    # Whether a bucket's policy says who may do what.
    has_policies = False

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

    @classmethod
    def missing(cls):
        """Why it cannot be started here; None if it can."""
        return

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

    def objects(self, bucket, prefix=""):
        """Contents by key."""
        raise NotImplementedError

    def put(self, bucket, key, data):
        raise NotImplementedError

    def download(self, bucket, prefix, folder):
        """The objects below a prefix as files, paths relative to the prefix."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        for key, data in sorted(self.objects(bucket, prefix).items()):
            write_file(folder, key[len(prefix) :], data)

    def ready(self):
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection(self.address, timeout=5)
                connection.request("GET", "/")
                connection.getresponse().read()
                connection.close()
                if self.answers():
                    return self.process.poll() is None
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        return False

    def answers(self):
        """Whether it does more than to answer HTTP."""
        return True

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


class S3Server(RealServer):
    """One that speaks S3, and is asked by boto3, past the script."""

    scheme = "s3"
    access_key = "test"
    secret_key = "test"

    def config(self, address):
        """GDAL's, for a script that listens there."""
        return s3_config(address, self.access_key, self.secret_key)

    @functools.cached_property
    def client(self):
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(
                s3={"addressing_style": "path"},
                proxies={},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def create_bucket(self, name):
        self.client.create_bucket(Bucket=name)

    def objects(self, bucket, prefix=""):
        """Contents by key."""
        pages = self.client.get_paginator("list_objects_v2")
        return {
            entry["Key"]: self.read(bucket, entry["Key"])
            for page in pages.paginate(Bucket=bucket, Prefix=prefix)
            for entry in page.get("Contents", [])
        }

    def put(self, bucket, key, data):
        self.client.put_object(Bucket=bucket, Key=key, Body=data)

    def read(self, bucket, key):
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()


class Moto(S3Server):
    """S3 by moto. Signatures are not checked."""

    has_versions = True

    @classmethod
    def missing(cls):
        for module in ("moto", "flask_cors"):
            if importlib.util.find_spec(module) is None:
                return f"there is no Python module {module}"
        return None

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


class Azurite(RealServer):
    """Azure's blob service by Azurite, which checks signatures. It ends connections
    that were idle for 5 s, whatever --blobKeepAliveTimeout says."""

    scheme = "az"
    script = os.environ.get("MDIMAPPEND_AZURITE")

    @classmethod
    def missing(cls):
        if not cls.script:
            return "MDIMAPPEND_AZURITE does not name Azurite's dist/src/blob/main.js"
        assert Path(cls.script).is_file(), f"MDIMAPPEND_AZURITE: no {cls.script}"
        return None

    def config(self, address):
        """GDAL's, for a script that listens there."""
        return azure_config(address)

    def command(self):
        return [
            "node",
            self.script,
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

    def create_bucket(self, name):
        azure_requests.create_container(self.address, name)

    def objects(self, container, prefix=""):
        """Contents by name."""
        return azure_requests.blobs(self.address, container, prefix)

    def put(self, container, key, data):
        azure_requests.write(self.address, container, key, data)


def started(kind, tmp_path_factory):
    """For the `with` of a fixture; skips its tests where that kind is missing."""
    why = kind.missing()
    if why is not None:
        pytest.skip(why)
    return kind(tmp_path_factory.mktemp(kind.__name__.lower()))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]

"""Object stores that `./dev stores` builds: each a program that is started on a folder
and free ports. A further one is a class of ten lines, named in KINDS (real/conftest.py)
and in environment/stores.sh."""

import os
from pathlib import Path

from servers import S3Server, free_port


class BuiltServer(S3Server):
    """`program`: its name in the folder that MDIMAPPEND_SERVERS names."""

    program = ""
    access_key = "tester"
    secret_key = "tester-secret"
    has_versions = True

    @classmethod
    def path(cls):
        return Path(os.environ.get("MDIMAPPEND_SERVERS", "")) / cls.program

    @classmethod
    def missing(cls):
        return None if cls.path().is_file() else f"`./dev stores` builds {cls.program}"

    @property
    def data(self):
        folder = self.folder / "data"
        folder.mkdir(exist_ok=True)
        return folder

    def answers(self):
        """Some answer HTTP before they know their buckets."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client.list_buckets()
            return True
        except (BotoCoreError, ClientError, OSError):
            return False


class Versitygw(BuiltServer):
    """Buckets are folders of a file system."""

    program = "versitygw"
    has_policies = True

    def command(self):
        versions = self.folder / "versions"
        versions.mkdir(exist_ok=True)
        start = [self.path(), "--port", self.address]
        return [*start, "posix", "--versioning-dir", versions, self.data]

    def environment(self):
        keys = {
            "ROOT_ACCESS_KEY": self.access_key,
            "ROOT_SECRET_KEY": self.secret_key,
        }
        return {**os.environ, **keys}


class Minio(BuiltServer):
    program = "minio"
    has_policies = True

    def command(self):
        return [self.path(), "server", "--address", self.address, self.data]

    def environment(self):
        keys = {
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
        }
        return {**os.environ, **keys, "MINIO_BROWSER": "off"}


class SeaweedFS(BuiltServer):
    """A master, a volume server, a filer and their S3 in one process. Each bucket has
    volumes of its own."""

    program = "seaweedfs"

    def command(self):
        start = [self.path(), "server", "-s3", "-ip=127.0.0.1", f"-dir={self.data}"]
        limits = ["-master.volumeSizeLimitMB=64", "-volume.max=1000"]
        none = ["-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        ports = [
            f"-{name}={free_port()}"
            for part in ("master", "volume", "filer")
            for name in (f"{part}.port", f"{part}.port.grpc")
        ]
        grpc = f"-s3.port.grpc={free_port()}"
        return [*start, *limits, *none, *ports, f"-s3.port={self.port}", grpc]

    def environment(self):
        keys = {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }
        return {**os.environ, **keys}

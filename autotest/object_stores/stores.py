"""A bucket of its own for a test, and the GDAL configuration with which it is
found: in memory, or in a real server behind a ScriptedServer."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass

import azure_requests
from osgeo import gdal
from scripted_server import ScriptedServer

NOWHERE = "/nonexistent/gdalmdimappend"
# Credentials and habits of whoever runs the tests.
PERSONAL = ("AWS_", "GS_", "GOOGLE_", "AZURE_", "CPL_AZURE_", "CPL_GS_", "VSI")
NO_PROXY = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


@dataclass
class Store:
    """
    server  the ScriptedServer that GDAL talks to
    config  GDAL's configuration options
    """

    server: ScriptedServer
    scheme: str  # s3, gs or az
    bucket: str
    config: dict
    downloaded: Callable  # (bucket, prefix, folder)

    def path(self, key=""):
        return f"/vsi{self.scheme}/{self.bucket}/{key}"

    def uri(self, key=""):
        return f"{self.scheme}://{self.bucket}/{key}"

    def environment(self, **more):
        """For another process: nothing personal, and the configuration."""
        known = {k: v for k, v in os.environ.items() if not k.startswith(PERSONAL)}
        return {**known, **NO_PROXY, **self.config, **more}

    def options(self):
        """The configuration as arguments of a command of GDAL's."""
        return [
            word
            for name, value in self.config.items()
            for word in ("--config", f"{name}={value}")
        ]

    @contextlib.contextmanager
    def configured(self):
        """GDAL in this process finds the store, and has nothing of it in a cache."""
        with gdal.config_options(self.config):
            gdal.VSICurlClearCache()
            yield
            gdal.VSICurlClearCache()

    def download(self, prefix, folder):
        """The objects below a prefix as files, paths relative to the prefix; not
        through GDAL, and past the script. Returns the folder."""
        self.downloaded(self.bucket, prefix, folder)
        return folder


def s3_config(address, access_key="test", secret_key="test"):
    return {
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_S3_ENDPOINT": address,
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": NOWHERE,
        "AWS_SHARED_CREDENTIALS_FILE": NOWHERE,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CPL_AWS_AUTODETECT_EC2": "NO",
    }


def gcs_config(address):
    return {
        "GS_ACCESS_KEY_ID": "test",
        "GS_SECRET_ACCESS_KEY": "test",
        "CPL_GS_ENDPOINT": f"http://{address}/",
        "CPL_GS_CREDENTIALS_FILE": NOWHERE,
        "CPL_GCE_SKIP": "YES",
    }


def azure_config(address):
    """With a shared access signature: those that GDAL makes of the account's key
    are for https only."""
    return {
        "AZURE_STORAGE_ACCOUNT": azure_requests.ACCOUNT,
        "AZURE_STORAGE_SAS_TOKEN": azure_requests.sas_token(),
        "CPL_AZURE_ENDPOINT": f"http://{address}/{azure_requests.ACCOUNT}",
        "AZURE_CONFIG_DIR": NOWHERE,
    }


def azure_key_config(address):
    """With the account's key, for what does not need signed URLs."""
    return {
        "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=http;"
        f"AccountName={azure_requests.ACCOUNT};AccountKey={azure_requests.KEY};"
        f"BlobEndpoint=http://{address}/{azure_requests.ACCOUNT}",
        "AZURE_CONFIG_DIR": NOWHERE,
    }


@contextlib.contextmanager
def memory_store(flavour="s3", bucket="bucket", **options):
    """A Store in memory; options go to ScriptedServer."""
    with ScriptedServer(flavour=flavour, **options) as server:
        server.create_bucket(bucket)
        scheme, config = ("s3", s3_config) if flavour == "s3" else ("gs", gcs_config)
        yield Store(server, scheme, bucket, config(server.address), server.write_folder)


@contextlib.contextmanager
def real_store(server, bucket):
    """A Store in a new bucket of a real server's, behind a script. Of Azurite, rules
    see the account's name as the bucket, and container/name as the key."""
    server.create_bucket(bucket)
    with ScriptedServer(upstream=server.url) as script:
        config = server.config(script.address)
        yield Store(script, server.scheme, bucket, config, server.download)

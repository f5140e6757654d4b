"""Object stores for tests: in memory, and real servers behind a script. Each test
has a bucket of its own; each worker of pytest has its own servers."""

import os
import uuid
from pathlib import Path

import pytest
from plain_client import Client
from servers import Azurite, Moto
from stores import azurite_store, memory_store, moto_store


@pytest.fixture
def s3():
    with memory_store("s3") as store:
        yield store


@pytest.fixture
def gcs():
    with memory_store("gcs") as store:
        yield store


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """A server of moto's; its buckets are shared by the worker's tests."""
    pytest.importorskip("moto")
    pytest.importorskip("flask_cors")
    with Moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory):
    script = os.environ.get("MDIMAPPEND_AZURITE")
    if not script:
        pytest.skip("MDIMAPPEND_AZURITE does not name Azurite's dist/src/blob/main.js")
    assert Path(script).is_file(), f"MDIMAPPEND_AZURITE: there is no {script}"
    with Azurite(tmp_path_factory.mktemp("azurite"), script) as server:
        yield server


@pytest.fixture
def s3_moto(moto):
    with moto_store(moto, f"bucket-{uuid.uuid4().hex[:12]}") as store:
        yield store


@pytest.fixture
def az(azurite):
    with azurite_store(azurite, f"container-{uuid.uuid4().hex[:12]}") as store:
        yield store


@pytest.fixture
def http_s3(s3):
    return Client(s3.server)


@pytest.fixture
def http_gcs(gcs):
    return Client(gcs.server)

"""Object stores for tests: in memory, and real servers behind a script. Each test
has a bucket of its own; each worker of pytest has its own servers."""

import uuid

import pytest
from plain_client import Client
from servers import Azurite, Moto, started
from stores import memory_store, real_store


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
    with started(Moto, tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory):
    with started(Azurite, tmp_path_factory) as server:
        yield server


@pytest.fixture
def s3_moto(moto):
    with real_store(moto, f"bucket-{uuid.uuid4().hex[:12]}") as store:
        yield store


@pytest.fixture
def az(azurite):
    with real_store(azurite, f"container-{uuid.uuid4().hex[:12]}") as store:
        yield store


@pytest.fixture
def http_s3(s3):
    return Client(s3.server)


@pytest.fixture
def http_gcs(gcs):
    return Client(gcs.server)

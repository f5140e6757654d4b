"""Programs of others that are object stores. All tests in this folder are played on each
of those that MDIMAPPEND_STORES names (`./dev stores`), behind a script."""

import uuid

import campaign
import pytest
from built_servers import Minio, SeaweedFS, Versitygw
from real_cube import NAMED, Cube
from servers import Azurite, Moto, started
from stores import real_store

KINDS = (Moto, Azurite, Versitygw, Minio, SeaweedFS)
SERVERS = {kind.__name__.lower(): kind for kind in KINDS}


@pytest.fixture(scope="session", params=NAMED)
def server(request, tmp_path_factory):
    with started(SERVERS[request.param], tmp_path_factory) as server:
        yield server


@pytest.fixture
def store(server):
    """A bucket of a test's own."""
    with real_store(server, f"bucket-{uuid.uuid4().hex[:12]}") as store:
        yield store


@pytest.fixture(scope="session")
def slices(tmp_path_factory):
    return campaign.make_slices(tmp_path_factory.mktemp("slices"))


@pytest.fixture(scope="session")
def histories(slices):
    return campaign.histories_of(tuple(slices.items()))


@pytest.fixture
def make_cube(store, server, slices):
    """A function that makes cubes in one bucket, with days 0 to 2 or what is named."""
    made = []

    def make(*names, options=campaign.LAYOUT, slices=slices):
        place = f"x{len(made)}/"
        made.append(place)
        cube = Cube(
            store,
            slices,
            options,
            f"{place}cube.zarr",
            lambda: server.objects(store.bucket, place),
        )
        cube.server.rules = []
        for name in names or ("first",):
            cube.append(name, status=0)
        cube.server.clear()
        return cube

    return make

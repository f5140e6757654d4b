"""Buckets that keep the versions of their objects."""

import collections

import campaign
import pytest
from real_cube import LATER


@pytest.fixture
def versioned(server, store):
    if not server.has_versions:
        pytest.skip("its buckets have no versions")
    server.client.put_bucket_versioning(
        Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    return store


def leave_decided(cube, name):
    """Its writer is killed between the decision and the documents."""
    hold = campaign.HoldAll(drops=True)
    cube.server.rules = [campaign.Rule(hold, "PUT", f"{cube.key}/.*zarr.json")]
    process = cube.start(name)
    with campaign.ended_afterwards(process):
        assert campaign.wait_for(hold, process), campaign.finished(process)
        process.kill()
    hold.let_go()
    cube.server.rules = [LATER]


def test_recover_finds_nothing_the_second_time(versioned, make_cube, histories):
    cube = make_cube("first")
    leave_decided(cube, "a")
    assert cube.driver("recover").stdout.startswith("finished: ")
    cube.append("b", status=0)
    for _ in range(2):
        assert cube.driver("recover").stdout == "nothing to recover\n"
    assert histories.check(cube.state()) == ("first", "a", "b")
    assert not [k for k in cube.state().sidecar if k.startswith("journal/")]


def test_what_is_deleted_had_one_version(versioned, server, make_cube):
    """So that a rule for the sidecar's old versions leaves nothing for ever, and none
    is needed for the cube's."""
    cube = make_cube("first", "a", "b", "c")
    versions, deleted = collections.Counter(), set()
    pages = server.client.get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=versioned.bucket):
        versions.update(entry["Key"] for entry in page.get("Versions", ()))
        deleted |= {entry["Key"] for entry in page.get("DeleteMarkers", ())}
    assert deleted
    assert {key: versions[key] for key in deleted} == dict.fromkeys(deleted, 1)
    below = tuple(f"{cube.key}.mdimappend/{part}/" for part in ("journal", "stage"))
    assert [key for key in deleted if not key.startswith(below)] == []

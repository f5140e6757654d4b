"""The policy that the documentation gives is what appends need: no more, no less."""

import json
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "object_stores.md"
# Without the others nothing is appended; without this one less is known.
NICETY = "s3:ListBucket"


def documented_policy(bucket):
    """For everybody: the command asks without a signature."""
    text = re.search(r'(?s)```json\n(\{\n  "Version".*?)```', GUIDE.read_text())[1]
    policy = json.loads(text.replace("archive", bucket))
    for statement in policy["Statement"]:
        statement["Principal"] = {"AWS": ["*"]}
    return policy


def actions(policy):
    return [
        action for statement in policy["Statement"] for action in statement["Action"]
    ]


@pytest.fixture
def set_policy(server, store):
    if server.scheme != "s3" or not server.has_policies:
        pytest.skip("it has no policies of buckets")

    def allow(policy):
        server.client.put_bucket_policy(Bucket=store.bucket, Policy=json.dumps(policy))

    allow(documented_policy(store.bucket))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del store.config[name]
    store.config["AWS_NO_SIGN_REQUEST"] = "YES"
    return allow


def test_it_is_enough(store, set_policy, make_cube, histories):
    cube = make_cube("first", "a")
    assert cube.driver("recover").stdout == "nothing to recover\n"
    assert "no objects are left over" in cube.driver("status", "--objects").stdout
    cube.append("b", status=0)
    assert histories.check(cube.state()) == ("first", "a", "b")


def test_each_of_it_is_needed(store, set_policy, make_cube, histories):
    whole = documented_policy(store.bucket)
    for missing in actions(whole):
        policy = documented_policy(store.bucket)
        for statement in policy["Statement"]:
            statement["Action"] = [a for a in statement["Action"] if a != missing]
        policy["Statement"] = [s for s in policy["Statement"] if s["Action"]]
        set_policy(whole)
        cube = make_cube("first")
        set_policy(policy)
        done = cube.append("a")
        if missing == NICETY:
            assert done.status in (0, 1), done
            continue
        verbs = {"s3:GetObject": "read", "s3:PutObject": "write"}
        if missing in verbs:
            assert done.status == 1, (missing, done)
            assert f"cannot {verbs[missing]}" in done.message, done
            assert "403" in done.message, done
        else:
            # It is in; who may not tidy keeps the next one from it, who may tidies.
            assert done.status == 0, (missing, done)
            refused = cube.append("b")
            assert refused.status == 1, refused
            assert "cannot remove" in refused.message, refused
            set_policy(whole)
            cube.append("b", status=0)
            assert histories.check(cube.state()) == ("first", "a", "b")

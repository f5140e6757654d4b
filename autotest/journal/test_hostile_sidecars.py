"""Sidecars of strangers: records with correct checksums that say the worst, and
links and other objects where files and folders are expected."""

import hashlib
import json
import os

import cubes
import hostile
import pytest

TRANSACTION = "000000000002-0123456789abcdef"


@pytest.fixture
def next_slice(tmp_path):
    return cubes.write(cubes.weather(3, 2), tmp_path / "next.nc")


@pytest.fixture
def store(store, tmp_path):
    """A cube of days 0, 1 and 2: the log has one record."""
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append("--encoding", "air:chunk=1x4x5", first, store)
    return store


@pytest.fixture
def victim(tmp_path):
    return hostile.victim(tmp_path)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def content(data):
    return {"size": len(data), "checksum": digest(data)}


def record(kind, body, version=1):
    """A record whose first line vouches for it."""
    if not isinstance(body, str):
        body = json.dumps(body)
    data = (body + "\n").encode()
    return f"mdimappend {kind} {version} {len(data)} {digest(data)}\n".encode() + data


def plan(**members):
    body = {
        "transaction": TRANSACTION,
        "sequence": 2,
        "arrays": [],
        "documents": [],
        "folders": [],
    }
    return {**body, **members}


def manifest(**members):
    body = {
        "transaction": TRANSACTION,
        "sequence": 2,
        "chunks": [],
        "deletions": [],
        "documents": [],
        "boot": "",
        "puts": [],
        "log": {"sequence": 2, "transaction": TRANSACTION, "group": ""},
    }
    return {**body, **members}


def leave(store, planned, committed=None, name=TRANSACTION):
    """An interrupted append: undecided, or decided by its manifest."""
    journal = cubes.sidecar(store) / "journal" / name
    journal.mkdir(parents=True)
    (journal / "plan").write_bytes(record("plan", planned))
    if committed is not None:
        text = record("manifest", committed)
        (journal / "manifest").write_bytes(text)
        body = {"decision": "commit", "manifest": content(text)}
        (journal / "decision").write_bytes(record("decision", body))
    return journal


def recover(store, statuses=(1,)):
    """By the verb, and then by an append, which meets the same."""
    hostile.verb("status", store)
    return hostile.verb("recover", store, statuses=statuses)


OUTSIDE = [
    "../victim/letter.txt",
    "air/../../victim/letter.txt",
    "..",
    "../cube.zarr/../victim/0",
    "/etc/passwd",
    "air//0",
    "",
    ".",
    "\0",
    "air/c\0/../..",
]


# Keys


@pytest.mark.parametrize("key", OUTSIDE)
def test_arrays_of_a_plan(store, victim, key):
    box = {"low": [0], "high": [4]}
    array = {"path": key, "keys": "v2", "separator": "/", "added": [box]}
    leave(store, plan(arrays=[array]))
    with hostile.untouched(victim):
        recover(store, statuses=(0, 1) if key == "" else (1,))


@pytest.mark.parametrize("key", OUTSIDE)
def test_documents_of_a_plan(store, victim, key):
    leave(store, plan(documents=[{"key": key, "content": None}]))
    with hostile.untouched(victim, store):
        recover(store)


@pytest.mark.parametrize("folder", [*OUTSIDE, "victim", "victim/empty", "cube.zarr2"])
def test_folders_of_a_plan(store, victim, folder):
    """Undo removes them where they are empty."""
    (store.parent / "cube.zarr2").mkdir()
    leave(store, plan(folders=[folder]))
    with hostile.untouched(victim, store):
        recover(store)
    assert (store.parent / "cube.zarr2").exists()


@pytest.mark.parametrize("key", OUTSIDE)
def test_keys_of_a_manifest(store, victim, key):
    data = (victim / "letter.txt").read_bytes()
    stage = cubes.sidecar(store) / "stage" / TRANSACTION
    stage.mkdir(parents=True)
    (stage / "x").write_text("replaced")
    for i, members in enumerate(
        [
            {"deletions": [key]},
            {
                "documents": [
                    {
                        "staged": "x",
                        "key": key,
                        "base": content(data),
                        "content": content(b"replaced"),
                    }
                ]
            },
            {
                "chunks": [
                    {"staged": "", "key": key, "base": content(data), "content": None}
                ]
            },
            {"puts": [{"key": key, "content": content(data)}], "boot": "x"},
        ]
    ):
        name = f"00000000000{i + 2}-0123456789abcdef"
        with hostile.untouched(victim, store):
            leave(
                store,
                plan(transaction=name),
                manifest(transaction=name, **members),
                name=name,
            )
            recover(store)
        hostile.verb("recover", store, "--set-aside", statuses=(0,))


@pytest.mark.parametrize(
    "staged",
    [
        "../../../victim/letter.txt",
        "../x",
        "/etc/passwd",
        "..",
        ".",
        "a/b",
        "x\0",
        "",
        "link/letter.txt",
    ],
)
def test_names_in_the_stage(store, victim, staged):
    """What is moved out of the stage is gone from where it was."""
    data = (victim / "letter.txt").read_bytes()
    stage = cubes.sidecar(store) / "stage" / TRANSACTION
    stage.mkdir(parents=True)
    (stage / "link").symlink_to(victim)
    move = {
        "staged": staged,
        "key": "new",
        "base": None,
        "content": content(data),
    }
    leave(store, plan(), manifest(documents=[move]))
    with hostile.untouched(victim, store):
        recover(store)


@pytest.mark.parametrize(
    "name", ["..", ".", "../../victim", "", "x" * 100_000, "a/b", 5, None, "other"]
)
def test_names_of_transactions(store, victim, name):
    leave(store, plan(transaction=name), manifest(transaction=name))
    with hostile.untouched(victim, store):
        recover(store)


@pytest.mark.parametrize(
    "name", ["...", "-", "x" * 250, "a b\nc", "\x1b[2J", "*", "é"], ids=repr
)
def test_names_of_journals(store, victim, name):
    """They are names of folders, whatever they are."""
    leave(store, plan(transaction=name), name=name)
    with hostile.untouched(victim, store):
        done = recover(store, statuses=(0,))
    assert "\x1b" not in done.stdout
    assert cubes.leftovers(store) == []


# Sizes


def box_array(low, high, **members):
    box = {"low": low, "high": high}
    return {
        "path": "air",
        "keys": "default",
        "separator": "/",
        "added": [box],
        "replaced": [],
        **members,
    }


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"separator": "."},
        {"keys": "v2"},
        {"keys": "v2", "separator": "."},
        {"path": ""},
        {"path": "not/there"},
    ],
)
@pytest.mark.parametrize(
    ("low", "high"),
    [
        ([3], [2**60]),
        ([3, 0, 0], [2**40, 1, 1]),
        ([3, 0, 0], [2**20, 2**20, 2**20]),
        ([3, 0, 0], [2**33, 2**33, 1]),
        ([2**63 - 9, 0, 0], [2**63 - 1, 2**40, 1]),
        ([3] + [0] * 63, [2**60] + [1] * 63),
        ([3] * 64, [4] * 64),
    ],
)
def test_absurd_boxes(store, low, high, members):
    """Undo deletes what is there of them, and does not try each."""
    leave(store, plan(arrays=[box_array(low, high, **members)]))
    with hostile.untouched(store):
        recover(store, statuses=(0, 1))


def test_chunks_of_an_absurd_box_are_removed(store):
    """Those that are in it, and no others."""
    with hostile.untouched(store):
        for name in ("3/0/0", "4/1/2", "1099511627775/0/0"):
            path = store / "air" / "c" / name
            path.parent.mkdir(parents=True)
            path.write_text("garbage")
        leave(store, plan(arrays=[box_array([3, 0, 0], [2**40, 2**10, 2**10])]))
        recover(store, statuses=(0,))
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ([-1], [5]),
        ([2**64], [2**65]),
        ([1.5], [3]),
        (["1"], ["2"]),
        ([0, 0], [1]),
        ([0] * 65, [1] * 65),
        ([True], [True]),
        ([None], [None]),
        ([[1]], [[2]]),
    ],
)
def test_boxes_that_are_none(store, low, high):
    leave(store, plan(arrays=[box_array(low, high)]))
    with hostile.untouched(store):
        recover(store)


def test_boxes_upside_down(store):
    """There is no chunk in them."""
    boxes = [box_array([5, 5, 5], [3, 9, 9]), box_array([2**63 - 1] * 3, [0, 1, 2])]
    leave(store, plan(arrays=boxes))
    with hostile.untouched(store):
        recover(store, statuses=(0,))


@pytest.mark.parametrize(
    "sequence", [0, -1, 1, 3, 2**53, 2**63 - 1, 2**63, 2**64, 1e400, "2", None, [2]]
)
def test_absurd_sequence_numbers(store, sequence):
    body = json.dumps(plan(sequence=sequence)).replace("Infinity", "1e400")
    leave(store, body)
    with hostile.untouched(store):
        recover(store, statuses=(0, 1))
    body = json.dumps(manifest(sequence=sequence)).replace("Infinity", "1e400")
    name = TRANSACTION.replace("2-", "3-")
    leave(
        store,
        json.dumps(plan(sequence=2, transaction=name)),
        body.replace(TRANSACTION, name),
        name=name,
    )
    with hostile.untouched(store):
        recover(store, statuses=(0, 1))


@pytest.mark.parametrize(
    "log",
    [
        None,
        [],
        5,
        "x",
        {},
        {"sequence": 2**63 - 1, "transaction": TRANSACTION},
        {"sequence": 10**15, "transaction": TRANSACTION},
        {"sequence": -2, "transaction": TRANSACTION},
        {"sequence": "../../../victim/letter", "transaction": TRANSACTION},
        {"sequence": 2, "transaction": ["x"]},
        {"sequence": 2, "transaction": "other"},
        {"sequence": 2, "transaction": TRANSACTION, "time": 5},
        {"sequence": 2, "transaction": TRANSACTION, "slices": ["x"]},
        {"sequence": 2, "transaction": TRANSACTION, "slices": [{"name": {}}]},
        {"sequence": 2, "transaction": TRANSACTION, "replaced_rows": -1},
    ],
)
def test_log_records_of_a_manifest(store, victim, log):
    leave(store, plan(), manifest(log=log))
    before = sorted(os.listdir(cubes.sidecar(store) / "log"))
    with hostile.untouched(victim, store):
        recover(store)
    assert sorted(os.listdir(cubes.sidecar(store) / "log")) == before


def test_very_many_moves(store):
    """A manifest of 60 MB."""
    data = (store / "zarr.json").read_bytes()
    moves = [
        {"staged": f"{i}", "key": f"x{i}", "base": None, "content": content(data)}
        for i in range(200_000)
    ]
    leave(store, plan(), manifest(chunks=moves))
    with hostile.untouched(store):
        recover(store)


def test_very_many_arrays(store):
    arrays = [box_array([3], [5], path=f"x{i}") for i in range(100_000)]
    leave(store, plan(arrays=arrays))
    with hostile.untouched(store):
        recover(store, statuses=(0,))


@pytest.mark.parametrize("kind", ["plan", "manifest", "decision"])
def test_deep_records(store, kind):
    journal = leave(store, plan(), manifest())
    body = '{"transaction": ' + hostile.deep(100_000) + "}"
    (journal / kind).write_bytes(record(kind, body))
    with hostile.untouched(store):
        recover(store)


@pytest.mark.parametrize("kind", ["plan", "manifest", "decision", "abort"])
def test_records_of_gigabytes(store, kind):
    """Sparse files: they take no space and would take all memory."""
    journal = leave(store, plan(), manifest())
    (journal / kind).touch()
    os.truncate(journal / kind, 2 << 30)
    with hostile.untouched(store):
        recover(store, statuses=(0, 1) if kind == "abort" else (1,))


@pytest.mark.parametrize("kind", ["plan", "manifest", "decision", "abort", "x.new"])
@pytest.mark.parametrize("what", ["fifo", "folder", "/dev/zero", "link"])
def test_records_that_are_no_files(store, victim, kind, what):
    journal = leave(store, plan(), manifest())
    if kind == "abort":
        (journal / "decision").unlink()
    path = journal / kind
    path.unlink(missing_ok=True)
    if what == "fifo":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to(what if what != "link" else victim / "letter.txt")
    with hostile.untouched(victim, store):
        recover(store, statuses=(0, 1))


# Links


@pytest.mark.parametrize("part", ["journal", "stage", "log", "overwrite", "set-aside"])
def test_folders_of_the_sidecar_that_are_links(store, next_slice, victim, part):
    (victim / TRANSACTION).mkdir()
    (victim / TRANSACTION / "letter.txt").write_text("mine")
    path = cubes.sidecar(store) / part
    if path.exists():
        for child in path.iterdir():
            child.rename(victim / child.name)
        path.rmdir()
    path.symlink_to(victim)
    with hostile.untouched(victim):
        hostile.survived(next_slice, store)
        hostile.verb("recover", store)
        hostile.verb("recover", store, "--set-aside")
    assert path.is_symlink()


@pytest.mark.parametrize("part", ["journal", "stage", "overwrite"])
def test_a_transaction_that_is_a_link(store, next_slice, victim, part):
    path = cubes.sidecar(store) / part
    path.mkdir(exist_ok=True)
    (path / TRANSACTION).symlink_to(victim)
    with hostile.untouched(victim):
        hostile.survived(next_slice, store)
        hostile.verb("recover", store)
        hostile.verb("recover", store, "--set-aside")


def test_a_sidecar_that_is_a_link(store, next_slice, victim):
    sidecar = cubes.sidecar(store)
    sidecar.rename(victim / "sidecar")
    sidecar.symlink_to(victim / "sidecar")
    with hostile.untouched(victim, store):
        done = hostile.refused(next_slice, store, words=[sidecar, "link"])
    assert done.status == 1


@pytest.mark.parametrize("what", ["link", "fifo", "folder", "/dev/zero"])
def test_locks_that_are_no_files(store, next_slice, victim, what):
    lock = cubes.sidecar(store) / "lock"
    lock.unlink()
    if what == "fifo":
        os.mkfifo(lock)
    elif what == "folder":
        lock.mkdir()
    else:
        lock.symlink_to(what if what != "link" else victim / "letter.txt")
    with hostile.untouched(victim):
        done = hostile.survived(next_slice, store)
    assert done.status == (0 if what == "fifo" else 1), done


@pytest.mark.parametrize("what", ["link", "fifo", "folder", "/dev/zero", "gigabytes"])
@pytest.mark.parametrize("name", ["head", "000000000001.json", "000000000002.json"])
def test_log_records_that_are_no_files(store, next_slice, victim, name, what):
    path = cubes.sidecar(store) / "log" / name
    path.unlink(missing_ok=True)
    if what == "fifo":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "gigabytes":
        path.touch()
        os.truncate(path, 3 << 30)
    else:
        path.symlink_to(what if what != "link" else victim / "letter.txt")
    with hostile.untouched(victim):
        hostile.survived(next_slice, store)
        for verb in ("status", "log", "recover"):
            hostile.verb(verb, store)


# The log


@pytest.mark.parametrize(
    "head",
    [
        '{"sequence": 9223372036854775807}',
        '{"sequence": 18446744073709551615}',
        '{"sequence": 9007199254740993}',
        '{"sequence": -1}',
        '{"sequence": 1e400}',
        '{"sequence": "1"}',
        "[]",
        "null",
        hostile.deep(100_000),
        "\0",
        "",
    ],
    ids=lambda text: text[:30],
)
def test_hints_that_lie(store, next_slice, head):
    log = cubes.sidecar(store) / "log"
    (log / "head").write_text(head)
    for number in (2**63 - 1, 2**64 - 1, 2**53 + 1):
        (log / f"{number}.json").write_text("{}")
    hostile.survived(next_slice, store)
    hostile.verb("log", store)
    hostile.verb("status", store)


@pytest.mark.parametrize(
    "change",
    [
        {"transaction": 5},
        {"group": ["x"]},
        {"append_dim": {}},
        {"append_dim": "../x"},
        {"time": None},
        {"first_label": 7},
        {"message": "\x1b[2J"},
        {"first_label": "\x1b]0;owned\x07"},
        {"slices": 5},
        {"slices": [5]},
        {"slices": [{"name": 5}]},
        {"slices": [{"name": "x"}] * 100_000},
        {"replaced_rows": "x"},
        {"overwrite": "yes"},
        {"created_by": 2**63 - 1},
        {"created_by": -5},
        {"store_created_by": 1e300},
        {"first_row": 2**63 - 1},
        {"deep": [[[[]]]]},
    ],
    ids=lambda change: str(change)[:40],
)
def test_log_records_that_lie(store, next_slice, tmp_path, change):
    path = cubes.sidecar(store) / "log" / "000000000001.json"
    hostile.edit(path, lambda record: record.update(change))
    for verb in ("log", "status"):
        done = hostile.verb(verb, store)
        assert "\x1b" not in done.stdout + done.stderr
    done = hostile.survived(next_slice, store)
    if done.status == 0:
        cubes.assert_reads_as(store, cubes.weather(0, 5))
    hostile.survived(tmp_path / "first.nc", store)


# Overwriting


def overwrite(store, name, old, new, documents):
    """An overwrite that is decided, and waits to be finished."""
    members = {
        "overwrite": {
            "old": old,
            "new": new,
            "documents": [{"key": "zarr.json", "content": None}],
        }
    }
    journal = cubes.sidecar(store) / "journal" / name
    journal.mkdir(parents=True)
    (journal / "plan").write_bytes(
        record("plan", plan(transaction=name, **members), version=2)
    )
    text = record(
        "manifest",
        manifest(
            transaction=name,
            documents=documents,
            log={"sequence": 2, "transaction": name},
            **members,
        ),
        version=2,
    )
    (journal / "manifest").write_bytes(text)
    body = {"decision": "commit", "manifest": content(text)}
    (journal / "decision").write_bytes(record("decision", body))


def identity(folder):
    """As the sidecar spells it, without a birth (not all systems tell)."""
    done = cubes.subprocess.run(
        ["stat", "--format=%i %W %w", folder],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    if done[1] == "0":
        return done[0]
    nanoseconds = int(done[3].split(".")[1])
    return f"{done[0]}-{done[1]}.{nanoseconds}"


def test_an_overwrite_by_what_a_link_leads_to(store, victim, tmp_path):
    """Exchanged, the store would be somebody's folder, and the old one gone."""
    place = cubes.sidecar(store) / "overwrite" / TRANSACTION
    place.mkdir(parents=True)
    (place / "store").symlink_to(victim)
    data = (victim / "zarr.json").read_bytes()
    move = {"staged": "", "key": "zarr.json", "base": None, "content": content(data)}
    overwrite(store, TRANSACTION, identity(store), identity(victim), [move])
    with hostile.untouched(victim, store):
        hostile.verb("recover", store, statuses=(1,))
    assert not store.is_symlink()


def test_an_old_store_with_links_in_it(store, victim):
    """Tidying removes the links, and nothing behind them."""
    place = cubes.sidecar(store) / "overwrite" / TRANSACTION / "store"
    place.mkdir(parents=True)
    (place / "folder").symlink_to(victim)
    (place / "letter").symlink_to(victim / "letter.txt")
    (place / "up").symlink_to("../../../..")
    os.mkfifo(place / "fifo")
    with hostile.untouched(victim, store):
        hostile.verb("recover", store, statuses=(0,))
    assert not place.exists()

"""Tokens, receipts, sessions and records of parts that say the worst. Each is refused
with a message, and nothing outside of the transaction's own folders is read, written
or deleted. In little memory and little time."""

import base64
import contextlib
import copy
import hashlib
import json
import os

import cubes
import hostile
import mounts
import parts
import pytest

ALL = os.environ.get("MDIMAPPEND_ALL_SCENARIOS", "0") not in ("", "0")


def sample(cases, every):
    """MDIMAPPEND_ALL_SCENARIOS=1 tries all of them."""
    cases = list(cases)
    return cases if ALL else cases[::every]


class Opened:
    """A cube of 3 days and a transaction of 2 more, both parts of which are written.
    Labels come with the parts."""

    def __init__(self, folder):
        self.folder = folder
        self.store = folder / "cube.zarr"
        self.first, *self.slices = parts.weather_files(folder, (3, 1, 1))
        parts.call_append(*parts.CHUNKS, self.first, self.store)
        self.before = cubes.tree(self.store)
        words = ("--like", self.slices[0], "--size", "2", *parts.LEASE)
        self.token = json.loads(parts.call("begin", *words, self.store))
        self.receipts = [
            json.loads(parts.call("write", "--at", i, self.text, path))
            for i, path in enumerate(self.slices)
        ]
        self.transaction = self.token["transaction"]
        self.stage = cubes.sidecar(self.store) / "stage" / self.transaction
        self.journal = cubes.sidecar(self.store) / "journal" / self.transaction
        self.victim = hostile.victim(folder)

    @property
    def text(self):
        return json.dumps(self.token)

    def run(self, name, *words, statuses=(1, 2, 4, 5)):
        done = cubes.run(
            *("driver", "mdimappend", name, *words),
            command="gdal",
            status=None,
            prefix=hostile.LIMITED,
            timeout=hostile.SECONDS,
        )
        assert done.status in statuses, repr(done)
        assert done.status == 0 or done.message, repr(done)
        return done

    def refused(self, name, *words, **options):
        with hostile.untouched(self.store, self.victim):
            return self.run(name, *words, **options).message

    def commit_refused(self, token=None, receipts=None):
        words = [json.dumps(r) for r in (receipts or self.receipts)]
        return self.refused("commit", token or self.text, *words)

    def commit(self):
        words = [json.dumps(r) for r in self.receipts]
        parts.call("commit", self.text, *words)
        assert cubes.open_xarray(self.store).sizes["time"] == 5
        parts.assert_nothing_left(self.store)

    def tamper_part(self, change, number=0):
        """Its receipt vouches for it."""
        receipt = self.receipts[number]
        path = self.stage / f"{receipt['part']}-written"
        document = json.loads(path.read_text())
        changed = change(document)
        document = document if changed is None else changed
        data = json.dumps(document).encode()
        path.write_bytes(data)
        receipt["written"] = {
            "size": len(data),
            "checksum": "sha256:" + hashlib.sha256(data).hexdigest(),
        }

    def tamper_session(self, change):
        path = self.journal / "session"
        document = json.loads(path.read_text())
        changed = change(document)
        document = document if changed is None else changed
        path.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory):
    """It outlives all that is refused, and commits in the end."""
    opened = Opened(tmp_path_factory.mktemp("open"))
    yield opened
    opened.commit()


@pytest.fixture
def opened(open_to_all):
    """What a test changes in the records is put back."""
    folders = (open_to_all.stage, open_to_all.journal)
    files = {path: path.read_bytes() for f in folders for path in f.iterdir()}
    receipts = copy.deepcopy(open_to_all.receipts)
    yield open_to_all
    open_to_all.receipts = receipts
    for path, data in files.items():
        path.write_bytes(data)
    assert not (open_to_all.journal / "decision").exists()
    assert parts.is_leased(open_to_all.store)


@pytest.fixture
def fresh(tmp_path):
    """For whatever ends it."""
    return Opened(tmp_path)


# Tokens


GARBAGE = [
    "",
    " ",
    "nonsense",
    "{",
    "{}",
    "[]",
    "null",
    '{"format": "mdimappend token 1"}',
    '{"format": "mdimappend token 2", "transaction": "1", "target": "x"}',
    hostile.deep(50000),
    '{"a":' * 5000 + "1" + "}" * 5000,
    '{"format": "' + "x" * 100000 + '"}',
    "\x01\x02",
    "/dev/zero",
    "/etc",
    "-",
]


def limited(*words):
    """A verb that has little memory, little time, and nobody to ask."""
    return cubes.run(
        *("driver", "mdimappend", *words),
        command="gdal",
        status=None,
        prefix=hostile.LIMITED,
        timeout=hostile.SECONDS,
        stdin=cubes.subprocess.DEVNULL,
    )


VERBS = ("write", "commit", "abort", "renew")


@pytest.mark.parametrize(
    ("verb", "number"),
    sample(((v, n) for n in range(len(GARBAGE)) for v in VERBS), 9),
)
def test_a_token_that_is_none(tmp_path, verb, number):
    words = [GARBAGE[number]] + ([tmp_path / "x.nc"] if verb == "write" else [])
    done = limited(verb, *words)
    assert done.status in (1, 2), done
    assert "ERROR" in done.stderr


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_token_that_was_cut_off(opened, keep):
    cut = opened.text[: int(len(opened.text) * keep)]
    assert "not the token" in opened.refused("write", cut, opened.slices[0])
    assert "not the token" in opened.commit_refused(cut)


NAMES = [
    "..",
    "../../victim",
    "/etc",
    "0/../..",
    "",
    ".",
    "a\0b",
    "0" * 5000,
    5,
    None,
    ["0"],
    {"0": 1},
    -1,
]


@pytest.mark.parametrize("number", sample(range(len(NAMES)), 4))
def test_a_transaction_in_a_token_is_a_name(opened, number):
    token = json.dumps({**opened.token, "transaction": NAMES[number]})
    assert opened.refused("write", token, opened.slices[0])
    assert opened.commit_refused(token)
    assert opened.refused("abort", token)


@pytest.mark.parametrize(
    "member",
    [
        {"lease": None},
        {"lease": {"number": -1, "nonce": ""}},
        {"lease": {"number": 2**64, "nonce": []}},
        {"lease": {"number": 1, "nonce": "0123456789abcdef"}},
        {"lease": {"number": 1.5, "nonce": "x"}},
        {"target": ""},
        {"target": []},
        {"target": "/nowhere/cube.zarr"},
        {"group": ".."},
        {"group": "../victim"},
        {"group": 7},
        {"format": None},
    ],
    ids=str,
)
def test_members_of_a_token_that_are_wrong(opened, member):
    token = json.dumps({**opened.token, **member})
    statuses = (0, 1, 2) if "group" in member else (1, 2)
    opened.refused("write", token, opened.slices[0], statuses=statuses)
    if "group" not in member:
        assert opened.commit_refused(token)


def test_a_plan_in_a_token_is_only_told(opened):
    for plan in (None, [], {"append_dim": -1}, {"append_dim": ["time"]}):
        token = json.dumps({**opened.token, "plan": plan})
        opened.run("write", token, opened.slices[0], "--at", "0", statuses=(0, 1))
        opened.run("write", token, opened.slices[0], statuses=(0,))


# Receipts


@pytest.mark.parametrize("number", sample(range(len(GARBAGE)), 5))
def test_a_receipt_that_is_none(opened, number):
    good = [json.dumps(r) for r in opened.receipts]
    done = limited("commit", opened.text, GARBAGE[number], good[0])
    assert done.status in (1, 2, 5), done
    assert "ERROR" in done.stderr


@pytest.mark.parametrize("content", ["", "\n\n", "[]", "{}", "null", "{}\n{}", "[[]]"])
def test_files_that_have_no_receipts(opened, content):
    path = opened.folder / "receipts"
    path.write_text(content)
    assert opened.refused("commit", opened.text, path)


def test_no_receipts_at_all(opened):
    assert "in none of the parts" in opened.refused("commit", opened.text)


def test_receipts_in_a_file_as_lines_or_as_a_list_or_from_standard_input(tmp_path):
    for number, form in enumerate(("lines", "list", "input")):
        folder = tmp_path / form
        folder.mkdir()
        opened = Opened(folder)
        lines = "\n".join(json.dumps(r) for r in opened.receipts)
        path = folder / "receipts"
        path.write_text(json.dumps(opened.receipts) if form == "list" else lines)
        word = "-" if form == "input" else path
        with path.open() as file:
            parts.verb("commit", opened.text, word, stdin=file)
        assert cubes.open_xarray(opened.store).sizes["time"] == 5, number


@pytest.mark.parametrize(
    "member",
    [
        *({"part": name} for name in sample(NAMES, 4)),
        {"written": None},
        {"written": {"size": -1, "checksum": ""}},
        {"written": {"size": 2**64, "checksum": 7}},
        {"transaction": "../x"},
        {"transaction": None},
        {"format": "mdimappend receipt 2"},
    ],
    ids=lambda member: str(member)[:40].replace("\0", "0"),
)
def test_members_of_a_receipt_that_are_wrong(opened, member):
    receipts = [{**opened.receipts[0], **member}, opened.receipts[1]]
    opened.commit_refused(receipts=receipts)


def test_a_receipt_does_not_vouch_for_another_record(opened):
    receipts = copy.deepcopy(opened.receipts)
    receipts[0]["part"] = receipts[1]["part"]
    assert "not what its receipt says" in opened.commit_refused(receipts=receipts)


# Records of parts


def chunk(document):
    return next(a for a in document["arrays"] if a["chunks"])["chunks"][0]


def rows(document):
    return next(a for a in document["arrays"] if "rows" in a)["rows"]


def setting(find, **members):
    return lambda document: find(document).update(members)


def without(find, name):
    def change(document):
        found = find(document)
        found.pop(name, None)

    return change


def array(document):
    return document["arrays"][0]


def values(count):
    return base64.b64encode(b"\1" * count).decode()


RECORDS = {
    "no object": lambda document: [],
    "null": lambda document: 7,
    "no arrays": lambda document: {**document, "arrays": None},
    "arrays of numbers": lambda document: {**document, "arrays": [1, 2]},
    "another format": lambda document: {**document, "format": "x"},
    "unknown array": setting(array, path="elsewhere"),
    "array outside": setting(array, path="../victim"),
    "static array": setting(array, path="elevation"),
    "index too short": setting(chunk, index=[1, 0]),
    "index too long": setting(chunk, index=[1, 0, 0, 0]),
    "index beyond": setting(chunk, index=[9, 0, 0]),
    "index committed": setting(chunk, index=[0, 0, 0]),
    "index huge": setting(chunk, index=[2**64 - 1, 0, 0]),
    "index negative": setting(chunk, index=[-1, 0, 0]),
    "index text": setting(chunk, index=["1", 0, 0]),
    "index none": setting(chunk, index=None),
    "staged elsewhere": setting(chunk, staged="../../victim/letter.txt"),
    "staged above": setting(chunk, staged=".."),
    "staged absolute": setting(chunk, staged="/etc/passwd"),
    "staged zero": setting(chunk, staged="a\0b"),
    "staged empty": setting(chunk, staged=""),
    "staged number": setting(chunk, staged=7),
    "staged missing": setting(chunk, staged="0123456789abcdef-0-0-0"),
    "not staged": without(chunk, "staged"),
    "no base": without(chunk, "base"),
    "content huge": setting(chunk, content={"size": 2**63, "checksum": "xxh3:0"}),
    "content negative": setting(chunk, content={"size": -1, "checksum": "xxh3:0"}),
    "no content": without(chunk, "content"),
    "rows negative": setting(rows, first=-5),
    "rows before": setting(rows, first=0),
    "rows beyond": setting(rows, first=5),
    "rows huge": setting(rows, first=3, rows=2**64 - 1),
    "rows many": setting(rows, rows=10**15),
    "rows none": setting(rows, rows=0),
    "rows without values": setting(rows, values=""),
    "rows with few values": setting(rows, values=values(1)),
    "rows with many values": setting(rows, values=values(4000)),
    "rows with texts": setting(rows, texts=["a"]),
    "rows not of base64": setting(rows, values="%%%"),
    "rows of numbers": setting(rows, texts=[1]),
    "rows no object": setting(
        lambda d: next(a for a in d["arrays"] if "rows" in a), rows=[]
    ),
}


@pytest.mark.parametrize("name", sample(RECORDS, 4))
def test_a_record_that_was_tampered_with(opened, name):
    opened.tamper_part(RECORDS[name])
    assert opened.commit_refused()


def test_staged_bytes_that_were_changed_do_not_come_into_the_cube(fresh):
    for path in fresh.stage.glob(f"{fresh.receipts[0]['part']}-[0-9]*"):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
    assert fresh.commit_refused()


# Sessions


def first_array(document):
    return next(a for a in document["arrays"] if a["path"] == "air")


OUTSIDE = [
    "../victim/letter.txt",
    "/etc/passwd",
    "..",
    "air/../../victim/0",
    "",
    "a\0b",
]


def renamed(document, old, new):
    text = json.dumps(document).replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    return json.loads(text)


SESSIONS = {
    "no object": lambda document: [],
    "number": lambda document: 7,
    "empty": lambda document: {"format": document["format"]},
    "another format": lambda document: {**document, "format": "mdimappend session 2"},
    **{
        f"without {name}": without(lambda d: d, name)
        for name in ("options", "documents", "arrays", "order", "base", "begun")
    },
    **{
        f"{name} is {value!r}": setting(lambda d: d, **{name: value})
        for name in ("options", "documents", "arrays", "order", "labels", "begun")
        for value in (7, "x", [7], {"x": 7})
    },
    "options unknown": setting(lambda d: d, options={"nonsense": 1}),
    **{f"order {key!r}": setting(lambda d: d, order=[key]) for key in OUTSIDE},
    **{f"deletion {key!r}": setting(lambda d: d, deletions=[key]) for key in OUTSIDE},
    "array outside": lambda document: renamed(document, "air", "../victim"),
    "window upside down": setting(first_array, low=[5, 0, 0], high=[3, 4, 5]),
    "window beyond": setting(first_array, high=[2**62, 4, 5]),
    "window negative": setting(first_array, low=[-3, 0, 0]),
    "window short": setting(first_array, low=[3], high=[5]),
    "committed beyond": setting(first_array, committed=[2**63, 4, 5]),
    "rows": setting(lambda d: d, rows=2**64 - 1),
    "first row": setting(lambda d: d, first_row=2**64 - 1),
    "labels short": setting(
        lambda d: d, labels={"first": 3, "rows": 2, "values": "AA==", "texts": []}
    ),
    "labels none": setting(
        lambda d: d, labels={"first": 3, "rows": 0, "values": "", "texts": []}
    ),
    "labels texts": setting(
        lambda d: d, labels={"first": 3, "rows": 2, "values": "", "texts": ["a", "b"]}
    ),
}


@pytest.mark.parametrize("name", sample(SESSIONS, 7))
def test_a_session_that_was_tampered_with(opened, name):
    opened.tamper_session(SESSIONS[name])
    with hostile.untouched(opened.store, opened.victim):
        written = opened.run(
            "write", opened.text, opened.slices[0], statuses=(0, 1, 2, 5)
        )
        words = [json.dumps(r) for r in opened.receipts]
        done = opened.run("commit", opened.text, *words)
    assert written.status == 0 or written.message
    assert done.message


COORDINATES = {
    "empty": b"",
    "garbage": b"\0" * 100,
    "no values": b'{"shape": [4], "whole": true, "texts": []}\n',
    "few values": b'{"shape": [4], "whole": true, "texts": []}\n' + b"\0" * 8,
    "huge": b'{"shape": [4611686018427387904], "whole": true, "texts": []}\n',
    "product": b'{"shape": [4294967296, 4294967296], "whole": true, "texts": []}\n',
    "negative": b'{"shape": [-4], "whole": true, "texts": []}\n' + b"\0" * 32,
    "texts": b'{"shape": [4], "whole": true, "texts": ["a", 7]}\n',
    "one text": b'{"shape": [4], "whole": true, "texts": ["a"]}\n',
    "no list": b'{"shape": 4, "whole": true, "texts": 4}\n' + b"\0" * 32,
    "two dimensions": b'{"shape": [2, 2], "whole": true, "texts": []}\n' + b"\0" * 32,
}


@pytest.mark.parametrize("name", sample(COORDINATES, 3))
def test_a_coordinate_that_was_tampered_with(opened, name):
    for path in opened.journal.glob("coordinate-*"):
        path.write_bytes(COORDINATES[name])
    assert opened.refused("write", opened.text, opened.slices[0])


# Places


def test_without_the_sidecar_nothing_can_be_done_with_a_token(fresh):
    cubes.sidecar(fresh.store).rename(fresh.folder / "away")
    assert fresh.refused("write", fresh.text, fresh.slices[0])
    assert fresh.commit_refused()
    assert fresh.refused("abort", fresh.text)
    assert not cubes.leftovers(fresh.store)


def test_links_in_the_stage_are_not_followed(fresh):
    for path in fresh.stage.glob(f"{fresh.receipts[0]['part']}-[0-9]*"):
        path.unlink()
        path.symlink_to(fresh.victim / "letter.txt")
    assert fresh.commit_refused()


def test_a_target_that_is_read_only(fresh, is_root, tmp_path):
    if not is_root:
        pytest.skip("mounting needs root")
    with mounts.read_only(fresh.folder, tmp_path.parent / f"{tmp_path.name}-ro") as ro:
        token = json.dumps({**fresh.token, "target": str(ro / "cube.zarr")})
        assert fresh.refused("write", token, fresh.slices[0])
        assert fresh.commit_refused(token)
        words = ("--like", fresh.slices[0], ro / "new.zarr")
        assert parts.verb("begin", *words, status=1).message


@pytest.mark.parametrize("verb", ["begin", "write", "commit"])
def test_a_full_disk_is_told_and_all_goes_on_when_there_is_space(tmp_path, verb):
    with mounts.mounted(tmp_path / "small", "size=2m") as small:
        opened = Opened(small)
        ballast = small / "ballast"
        if verb == "begin":
            parts.call("abort", opened.text)
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 4096)
        words = {
            "begin": ("--like", opened.slices[0], opened.store),
            "write": (opened.text, opened.slices[0]),
            "commit": (opened.text, *[json.dumps(r) for r in opened.receipts]),
        }[verb]
        assert "space" in opened.refused(verb, *words)
        ballast.unlink()
        if verb == "begin":
            cubes.append("--lock-timeout", "0", opened.slices[0], opened.store)
        else:
            opened.commit()

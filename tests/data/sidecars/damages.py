"""What becomes of states that a kill has left: power cuts, disks, other programs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Damage:
    """`of`: the state that it is done to; "base": an append that was finished."""

    name: str
    of: str
    left: str
    do: Callable
    note: dict
    days: list = field(default_factory=lambda: [0, 3])

    def as_note(self):
        return {
            "name": self.name,
            "left": self.left,
            "days": self.days,
            "offered": [[3, 2], [5, 1]],
            **self.note,
        }


def did(what, **more):
    return {"recover": {"did": what}, **more}


def refused(*words, status=1, **more):
    """`set_aside`: whether appending goes on after `recover --set-aside`."""
    return {"recover": {"status": status, "words": list(words)}, **more}


def sidecar(store):
    return Path(f"{store}.mdimappend")


def journal(store, name):
    (path,) = sidecar(store).glob(f"journal/*/{name}")
    return path


def torn(name):
    """A file of the journal whose second half did not reach the disk."""

    def do(store):
        path = journal(store, name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return do


def removed(pattern):
    def do(store):
        (path, *_) = sorted(store.parent.glob(pattern))
        path.unlink()

    return do


def written(name, text):
    def do(store):
        path = sidecar(store) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return do


def damaged_record(store):
    path = sidecar(store) / "log" / "000000000001.json"
    path.write_text(path.read_text().replace('"sequence": 1', '"sequence": "1'))


def one_of(store, *names):
    return next(store / name for name in names if (store / name).exists())


def put_lost(store):
    one_of(store, "air/c/1/0/0", "air/1.0.0", "air/1/0/0").unlink()


def foreign_document(store):
    """Another program has written the root's consolidated metadata anew."""
    path = one_of(store, ".zmetadata", "zarr.json")
    path.write_text(path.read_text() + " ")


def foreign_chunk(store):
    path = one_of(store, "air/c/0/0/0", "air/0.0.0", "air/0/0/0")
    path.write_bytes(path.read_bytes() + b"\0")


def unfinished_names(store):
    for name in ("head.new", "000000000002.json.0123456789abcdef"):
        (sidecar(store) / "log" / name).write_text("{")


def second_lease(store):
    (path,) = sidecar(store).glob("lease/*")
    path.write_text(path.read_text().replace('"lease": 90.0', '"lease": 1.0'))


def torn_claim(store):
    (path,) = sidecar(store).glob("lease/*")
    path.write_text(path.read_text()[:20])


def nothing(store):
    pass


LEASED = ["--lock", "lease"]
AFTER = [0, 5]
DAMAGES = [
    Damage(
        "settled", "base", "nothing pending", nothing,
        did("nothing")),
    Damage(
        "plan-torn", "append-planned",
        "a torn plan and nothing else: it never became durable",
        torn("plan"), did("tidied")),
    Damage(
        "plan-torn-later", "append-manifested",
        "a torn plan with a manifest: what was written cannot be known",
        torn("plan"), refused("cannot be followed", "plan", set_aside=True)),
    Damage(
        "manifest-torn", "append-manifested", "a torn manifest, no decision",
        torn("manifest"), did("undone")),
    Damage(
        "manifest-torn-decided", "append-decided",
        "the decision to commit a manifest that is torn",
        torn("manifest"), refused("cannot be followed", "manifest", set_aside=True)),
    Damage(
        "decision-torn", "append-decided", "a torn decision",
        torn("decision"), refused("cannot be followed", "decision", set_aside=True)),
    Damage(
        "abort-torn", "append-manifested",
        "a torn record to abort with, no decision", torn("abort"), did("undone")),
    Damage(
        "staged-lost", "append-decided",
        "the decision to commit, a staged object is gone",
        removed("*.mdimappend/stage/*/[0-9]*"), refused(set_aside=True)),
    Damage(
        "put-lost", "process-decided",
        "without barriers; the machine restarted, a new chunk is gone",
        put_lost, refused("--durability process", set_aside=True)),
    Damage(
        "document-foreign", "append-manifested",
        "another program has changed a document, no decision",
        foreign_document, refused(set_aside=True)),
    Damage(
        "chunk-foreign", "append-decided",
        "the decision to commit, another program has changed a chunk",
        foreign_chunk, refused()),
    Damage(
        "head-torn", "append-decided", "the decision to commit, a torn hint",
        written("log/head", '{"seq'), did("finished"), AFTER),
    Damage(
        "head-lost", "base", "nothing pending, no hint",
        removed("*.mdimappend/log/head"), did("nothing")),
    Damage(
        "record-lost", "append-decided",
        "the decision to commit, the record that the hint names is gone",
        removed("*.mdimappend/log/*1.json"), refused("log is damaged")),
    Damage(
        "record-damaged", "base", "nothing pending, a damaged log record",
        damaged_record, did("nothing", append=[1, "log record", "damaged"])),
    Damage(
        "names-unfinished", "append-decided",
        "the decision to commit, unfinished names in the log",
        unfinished_names, did("finished"), AFTER),
    Damage(
        "stage-left", "base", "a stage without a journal",
        written("stage/000000000009-0123456789abcdef/0-0", "x"), did("nothing")),
    Damage(
        "lock-torn", "base", "a torn text in the lock", written("lock", '{"for'),
        did("nothing")),
    Damage(
        "lease-short", "leased-decided",
        "the decision to commit, under a lease of a second",
        second_lease, did("finished", options=LEASED, wait=20), AFTER),
    Damage(
        "lease-over", "leased-decided",
        "the decision to commit, under a lease that is over, met by the kernel's lock",
        nothing, did("finished"), AFTER),
    Damage(
        "lease-alive", "leased-manifested", "no decision, a lease that is alive",
        nothing, refused(status=3, options=LEASED, claims="now")),
    Damage(
        "lease-alive-auto", "leased-manifested",
        "no decision, a lease that is alive, met by the kernel's lock",
        nothing, refused(status=3, claims="now")),
    Damage(
        "lease-torn", "leased-manifested", "no decision, a claim that is torn",
        torn_claim, refused(status=3, options=LEASED, claims="now")),
    Damage(
        "lease-meets-journal", "append-decided",
        "the decision to commit, made with the kernel's lock, met by a lease",
        nothing, refused("kernel's lock", options=LEASED)),
    Damage(
        "parts-alive", "parts-written",
        "a session with a part in the stage, whose lease is alive",
        nothing, refused(status=3, options=LEASED, claims="now")),
]  # fmt: skip

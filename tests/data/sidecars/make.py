"""Makes stores.tar.xz and notes.json: stores and sidecars as the frozen build leaves
them when it is killed, and what every later build must make of them.

    export MDIMAPPEND_FROZEN=$(./dev frozen)
    ./dev run python3 tests/data/sidecars/make.py

It is kept to say how they were made. They are not made again: stores of the past do not
change. What a later format adds gets an archive of its own beside this one.

Inodes are this machine's, and boot ids are made to be no machine's. So all of these stores
are copies, on a machine that was started anew: what holds on the same machine is tried with the frozen
build itself (autotest/frozen/test_frozen_build.py). So are targets without labels, whose
slices are known by path and inode.
"""

import contextlib
import io
import json
import lzma
import re
import shutil
import socket
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
HOME = HERE.parents[2]
sys.path.insert(0, str(HOME / "autotest"))

import frozen_build  # noqa: E402
import interrupted  # noqa: E402
import records  # noqa: E402
from damages import DAMAGES  # noqa: E402

# Log records have the slices' absolute paths.
WORK = Path("/tmp/frozen")
BOOT = "00000000-0000-4000-8000-000000000000"
STEPS = {
    "append": list(interrupted.STEPS),
    "new": ["planned", "manifested", "decided", "document-applied", "logged"],
    "process": ["manifested", "decided", "document-applied", "logged"],
    "leased": ["planned", "manifested", "decided", "chunk-applied", "logged"],
    "overwrite": ["planned", "manifested", "decided", "exchanged", "logged"],
}
STEPS["append"].remove("exchanged")


def cases(workshop):
    """Notes and folders."""
    for kind, steps in STEPS.items():
        for step in steps:
            append = interrupted.APPENDS[kind]
            days = append.after if interrupted.is_in(step) else append.before
            note = note_of(f"{kind}-{step}", interrupted.STEPS[step], days)
            if kind == "new":
                note["offered"] = [[0, 3], [3, 2]]
            if kind == "leased":
                note["options"] = ["--lock", "lease"]
            yield note, workshop.append(kind, step)
    for name, step in interrupted.UNDOING.items():
        note = note_of(f"append-{name}", step, (0, 3))
        yield note, workshop.undoing(name)
    for name, left, recovery, days in (
        ("begun", "a session, whose lease is over", "undone", (0, 3)),
        ("written", "a session with a part, whose lease is over", "undone", (0, 3)),
        ("decided", "parts, and the decision to commit", "finished", (0, 5)),
    ):
        step = interrupted.Step("", False, left, recovery)
        note = note_of(f"parts-{name}", step, days)
        note["options"] = ["--lock", "lease"]
        yield note, workshop.parts(name)


def note_of(name, step, days):
    return {
        "name": name,
        "left": step.left,
        "days": days,
        "offered": [[3, 2], [5, 1]],
        "recover": {"did": step.recovery},
    }


def damaged_cases(workshop, made):
    for damage in DAMAGES:
        folder = workshop.copy(made.get(damage.of, workshop.base))
        damage.do(folder / "cube.zarr")
        yield damage.as_note(), folder


def settle(folder):
    """What only tells of this machine is made neutral."""
    for name in ("token", "receipt"):
        (folder / name).unlink(missing_ok=True)
    sidecar = folder / "cube.zarr.mdimappend"
    for path in [sidecar / "lock", *sidecar.glob("lease/*")]:
        if path.is_file():
            text = path.read_text()
            path.write_text(re.sub('"host": "[^"]*"', '"host": "node7"', text))
    for journal in sidecar.glob("journal/*"):
        forget_boot(journal)
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        data = data.replace(f"{WORK}/days".encode(), b"")
        for word in ("/tmp/", str(HOME), f'"{socket.gethostname()}"'):
            assert word.encode() not in data, (path, word)


def forget_boot(journal):
    """Else the machine where they are made has not been restarted since."""
    manifest = journal / "manifest"
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        if json.loads(manifest.read_bytes().split(b"\n", 1)[1])["boot"]:
            records.rewrite(manifest, lambda members: members.update(boot=BOOT))
            if (journal / "decision").exists():
                records.decide_anew(journal)


def pack(archive, name, folder):
    for path in [folder, *sorted(folder.rglob("*"))]:
        entry = archive.gettarinfo(path, f"{name}/{path.relative_to(folder)}")
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        data = io.BytesIO(path.read_bytes()) if path.is_file() else None
        archive.addfile(entry, data)


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    notes = []
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for zarr_format in ("2", "3"):
            frozen = frozen_build.environment()
            workshop = interrupted.Workshop(WORK, zarr_format, frozen)
            made = {}

            def keep(note, folder, zarr_format=zarr_format):
                name = f"v{zarr_format}-{note['name']}"
                notes.append({**note, "name": name})
                settle(folder)
                pack(archive, name, folder)

            for note, folder in cases(workshop):
                keep(note, folder)
                made[note["name"]] = folder
            for note, folder in damaged_cases(workshop, made):
                keep(note, folder)
    packed = lzma.compress(raw.getvalue(), preset=9 | lzma.PRESET_EXTREME)
    (HERE / "stores.tar.xz").write_bytes(packed)
    lines = ",\n".join(json.dumps(note) for note in notes)
    (HERE / "notes.json").write_text(f"[\n{lines}\n]\n")
    shutil.rmtree(WORK)
    print(f"{len(notes)} stores, {len(packed)} bytes")


if __name__ == "__main__":
    main()

"""Claims: who may write under `--lock lease` (docs/format.md, section 2)."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._processes import is_known_gone

_NAME = re.compile(r"[0-9]{12,}")


def holder_of(document: object) -> str:
    """Who a lock document or a claim says has it."""
    if not isinstance(document, Mapping):
        return "another writer"
    return (
        f"process {document.get('process')} on {document.get('host')} since "
        f"{document.get('started')} ({document.get('command')})"
    )


class Claim:
    """The highest claim of `--lock lease`."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        known: Mapping[str, Any] = document if isinstance(document, dict) else {}
        lease = known.get("lease")
        # One that cannot be read lasts a minute.
        self.lease = float(lease) if isinstance(lease, int | float) else 60.0
        self.is_free = known.get("state") == "free"
        self.holder = holder_of(document)
        self._document = known

    def pass_by(self, watch: ClaimWatch) -> bool:
        """Whether it is no more in the way; one that is over is freed."""
        if self.is_free:
            return True
        if not is_known_gone(self._document.get("until")) and not watch.is_over(self):
            return False
        number = int(self.path.name) + 1
        free = {"format": "mdimappend lease 1", **self._document, "state": "free"}
        return _create_once(
            self.path.with_name(f"{number:012d}"), json.dumps(free, indent=2) + "\n"
        )


class ClaimWatch:
    """How long a claim has been the same, by this machine's own clock."""

    def __init__(self) -> None:
        self._seen: tuple[Path, str] | None = None
        self._since = 0.0

    def is_over(self, claim: Claim) -> bool:
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        if self._seen != (claim.path, claim.text):
            self._seen = (claim.path, claim.text)
            self._since = now
        return now - self._since > 1.1 * claim.lease


def latest_claim(folder: Path) -> Claim | None:
    """The one that counts; None if there has never been any."""
    while True:
        try:
            names = [each for each in os.listdir(folder) if _NAME.fullmatch(each)]
        except FileNotFoundError:
            return None
        if not names:
            return None
        path = folder / max(names, key=int)
        try:
            return Claim(path, path.read_text(errors="replace"))
        except FileNotFoundError:
            continue  # There is a higher one now.


def _create_once(path: Path, text: str) -> bool:
    """Made whole, under its name, by the first only: a link of a synced file."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(draft, "x") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True

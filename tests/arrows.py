"""Includes in src/ follow the arrows: a room uses those below it in the table of
docs/architecture.md ("The rooms"), never one above it.

    arrows.py [CHECKOUT]

Prints each include against the order, each room without a line in the table, and
each line without a room; then ends with status 1.
"""

import re
import sys
from pathlib import Path

ROOM = re.compile(r"^\| `src/(\w+)/` \|", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def rooms_in_order(page):
    return ROOM.findall(page.read_text())


def wrong_includes(source, order):
    rank = {room: number for number, room in enumerate(order)}
    for file in sorted([*source.rglob("*.h"), *source.rglob("*.cpp")]):
        parts = file.relative_to(source).parts
        # What is in no room (status.h, ...) may be used by all and uses none.
        here = rank.get(parts[0]) if len(parts) > 1 else len(order)
        for included in INCLUDE.findall(file.read_text()):
            there = rank.get(included.split("/")[0]) if "/" in included else None
            if here is not None and there is not None and there < here:
                yield f"{file}: includes {included}, of a room above"


def main(checkout):
    source = checkout / "src"
    order = rooms_in_order(checkout / "docs/architecture.md")
    rooms = {folder.name for folder in source.iterdir() if folder.is_dir()}
    found = [f"docs/architecture.md: no line for src/{r}/" for r in rooms - set(order)]
    found += [f"docs/architecture.md: no folder src/{r}/" for r in set(order) - rooms]
    found += wrong_includes(source, order)
    for line in sorted(found):
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path()))

"""The check of the rooms' arrows (tests/arrows.py) can fail."""

import shutil
import subprocess
import sys

import pytest
from documents import HOME


def check(checkout):
    return subprocess.run(
        [sys.executable, HOME / "tests/arrows.py", checkout],
        capture_output=True,
        text=True,
    )


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(HOME / "src", tmp_path / "src")
    (tmp_path / "docs").mkdir()
    shutil.copy(HOME / "docs/architecture.md", tmp_path / "docs")
    return tmp_path


def test_includes_follow_the_arrows(copy):
    done = check(copy)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("room", "included"),
    [
        ("storage", "transaction/view.h"),
        ("cube", "append/plan.h"),
        ("json", "zarr/documents.h"),
        ("", "journal/log.h"),
    ],
)
def test_an_include_against_the_order_is_found(copy, room, included):
    (copy / "src" / room / "astray.h").write_text(f'#include "{included}"\n')
    done = check(copy)
    assert done.returncode == 1
    assert f"astray.h: includes {included}, of a room above" in done.stdout


def test_a_room_that_the_page_does_not_know_is_found(copy):
    (copy / "src/attic").mkdir()
    done = check(copy)
    assert done.returncode == 1
    assert "no line for src/attic/" in done.stdout

"""Which tests `./dev test --changed` chooses (tests/changed.py)."""

import subprocess
import sys

import pytest
from documents import HOME


def chosen(*files, tests="/bin/false", only_print=True):
    options = ["--only-print"] if only_print else []
    return subprocess.run(
        [sys.executable, HOME / "tests/changed.py", *options, tests],
        input="".join(f"{file}\n" for file in files),
        capture_output=True,
        text=True,
        check=False,
    )


ROOMS = sorted(path.name for path in (HOME / "src").iterdir() if path.is_dir())


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_has_tests(room):
    """Or a change of it would pass with none."""
    said = chosen(f"src/{room}/any.cpp").stdout
    assert "C++:    none" not in said or "pytest: none" not in said


def test_tests_are_those_of_the_room():
    done = chosen("src/lock/lease.cpp", "autotest/lock/test_leases.py", "README.md")
    assert "pytest: autotest/docs autotest/lock\n" in done.stdout
    assert "LockTest" in done.stdout
    assert "ParseArray" not in done.stdout


def test_what_belongs_to_no_room_is_named():
    done = chosen("src/status.h", "dev", "bench/run.py", "CHANGELOG.md")
    assert done.stdout.endswith("all tests show them: src/status.h dev\n")


def test_a_test_that_fails():
    assert chosen("src/json/any.cpp", only_print=False).returncode == 1
    done = chosen("src/json/any.cpp", tests="/bin/true", only_print=False)
    assert done.returncode == 0

"""Each state that a kill leaves, and each that a recovery brings it to, as xarray and
zarr-python read it. The campaigns of the C++ tests make the states (tests/support)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = Path(os.environ.get("MDIMAPPEND_BUILD", ROOT / "build"))
PROGRAM = BUILD / "tests" / "mdimappend_tests"


@pytest.mark.skipif(not PROGRAM.exists(), reason="built without tests")
def test_other_readers_see_committed_states_only(tmp_path):
    subprocess.run(
        [
            PROGRAM,
            "--gtest_brief=1",
            "--gtest_filter=*ProtocolCrash.aKillAfterAnyCall*",
        ],
        env={**os.environ, "MDIMAPPEND_STATES": str(tmp_path)},
        check=True,
    )
    lines = (tmp_path / "states.jsonl").read_text().splitlines()
    assert len(lines) > 200
    checked = subprocess.run(
        [sys.executable, ROOT / "tests" / "check_states.py", tmp_path],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr

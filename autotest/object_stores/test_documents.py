"""The examples of docs/object_stores.md run, against a store of our own."""

import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent.parent


def test_examples_run_and_print_what_the_document_says(s3, tmp_path):
    # Of the tests of the other documents; pytest has their folder on its path.
    import test_docs

    if not test_docs.SOURCE.exists():
        pytest.skip(f"{test_docs.SOURCE} (Debian's ferret-datasets) is not installed")
    subprocess.run(
        ["cdo", "-s", "-f", "nc4", "splityear", str(test_docs.SOURCE), "winds_"],
        check=True,
        cwd=tmp_path,
    )
    text = (HOME / "docs/object_stores.md").read_text()
    blocks = list(test_docs.BLOCK.finditer(text))
    assert blocks, "the document has no examples"
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block["code"]],
            cwd=tmp_path,
            env=s3.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        report = f"{block['code']}printed:\n{done.stdout}"
        assert done.returncode == 0, report
        missing = test_docs.missing_line(block["output"] or "", done.stdout)
        assert missing is None, f"{report}but the document has: {missing}"

"""The examples of docs/object_stores.md run, against a store of our own."""

import subprocess

import documents
import pytest


def test_examples_run_and_print_what_the_document_says(s3, tmp_path):
    if not documents.SOURCE.exists():
        pytest.skip(f"{documents.SOURCE} (Debian's ferret-datasets) is not installed")
    subprocess.run(
        ["cdo", "-s", "-f", "nc4", "splityear", str(documents.SOURCE), "winds_"],
        check=True,
        cwd=tmp_path,
    )
    text = (documents.HOME / "docs/object_stores.md").read_text()
    blocks = list(documents.BLOCK.finditer(text))
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
        missing = documents.missing_line(block["output"] or "", done.stdout)
        assert missing is None, f"{report}but the document has: {missing}"

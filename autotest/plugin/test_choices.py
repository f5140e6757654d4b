"""Options that offer choices offer a choice."""

import json
import subprocess

import cubes
import pytest

VERBS = ("status", "recover", "log", "unlock", "begin", "write", "commit", "abort")


@pytest.mark.parametrize(
    "command",
    [
        [cubes.COMMAND],
        *(["gdal", "driver", "mdimappend", verb] for verb in (*VERBS, "renew")),
    ],
    ids=lambda command: command[-1],
)
def test_there_are_several(command):
    usage = json.loads(subprocess.check_output([*command, "--json-usage"]))
    for argument in usage["input_arguments"]:
        # What else can be done with another size comes with edits.
        if argument["name"] != "on-size":
            assert len(argument.get("choices", ["one", "two"])) > 1, argument["name"]

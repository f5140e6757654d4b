#!/usr/bin/env python3
"""Makes gdalmdimappend/_keywords.py from the schema of settings files.

Run it after a change of src/settings/settings.schema.json; a test compares.
"""

import json
import subprocess
from pathlib import Path

HOME = Path(__file__).parent
SCHEMA = json.loads((HOME / "../../src/settings/settings.schema.json").read_text())

#: Arguments of their own, or keywords that `append` has other ways for
#: (_settings.py); what zappend has and nobody needs in Python.
LEFT_OUT = {
    *("slices", "input", "slices_from", "output", "target_dir"),
    *("report", "quiet", "verbose", "lock", "lease", "version", "encoding"),
}

#: Where the schema's type is not what Python's users write.
OWN_TYPES = {
    "rename": "Mapping[str, str] | Sequence[str]",
    "variables": "Mapping[str, Variable]",
    "slice_polling": "bool | Mapping[str, Duration]",
    "wait": "Duration | Literal[False]",
    "append_step": "Step",
    "step": "Step",
}

#: The same of encodings: those of numpy, numcodecs and zarr are taken, too.
ENCODING_TYPES = {
    "dtype": "str | type[Any] | np.dtype[Any]",
    "#/$defs/sizes": "Sequence[int | None] | None",
    "#/$defs/fill_value": "Number | str | None",
    "#/$defs/compressor": "Any",
    "number": "Number",
    "filters": "Sequence[Any] | None",
}

HEAD = '''"""The keywords of `append`, for editors and type checkers.

Made by make_keywords.py from src/settings/settings.schema.json.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    import numpy as np

    #: Seconds, a text such as "5min" or "forever", or a duration.
    Duration = float | str | datetime.timedelta | np.timedelta64
    #: "any", "increasing", "1D", "1mo", ..., a number, or a duration.
    Step = float | str | datetime.timedelta | np.timedelta64 | None
    #: Names and values, or texts of the form NAME=VALUE.
    Options = Mapping[str, str | bool | int] | Sequence[str]
    #: A settings file, by its path or as a dict.
    SettingsFile = str | os.PathLike[str] | Mapping[str, Any]
    Number = float | np.number[Any]
'''


def strings(names: list[str]) -> str:
    return "Literal[" + ", ".join(json.dumps(name) for name in names) + "]"


def type_of(each: dict) -> str:
    known = {
        "#/$defs/truth": "bool",
        "#/$defs/no": "Literal[False]",
        "#/$defs/duration": "Duration",
        "#/$defs/config": "Options",
        "#/$defs/storage_options": "Mapping[str, Any]",
    }
    if each.get("$ref") in known:
        return known[each["$ref"]]
    if "enum" in each:
        values = [value for value in each["enum"] if isinstance(value, str)]
        return strings(values) if values else f"Literal{each['enum']}"
    if "const" in each:
        return f"Literal[{json.dumps(each['const'])}]"
    if "anyOf" in each:
        return " | ".join(dict.fromkeys(type_of(kind) for kind in each["anyOf"]))
    if each.get("type") == "array":
        return "str | Sequence[str]"
    simple = {"string": "str", "integer": "int", "number": "float", "null": "None"}
    return simple.get(each.get("type"), "Mapping[str, Any]")


def wrapped(text: str, indent: str, width: int = 88) -> str:
    lines = [indent]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > width:
            lines.append(indent)
        lines[-1] += " " + word
    return "\n".join(lines)


def is_duration(each: dict) -> bool:
    return "#/$defs/duration" in json.dumps(each)


def members() -> str:
    text = ""
    for name, each in SCHEMA["properties"].items():
        if name in LEFT_OUT or each["x-group"] == "zappend's other keys":
            continue
        told = wrapped(each["description"], "    #:")
        kind = OWN_TYPES.get(name) or type_of(each)
        text += f"{told}\n    {name}: {kind}{'' if 'None' in kind else ' | None'}\n"
    return text.replace("Step | None", "Step")


def encoding_type(name: str, each: dict) -> str:
    for key in (name, each.get("$ref"), each.get("type")):
        if key in ENCODING_TYPES:
            return ENCODING_TYPES[key]
    return (
        type_of(each) if len(each) > 1 and ("type" in each or "enum" in each) else "Any"
    )


def encoding_members() -> str:
    variable = SCHEMA["properties"]["variables"]["additionalProperties"]
    text = ""
    for name, each in variable["properties"]["encoding"]["properties"].items():
        told = wrapped(each["description"], "    #:")
        text += f"{told}\n    {name}: {encoding_type(name, each)}\n"
    return text


def choices() -> str:
    """By the option of the command line: its values, or that it has none."""
    text = ""
    for name, each in SCHEMA["properties"].items():
        option = each.get("x-option", "")
        if not option.startswith("--") or "," in option:
            continue
        keyword = option.removeprefix("--").replace("-", "_")
        if each.get("$ref") == "#/$defs/truth" and each.get("default") is False:
            text += f'    "{keyword}": None,\n'
        elif "enum" in each and all(isinstance(one, str) for one in each["enum"]):
            values = "".join(f'"{one}", ' for one in each["enum"])
            text += f'    "{keyword}": ({values}),\n'
        else:
            text += f'    "{keyword}": (),\n'
        assert keyword in SCHEMA["properties"] or keyword == "encoding", name
    return "".join(dict.fromkeys(text.splitlines(keepends=True)))


def page() -> str:
    properties = SCHEMA["properties"]
    durations = [name for name, each in properties.items() if is_duration(each)]
    listed = ", ".join(f'"{name}"' for name in durations)
    return (
        HEAD
        + f"""
#: Settings that are durations, or have durations in them.
DURATIONS = frozenset(({listed}))

#: The options of the command line: their values, if there is a choice; None if they
#: are switches.
CHOICES: Mapping[str, tuple[str, ...] | None] = {{
{choices()}}}


class Encoding(TypedDict, total=False):
    \"\"\"How an array of a new target is stored.\"\"\"

{encoding_members()}

class Variable(TypedDict, total=False):
    \"\"\"What is said of one array.\"\"\"

    #: The names of its dimensions, in order.
    dims: Sequence[str]
    #: Attributes in a new target, over those of the slice; None removes one.
    attrs: Mapping[str, Any]
    encoding: Encoding


class Keywords(TypedDict, total=False):
    \"\"\"What may stand in a settings file; None is as if it were not given.\"\"\"

    #: Settings files, each over those before; the keywords are over them.
    settings: SettingsFile | Sequence[SettingsFile] | None
    #: How arrays of a new target are stored, by array, as xarray has it; or texts as
    #: --encoding takes.
    encoding: Mapping[str, Encoding] | str | Sequence[str] | None
{members()}

class AppendKeywords(Keywords, total=False):
    \"\"\"Those of `append`.\"\"\"

    #: With lock='lease' and in object stores, how long a writer counts as alive after
    #: its last sign of life.
    lease: Duration | None

"""
    )


def formatted(text: str) -> str:
    words = ["ruff", "format", "--stdin-filename", str(HOME / "_keywords.py"), "-"]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    (HOME / "gdalmdimappend/_keywords.py").write_text(formatted(page()))

"""The library's messages, which name options of the command line, in Python's words."""

from __future__ import annotations

import re

from ._keywords import CHOICES

_OPTION = re.compile(
    r"--([a-z][a-z-]*[a-z])(?:([ =])('[^']*'|(?:[^\s,.;:'\")]|\.(?=\d))+))?"
)
_ENCODING = re.compile(r"--encoding (\w+):(\w+)=(\.\.\.)")
_VERB = re.compile(
    r"`gdal driver mdimappend (status|log|recover|begin|commit|abort)([^`]*)`"
)


def in_python(message: str) -> str:
    """`--on-duplicate replace` as `on_duplicate='replace'`, and so on."""
    message = _VERB.sub(r"gdalmdimappend.\1()", message)
    message = _ENCODING.sub(r"encoding={'\1': {'\2': \3}}", message)
    return _OPTION.sub(_keyword, message)


def _keyword(found: re.Match[str]) -> str:
    name = found[1].replace("-", "_")
    if name not in CHOICES:
        return found[0].removeprefix("--") if name == "label" else found[0]
    rest = f"{found[2]}{found[3]}" if found[2] else ""
    values = CHOICES[name]
    if values is None:
        return f"{name}=True{rest}"
    value = (found[3] or "").strip("'")
    if found[3] in values or (value and _is_value(name, value)):
        return f"{name}={_written(name, value)}"
    return name + rest


def _is_value(name: str, text: str) -> bool:
    """Whether it is an example, and not the next word of the sentence."""
    if name in ("step", "wait", "lease", "lock_timeout"):
        return text[0].isdigit() or text in ("increasing", "decreasing", "constant")
    if name == "slice_group":
        return text.startswith("/")
    return name in ("rename", "label_from") and any(sign in text for sign in "=:")


def _written(name: str, text: str) -> str:
    if name == "rename":
        before, _, after = text.partition("=")
        return f"{{'{before}': '{after}'}}"
    return f"'{text}'"

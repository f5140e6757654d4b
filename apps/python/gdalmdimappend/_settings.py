"""Settings by name, as the library reads them from a file.

The keywords of `append` are one more settings file, over the others: so the
library checks them, and knows all names that a settings file may have.
"""

from __future__ import annotations

import datetime
import itertools
import json
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

from osgeo import gdal

from ._algorithm import APPEND, run, string_lists
from ._durations import duration
from ._errors import UsageError, error_of
from ._keywords import DURATIONS
from ._logging import listening
from ._report import Report

#: Keywords that would be in the way of what `append` has other ways for.
_REFUSED = {
    "input": "slices are the first argument",
    "slices": "slices are the first argument",
    "slices_from": "read the file in Python, line by line, and give a generator",
    "output": "the target is the second argument",
    "target_dir": "the target is the second argument",
    "labels": "the keyword is 'label', even for several",
    "report": "the report is what is returned",
    "quiet": "warnings go to logging.getLogger('gdalmdimappend')",
    "verbose": "the report has each slice",
}

#: An encoding with one of them says how values are stored.
PACKING = frozenset(
    {
        *("dtype", "scale_factor", "scale", "add_offset", "offset"),
        *("fill_value", "nodata", "_FillValue", "missing_value"),
    }
)

_STEPS = ("step", "append_step")

_numbers = itertools.count()


def plain(value: Any, name: str) -> Any:
    """A value of Python, numpy, numcodecs or zarr as JSON has it.

    Raises:
        UsageError: JSON has nothing for it.
    """
    if name in DURATIONS or name in _STEPS:
        value = duration(value, name)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        # What looks like a variable of the environment is one only in files.
        return str(value).replace("${", "$${")
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value), name)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): plain(each, name) for key, each in value.items()}
    return _plain_of_library(value, name)


def _plain_of_library(value: Any, name: str) -> Any:
    import numpy as np

    if isinstance(value, np.timedelta64):
        return float(value / np.timedelta64(1, "s"))
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist(), name)
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, type):
        return _dtype_name(value, name)
    if hasattr(value, "get_config"):  # numcodecs
        return plain(value.get_config(), name)
    if hasattr(value, "to_dict"):  # zarr's codecs
        document = value.to_dict()
        configuration = document.get("configuration", {})
        return plain({"id": document.get("name"), **configuration}, name)
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        return [plain(each, name) for each in value]
    raise UsageError(
        f"setting '{name}': {value!r} cannot be expressed in a settings file"
    )


def _dtype_name(kind: type, name: str) -> str:
    import numpy as np

    try:
        return np.dtype(kind).name
    except TypeError as error:
        raise UsageError(f"setting '{name}': {kind!r} is not a numeric type") from error


class Settings:
    """The settings of one call of `append`.

    Enter it before use: it has files in GDAL's memory for as long as it is used.

    Attributes:
        keywords: as they were given.
        resolved: those in effect, as a settings file; known after entering.
    """

    resolved: Mapping[str, Any]

    def __init__(self, target: str, keywords: Mapping[str, Any]) -> None:
        self._target = target
        self.keywords = {
            name: value for name, value in keywords.items() if value is not None
        }
        for name, reason in _REFUSED.items():
            if name in keywords:
                raise UsageError(f"'{name}' is not a setting here: {reason}")
        self._prefix = f"/vsimem/gdalmdimappend-{os.getpid()}-{next(_numbers)}"
        self._files: dict[str, str] = {}
        self._encodings: list[str] = []

    def _add_file(self, title: str, document: Mapping[str, Any]) -> str:
        file = f"{self._prefix}-{len(self._files)}.json"
        self._files[file] = title
        gdal.FileFromMemBuffer(file, json.dumps(document).encode())
        return file

    def _documents(self) -> list[str]:
        given = self.keywords.get("settings", [])
        if isinstance(given, str | os.PathLike | Mapping):
            given = [given]
        if not isinstance(given, Iterable):
            raise UsageError(f"settings: expected a file or a dict, not {given!r}")
        files = []
        for number, each in enumerate(given, 1):
            if isinstance(each, Mapping):
                try:
                    document = _with_durations(each)
                    files.append(self._add_file(f"settings {number}", document))
                except (TypeError, ValueError) as error:
                    raise UsageError(f"settings {number}: {error}") from error
            elif isinstance(each, str | os.PathLike):
                files.append(os.fspath(each))
            else:
                raise UsageError(
                    f"settings {number}: expected a file or a dict, not {each!r}"
                )
        return files

    def _keyword_document(self) -> dict[str, Any]:
        lists = string_lists()
        document: dict[str, Any] = {}
        for name, value in self.keywords.items():
            if name == "settings":
                continue
            if name == "encoding":
                self._take_encoding(value, document)
                continue
            if name in lists and isinstance(value, str):
                value = [value]
            if name == "rename" and not isinstance(value, Mapping):
                value = dict(_pair(name, each) for each in value)
            document[name] = plain(value, name)
        return document

    def _take_encoding(self, value: Any, document: dict[str, Any]) -> None:
        if isinstance(value, Mapping):
            variables = dict(document.get("variables", {}))
            for array, encoding in plain(value, "encoding").items():
                variables[array] = {
                    **variables.get(array, {}),
                    "encoding": encoding,
                }
            document["variables"] = variables
        elif isinstance(value, str):
            self._encodings = [value]
        else:
            self._encodings = [str(each) for each in value]

    def arguments(
        self, packing: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[str, Any]:
        """What `gdal mdim append` is run with, but for its slices.

        Args:
            packing: of arrays of which the settings say nothing.
        """
        files = self._settings_files
        if packing:
            variables = {
                name: {"encoding": plain(told, name)} for name, told in packing.items()
            }
            document = {"variables": variables}
            files = [self._add_file("the dataset's encoding", document), *files]
        return {
            "settings": files,
            "output": self._target,
            "report": "json",
            # A queue of a settings file would be read besides our slices.
            "slices_from": "",
            **({"encoding": self._encodings} if self._encodings else {}),
        }

    def titled(self, message: str) -> str:
        """A message without names of files that only we know."""
        for file, title in self._files.items():
            message = message.replace(f"settings file '{file}'", title)
        return message

    def __enter__(self) -> Settings:
        try:
            with listening():
                files = self._documents()
                keywords = self._keyword_document()
                files.append(self._add_file("the keywords", keywords))
                self._settings_files = files
                self.resolved = self._resolve()
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        self._clear()

    def _clear(self) -> None:
        with listening():
            for file in self._files:
                gdal.Unlink(file)

    def _resolve(self) -> Mapping[str, Any]:
        """Asks the library, before anything is done.

        A dry run tells the settings in effect also when it finds no slice.
        """
        no_wait = self._add_file("", {"wait": False, "dry_run": True})
        arguments = self.arguments()
        arguments["settings"] = [*self._settings_files, no_wait]
        arguments["input"] = [f"{self._prefix} is no slice"]
        told = self._told(arguments)
        resolved = dict(told.settings or {})
        resolved["dry_run"] = self._is_dry_run(arguments)
        return resolved

    def _is_dry_run(self, arguments: dict[str, Any]) -> bool:
        """Without a slice nothing is done by a run that is none, either."""
        if "settings" not in self.keywords or "dry_run" in self.keywords:
            return bool(self.keywords.get("dry_run"))
        no_wait = self._add_file("", {"wait": False})
        arguments["settings"] = [*self._settings_files, no_wait]
        return self._told(arguments).settings is not None

    def _told(self, arguments: dict[str, Any]) -> Report:
        outcome = run(APPEND, arguments, is_rehearsal=True)
        if not outcome.output:
            raise error_of(2, self.titled(outcome.messages.failure))
        told = Report.from_json(outcome.output)
        if told.exit_status == 2:
            raise error_of(2, self.titled(told.message))
        return told

    def untold(
        self, packing: Mapping[str, dict[str, Any]]
    ) -> dict[str, dict[str, Any]]:
        """Of encodings by array, those of which the settings say nothing."""
        return {
            name: told
            for name, told in packing.items()
            if not self.storage_is_told(name)
        }

    def chunks_are_told(self, array: str) -> bool:
        """Whether the settings say how this array is cut into chunks."""
        return any("chunks" in told for told in self._encodings_of(array))

    def storage_is_told(self, array: str) -> bool:
        """Whether the settings say how this array's values are stored."""
        return any(PACKING & told.keys() for told in self._encodings_of(array))

    def _encodings_of(self, array: str) -> list[Mapping[str, Any]]:
        variables = self.resolved.get("variables", {})
        return [variables.get(name, {}).get("encoding", {}) for name in (array, "*")]


def _with_durations(document: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no durations."""
    told = {}
    for name, value in document.items():
        if name in DURATIONS and isinstance(value, Mapping):
            value = {key: duration(each, name) for key, each in value.items()}
        elif name in DURATIONS or name in _STEPS:
            value = duration(value, name)
        told[name] = value
    return told


def _pair(name: str, text: object) -> tuple[str, str]:
    before, equals, after = str(text).partition("=")
    if not before or not equals:
        raise UsageError(f"setting '{name}': {text!r} is not FROM=TO")
    return before, after

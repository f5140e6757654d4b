"""Runs one of the plugin's algorithms, and tells what it said.

What it says while it runs is in `_logging`.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from osgeo import gdal

from ._errors import PluginMissing, UsageError, error_of
from ._logging import Messages, listening, logger

APPEND = ("mdim", "append")


def verb(name: str) -> tuple[str, ...]:
    """The algorithm behind `gdal driver mdimappend <name>`."""
    return ("driver", "mdimappend", name)


#: Called with the fraction done, in this thread; False ends the run.
Watch = Callable[[float], bool]


@dataclass(frozen=True)
class Outcome:
    """How an algorithm ended."""

    succeeded: bool
    exit_status: int
    output: str
    messages: Messages


def _find(path: Sequence[str]) -> Any:
    if gdal.GetDriverByName("MDIMAPPEND") is None:
        raise PluginMissing(
            "GDAL's plugin gdal_MDIMAPPEND is missing. It comes with "
            "gdalmdimappend, and was built for one minor version of GDAL (this is "
            f"{gdal.VersionInfo('RELEASE_NAME')}). If it is not in GDAL's plugin "
            "folder, set the environment variable GDAL_DRIVER_PATH, before GDAL is "
            "imported, to the plugin's folder followed by GDAL's own, as in "
            "build/gdalplugins:$(gdal-config --plugindir)."
        )
    found = gdal.GetGlobalAlgorithmRegistry()
    for name in path:
        found = found[name]
    return found


def string_lists() -> frozenset[str]:
    """The options of `gdal mdim append` that take several texts."""
    with listening():
        algorithm = _find(APPEND)
        return frozenset(
            name.replace("-", "_")
            for name in algorithm.GetArgNames()
            if algorithm.GetArg(name).GetType() == gdal.GAAT_STRING_LIST
        )


class _Interrupt:
    """Keeps Ctrl-C until GDAL has stopped.

    A KeyboardInterrupt that is raised in GDAL's callback would be lost there.
    """

    def __init__(self) -> None:
        self.came = False
        self._before: Any = None

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True

    def __enter__(self) -> _Interrupt:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            # None: not set from Python. SIG_IGN, SIG_DFL: as the user has it.
            if callable(before):
                self._before = before
                signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *failure: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self.came:
            signal.raise_signal(signal.SIGINT)


class _Callback:
    """GDAL's progress function around ours."""

    def __init__(self, watch: Watch | None, interrupt: _Interrupt) -> None:
        self._watch = watch
        self._interrupt = interrupt
        self.raised: BaseException | None = None

    def __call__(self, fraction: float, message: str, data: object) -> int:
        if self._interrupt.came or self.raised:
            return 0
        if self._watch is None:
            return 1
        try:
            return int(self._watch(fraction))
        except BaseException as error:
            # GDAL's bindings would print it and forget it.
            self.raised = error
            return 0


def run(
    path: Sequence[str],
    arguments: Mapping[str, Any],
    datasets: Sequence[Any] = (),
    watch: Watch | None = None,
    is_rehearsal: bool = False,
) -> Outcome:
    """Runs an algorithm to its end.

    Args:
        path: its name in GDAL's registry.
        arguments: by their names, with `_` for `-`.
        datasets: open datasets for the argument `input`.
        watch: sees the progress.
        is_rehearsal: it does nothing, so that nothing is traced.

    Raises:
        UsageError: it does not have this argument, or not with this value.
        KeyboardInterrupt: after what was under way was undone.
    """
    with listening(is_rehearsal) as messages, _Interrupt() as interrupt:
        algorithm = _find(path)
        for name, value in arguments.items():
            argument = algorithm.GetArg(name.replace("_", "-"))
            if argument is None:
                raise UsageError(f"unknown setting '{name}'")
            try:
                accepted = argument.Set(value)
            except (TypeError, ValueError, RuntimeError) as error:
                raise UsageError(f"setting '{name}': {error}") from error
            if not accepted:
                raise UsageError(f"setting '{name}': {messages.failure}")
        if datasets:
            algorithm.GetArg("input").SetDatasets(list(datasets))
        callback = _Callback(watch, interrupt)
        succeeded = bool(algorithm.Run(callback))
        output = algorithm.GetArg("output-string").Get() or ""
        exit_status = algorithm.GetArg("return-code").Get()
    if callback.raised:
        raise callback.raised
    return Outcome(succeeded, exit_status, output, messages)


def checked(outcome: Outcome) -> Outcome:
    """The outcome, if it is one of success; warnings go to the logger."""
    for warning in outcome.messages.warnings:
        logger.warning("%s", warning)
    if not outcome.succeeded:
        raise error_of(outcome.exit_status, outcome.messages.failure)
    return outcome


def run_verb(name: str, arguments: Mapping[str, Any]) -> Outcome:
    """Runs `gdal driver mdimappend <name>`, with its report as JSON.

    Raises:
        AppendError: it failed; the class says how.
    """
    return checked(run(verb(name), {"json": True, **arguments}))

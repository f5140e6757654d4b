"""The command as it was at one commit of the past: tests/frozen.sh builds it, and says
where in MDIMAPPEND_FROZEN (`./dev test` does; by hand: `$(./dev frozen)`)."""

import os
from pathlib import Path

import cubes


def environment():
    """Where its command and its plugin are found instead of today's."""
    assert "MDIMAPPEND_FROZEN" in os.environ, (
        "export MDIMAPPEND_FROZEN=$(./dev frozen) before"
    )
    folder = Path(os.environ["MDIMAPPEND_FROZEN"])
    paths = os.environ["PATH"].split(":")
    drivers = os.environ["GDAL_DRIVER_PATH"].split(":")
    return {
        **os.environ,
        "PATH": ":".join([str(folder / "bin"), *paths]),
        "GDAL_DRIVER_PATH": ":".join([str(folder / "gdalplugins"), *drivers[1:]]),
    }


def run(*arguments, **options):
    return cubes.run(*arguments, env=environment(), **options)


def append(*arguments, **options):
    return cubes.append(*arguments, env=environment(), **options)


def verb(name, *arguments, **options):
    return run("driver", "mdimappend", name, *arguments, command="gdal", **options)

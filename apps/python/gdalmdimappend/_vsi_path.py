"""Names of targets: those of GDAL's drivers, and addresses of object stores."""

from __future__ import annotations

import os
import re

from ._errors import UsageError

#: `ZARR:cube.zarr`, `MDIMAPPEND:"cube.zarr"`, and what may stand behind the store.
_OF_A_DRIVER = re.compile(
    r'(?:ZARR|MDIMAPPEND):(?:"([^"]*)"(.*)|([^"].*?)(:/(?!/).*)?)', re.I | re.S
)

#: Of a target that would be an odd folder: `NETCDF:cube.zarr`, `file:cube.zarr`.
_OTHER_PREFIX = re.compile(r"[A-Za-z_]{2,}:(?!//)")

#: As VSIURIToVSIPath() of GDAL, which its bindings do not have, and Hadoop's s3a.
_FILE_SYSTEMS = {
    "s3": "/vsis3/",
    "s3a": "/vsis3/",
    "gs": "/vsigs/",
    "gcs": "/vsigs/",
    "az": "/vsiaz/",
    "azure": "/vsiaz/",
    "oss": "/vsioss/",
    "swift": "/vsiswift/",
}


def target_path(target: str | os.PathLike[str]) -> str:
    """The path of the target that a name means, as the library has it.

    Raises:
        UsageError: an array of a store, a name that means two things, or one with
            another prefix.
    """
    name = os.fsdecode(target)
    parts = _OF_A_DRIVER.fullmatch(name)
    if not parts:
        prefix = _OTHER_PREFIX.match(name)
        if prefix and not os.path.exists(name):
            raise UsageError(
                f"the target '{name}' has the prefix '{prefix[0]}', which is none of a "
                f"target (ZARR:, MDIMAPPEND:, file:///, s3:// and other schemes). "
                f"'./{name}' is a folder of that name"
            )
        return re.sub("^file://(?=/)", "", name, flags=re.I)
    path = parts[1] or parts[3]
    if not path or parts[2] or parts[4]:
        raise UsageError(f"the target '{name}' is not a store: name the store alone")
    if os.path.exists(name):
        raise UsageError(
            f"the target '{name}' means the store '{path}', but there is also a "
            f"folder of that whole name. Say which: '{path}' or './{name}'"
        )
    return target_path(path)


def vsi_path(target: str) -> str:
    """`s3://bucket/cube.zarr` as `/vsis3/bucket/cube.zarr`; others as they are."""
    scheme, separator, rest = target.partition("://")
    prefix = _FILE_SYSTEMS.get(scheme.lower()) if separator else None
    if prefix:
        return prefix + rest
    return f"/vsicurl/{target}" if scheme in ("http", "https") else target


def is_local(target: str) -> bool:
    """Whether it is on a file system of the machine's."""
    return "://" not in target and not target.startswith("/vsi")

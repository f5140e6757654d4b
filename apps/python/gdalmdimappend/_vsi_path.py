"""Addresses of object stores as GDAL's file systems have them."""

from __future__ import annotations

#: As VSIURIToVSIPath() of GDAL, which its bindings do not have.
_FILE_SYSTEMS = {
    "s3": "/vsis3/",
    "gs": "/vsigs/",
    "gcs": "/vsigs/",
    "az": "/vsiaz/",
    "azure": "/vsiaz/",
    "oss": "/vsioss/",
    "swift": "/vsiswift/",
}


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

"""Append slices to a Zarr cube, the way a database commits a row.

    import gdalmdimappend

    gdalmdimappend.append(dataset, "cube.zarr")

The guide is docs/python.md.
"""

from . import _needs_gdal as _needs_gdal  # before all that uses it
from ._append import append
from ._begin import begin
from ._errors import (
    AppendError,
    Cancelled,
    Locked,
    PluginMissing,
    RecoveryNeeded,
    SliceRefused,
    SliceUnavailable,
    UsageError,
)
from ._lock import Lock
from ._open import open
from ._parts import CommitReport, PlannedArray, Receipt
from ._report import Recovered, Report, SliceReport
from ._sidecar import (
    ArraySummary,
    Content,
    LoggedSlice,
    LogRecord,
    Pending,
    Status,
    log,
    recover,
    status,
)
from ._transaction import Transaction
from ._version import __version__

__all__ = [
    "AppendError",
    "ArraySummary",
    "Cancelled",
    "CommitReport",
    "Content",
    "Lock",
    "Locked",
    "LogRecord",
    "LoggedSlice",
    "Pending",
    "PlannedArray",
    "PluginMissing",
    "Receipt",
    "Recovered",
    "RecoveryNeeded",
    "Report",
    "SliceRefused",
    "SliceReport",
    "SliceUnavailable",
    "Status",
    "Transaction",
    "UsageError",
    "__version__",
    "append",
    "begin",
    "log",
    "open",
    "recover",
    "status",
]

"""The keywords of `append`, for editors and type checkers.

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

#: Settings that are durations, or have durations in them.
DURATIONS = frozenset(
    ("slice_polling", "wait", "poll_interval", "lease", "lock_timeout")
)

#: The options of the command line: their values, if there is a choice; None if they
#: are switches.
CHOICES: Mapping[str, tuple[str, ...] | None] = {
    "slices_from": (),
    "append_dim": (),
    "label_from": (),
    "slice_group": (),
    "array": (),
    "exclude_array": (),
    "vary": (),
    "rename": (),
    "input_format": (),
    "open_option": (),
    "wait": (),
    "poll_interval": (),
    "ready_suffix": (),
    "slice_config": (),
    "group": (),
    "zarr_format": (),
    "consolidated": (),
    "encoding": (),
    "attributes": (
        "keep",
        "replace",
        "update",
        "ignore",
    ),
    "overwrite": None,
    "target_config": (),
    "on_size": ("error",),
    "on_coordinate": (
        "error",
        "ignore",
    ),
    "on_static": (
        "error",
        "ignore",
    ),
    "on_crs": (
        "error",
        "ignore",
    ),
    "on_units": (
        "error",
        "ignore",
    ),
    "on_precision": (
        "error",
        "round",
    ),
    "on_missing_array": (
        "error",
        "fill",
    ),
    "on_extra_array": (
        "ignore",
        "error",
    ),
    "on_overflow": (
        "error",
        "clamp",
        "fill",
    ),
    "on_duplicate": (
        "identical",
        "error",
        "skip",
        "replace",
    ),
    "step": (),
    "require_aligned": None,
    "groups": None,
    "again": None,
    "merge_shards": None,
    "lock": (
        "auto",
        "lease",
        "none",
    ),
    "lease": (),
    "lock_timeout": (),
    "durability": (
        "full",
        "process",
    ),
    "slices_per_commit": (),
    "keep_going": None,
    "num_threads": (),
    "dry_run": None,
    "message": (),
    "report": (
        "text",
        "json",
    ),
    "quiet": None,
    "verbose": None,
    "config": (),
}


class Encoding(TypedDict, total=False):
    """How an array of a new target is stored."""

    #: Type of the stored values: a name, or numpy's code (`i2`, `<f4`). Stored little
    #: endian.
    dtype: str | type[Any] | np.dtype[Any]
    #: Shape of a chunk; `null` among the sizes is the whole dimension, `null` alone the
    #: whole array.
    chunks: Sequence[int | None] | None
    #: The same as chunks.
    chunk: Sequence[int | None] | None
    #: Shape of a shard (Zarr V3), rounded up to whole chunks; `chunks` is then the
    #: inner chunk.
    shards: Sequence[int | None] | None
    #: The same as shards.
    shard: Sequence[int | None] | None
    #: The missing value; `null`: none.
    fill_value: Number | str | None
    #: The same as fill_value.
    nodata: Number | str | None
    #: The same as fill_value.
    _FillValue: Number | str | None
    #: The same as fill_value.
    missing_value: Number | str | None
    #: Values are stored packed: value = stored * scale_factor + add_offset.
    scale_factor: Number
    #: The same as scale_factor.
    scale: Number
    #: See scale_factor.
    add_offset: Number
    #: The same as add_offset.
    offset: Number
    #: Units of the stored values, of times too (`seconds since 1970-01-01`). `keep`:
    #: those of the slice, also for time.
    units: str
    #: Calendar of stored times (CF).
    calendar: str
    #: Compressor by name (`none`, `blosc:zstd`, `blosc:lz4`, `blosc:lz4hc`,
    #: `blosc:blosclz`, `blosc:zlib`, `zstd`, `gzip`; V2 also `zlib`, `lzma`, `lz4`), or
    #: as numcodecs has it (`{id: blosc, cname: zstd, clevel: 5, shuffle: 1}`), or
    #: `null` for none.
    compressor: Any
    #: The same as compressor.
    compress: Any
    #: Level of compression. Default: one that suits the compressor. blosc, gzip, zlib,
    #: lzma: 0 to 9; zstd: 1 to 22; lz4: its acceleration.
    level: int
    #: Shuffling before blosc compresses.
    shuffle: Literal["none", "byte", "bit"]
    #: Zarr V2: numcodecs' filters `delta` and `shuffle`, in order. `null`: none.
    filters: Sequence[Any] | None
    #: Between the indices of a chunk's key. Default: `.` in V2, `/` in V3.
    separator: Literal[".", "/", "dot", "slash"]
    #: The same as separator.
    dimension_separator: Literal[".", "/", "dot", "slash"]
    #: Ignored with a warning: xarray has it in encodings, and it says how a dataset was
    #: read.
    preferred_chunks: Any
    #: Ignored with a warning: xarray has it in encodings, and it says how a dataset was
    #: read.
    original_shape: Any
    #: Ignored with a warning: xarray has it in encodings, and it says how a dataset was
    #: read.
    source: Any


class Variable(TypedDict, total=False):
    """What is said of one array."""

    #: The names of its dimensions, in order.
    dims: Sequence[str]
    #: Attributes in a new target, over those of the slice; None removes one.
    attrs: Mapping[str, Any]
    encoding: Encoding


class Keywords(TypedDict, total=False):
    """What may stand in a settings file; None is as if it were not given."""

    #: Settings files, each over those before; the keywords are over them.
    settings: SettingsFile | Sequence[SettingsFile] | None
    #: How arrays of a new target are stored, by array, as xarray has it; or texts as
    #: --encoding takes.
    encoding: Mapping[str, Encoding] | str | Sequence[str] | None
    #: Dimension to append along. Default: the target's own, else `time`, else the only
    #: temporal one.
    append_dim: str | None
    #: Where labels come from: `name:PATTERN` (file name) or `metadata:ITEM`.
    label_from: str | None
    #: The group of each slice that is the slice, with what it sees of the groups above
    #: it: NetCDF-4, HDF5, Zarr. Default: the root.
    slice_group: str | None
    #: Only these arrays of the slices, and those they need. `*` and `?` are wildcards.
    #: Default: all.
    included_variables: str | Sequence[str] | None
    #: The same as included_variables.
    array: str | Sequence[str] | None
    #: Not these arrays of the slices. `*` and `?` are wildcards.
    excluded_variables: str | Sequence[str] | None
    #: The same as excluded_variables.
    exclude_array: str | Sequence[str] | None
    #: Of a new target: arrays that the slices have without the append dimension and
    #: that get it, so that each step has its own.
    vary: str | Sequence[str] | None
    #: The slices' names of arrays and dimensions, and the target's. What has that name
    #: already keeps it.
    rename: Mapping[str, str] | Sequence[str] | None
    #: Only these GDAL drivers.
    input_format: str | Sequence[str] | None
    #: xarray's name of what opens slices; stands for input_format.
    slice_engine: (
        Literal["netcdf4", "h5netcdf", "scipy", "zarr", "cfgrib", "rasterio"] | None
    )
    #: GDAL open options for slices.
    open_options: Options | None
    #: The same as open_options.
    open_option: Options | None
    #: `true`: wait up to a minute for a slice that is not there, looking every 2
    #: seconds. An object says otherwise.
    slice_polling: bool | Mapping[str, Duration] | None
    #: How long to wait for a slice that is not there or not complete; `false`: not at
    #: all.
    wait: Duration | Literal[False] | None
    #: How often to look for it. Longer than 0.
    poll_interval: Duration | None
    #: A slice is complete when a file with its name and this suffix exists.
    ready_suffix: str | None
    #: fsspec's options for slices.
    slice_storage_options: Mapping[str, Any] | None
    #: GDAL configuration options for slices only.
    slice_config: Options | None
    #: A group inside the store.
    group: str | None
    #: Zarr format of a new target.
    zarr_format: Literal[2, 3] | None
    #: The same as zarr_format.
    zarr_version: Literal[2, 3] | None
    #: Whether a new target has consolidated metadata.
    consolidated: bool | None
    #: Sizes that dimensions of a new target must have.
    fixed_dims: Mapping[str, Any] | None
    #: Dimensions, attributes and storage of arrays, by name; `*` is all others.
    variables: Mapping[str, Variable] | None
    #: Attributes of the target, over those of the slices; null removes one. Templates
    #: in them follow the data: `{{ first_label }}`, `{{ last_label }}`, `{{ min(lon)
    #: }}`, `{{ max(lon) }}`, `{{ lower_bound(lat) }}`, `{{ upper_bound(lat) }}` (half a
    #: cell beyond), `{{ slice }}`, `{{ message }}`, `{{ history }}`, `{{ now }}`; no
    #: code is evaluated.
    attrs: Mapping[str, Any] | None
    #: What becomes of the target's attributes: the first slice's stay (`keep`), each
    #: slice's replace all (`replace`) or those of the same name (`update`), or none are
    #: taken (`ignore`).
    attrs_update_mode: Literal["keep", "replace", "update", "ignore"] | None
    #: The same as attrs_update_mode.
    attributes: Literal["keep", "replace", "update", "ignore"] | None
    #: Make a new target in place of the old one.
    force_new: bool | None
    #: The same as force_new.
    overwrite: bool | None
    #: fsspec's options for the target.
    target_storage_options: Mapping[str, Any] | None
    #: GDAL configuration options for the target only.
    target_config: Options | None
    #: When the size of another dimension differs.
    on_size: Literal["error"] | None
    #: When coordinates of other dimensions differ.
    on_coordinate: Literal["error", "ignore"] | None
    #: When arrays without the append dimension differ that are no coordinates: masks,
    #: orography, scalars. `ignore` keeps the target's, with a warning.
    on_static: Literal["error", "ignore"] | None
    #: When the CRS differs.
    on_crs: Literal["error", "ignore"] | None
    #: When units differ and cannot be converted.
    on_units: Literal["error", "ignore"] | None
    #: When a slice is packed in steps more than 8 times as fine as the target's: refuse
    #: it, or round.
    on_precision: Literal["error", "round"] | None
    #: When a slice lacks an array along the append dimension.
    on_missing_array: Literal["error", "fill"] | None
    #: When a slice has an array that the target does not have.
    on_extra_array: Literal["ignore", "error"] | None
    #: When a value does not fit the target's type.
    on_overflow: Literal["error", "clamp", "fill"] | None
    #: When a label is there already: skip it if the stored values are equal, else
    #: refuse; or refuse, skip or replace.
    on_duplicate: Literal["identical", "error", "skip", "replace"] | None
    #: Steps between labels: `any` or `null`, `increasing` or `+`, `decreasing` or `-`,
    #: `constant`, a duration (`6h`, `1D`, `1mo`) or a number.
    append_step: Step
    #: The same as append_step.
    step: Step
    #: Refuse slices that would not fill whole chunks.
    require_aligned: bool | None
    #: Append all groups of a slice that have the append dimension, each to the group of
    #: the same name, in one commit.
    groups: bool | None
    #: Append slices that the log names also where another program has written since, so
    #: that their steps may be gone.
    again: bool | None
    #: Allow replacing a partly filled shard.
    merge_shards: bool | None
    #: How long to wait for another writer.
    lock_timeout: Duration | None
    #: What an acknowledged append survives: a power cut, or a kill of the process.
    durability: Literal["full", "process"] | None
    #: How many slices make one atomic commit.
    slices_per_commit: int | None
    #: Pass over slices that are refused or unreadable.
    keep_going: bool | None
    #: Workers that encode and write chunks.
    num_threads: Literal["ALL_CPUS"] | int | None
    #: Check and plan, write nothing.
    dry_run: bool | None
    #: Text for the log record of each append.
    message: str | None
    #: GDAL configuration options for slices and target.
    config: Options | None


class AppendKeywords(Keywords, total=False):
    """Those of `append`."""

    #: With lock='lease' and in object stores, how long a writer counts as alive after
    #: its last sign of life.
    lease: Duration | None

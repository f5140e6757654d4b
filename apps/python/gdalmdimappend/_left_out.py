"""What of a dataset is not looked at, so that nothing can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr


def without_excluded(dataset: xr.Dataset, excluded: Iterable[str]) -> xr.Dataset:
    """The dataset without the arrays of `exclude_array`.

    Args:
        dataset: stays as it is.
        excluded: their names; `*` is any text in them, `?` any character.
    """
    patterns = [_compiled(each) for each in excluded]
    names: list[Hashable] = [
        name
        for name in dataset.variables
        if any(pattern.fullmatch(str(name)) for pattern in patterns)
    ]
    return dataset.drop_vars(names) if names else dataset


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile(
        "".join(parts.get(each, re.escape(each)) for each in pattern), re.S
    )


def stores_attributes(mode: object, is_new: bool) -> bool:
    """Whether a dataset's own attributes come into the target.

    Args:
        mode: what the setting `attributes` says.
        is_new: whether the target is.
    """
    return mode in ("replace", "update") or (is_new and mode != "ignore")

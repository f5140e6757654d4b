"""Datasets whose values dask computes when they are asked for.

They are appended by a transaction of parts: dask's blocks, cut where the target's chunks
are. No more of a slice is in memory than what is being computed and written.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ._errors import UsageError
from ._transaction import CommitReport, PlannedArray, Receipt, Transaction, begin

if TYPE_CHECKING:
    import xarray as xr

    from ._memory_dataset import Array, MemoryDataset
    from ._settings import Settings


def is_lazy(dataset: xr.Dataset) -> bool:
    """Whether dask will compute any of it."""
    return any(variable.chunks is not None for variable in dataset.variables.values())


def loaded(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with its values in memory; the one given stays as it is."""
    return dataset.compute()


def template(
    dataset: xr.Dataset, name: str, is_new: bool, append_dim: str
) -> MemoryDataset:
    """The dataset with one element of memory for each array that parts will bring.

    Names, dimensions, types and attributes are as they will be, and so are the
    values of what is in memory, and of what does not lie along the append dimension.
    """
    from ._memory_dataset import placeholder
    from ._xarray_dataset import to_memory

    def values(variable: xr.Variable) -> Array:
        if variable.chunks is None or append_dim not in variable.dims:
            return variable.values
        return placeholder(variable.shape, variable.dtype)

    return to_memory(_with_labels(dataset, append_dim), name, is_new, values)


def _with_labels(dataset: xr.Dataset, append_dim: str) -> xr.Dataset:
    """Labels are compared with those of the target before anything is written."""
    if append_dim not in dataset.variables:
        return dataset
    return dataset.assign_coords({append_dim: dataset[append_dim].compute()})


def append_dim_of(dataset: xr.Dataset, target: str, settings: Settings) -> str:
    """The dimension that a dataset is appended along.

    Raises:
        UsageError: nobody says which.
    """
    from ._append import target_exists
    from ._sidecar import log

    told = str(settings.resolved.get("append_dim", ""))
    if told:
        return told
    group = str(settings.resolved.get("group", ""))
    if target_exists(target, group):
        for record in log(target, 1):
            if record.append_dim and record.group == group:
                return record.append_dim
    if "time" in dataset.dims:
        return "time"
    times = [name for name, index in dataset.indexes.items() if _is_time(index)]
    if len(times) == 1:
        return str(times[0])
    raise UsageError(
        "it is not clear along which dimension to append: say append_dim, one of "
        f"{', '.join(map(str, dataset.dims))}"
    )


def _is_time(index: Any) -> bool:
    return getattr(index.dtype, "kind", "") == "M" or type(index).__name__ == (
        "CFTimeIndex"
    )


def template_of(
    dataset: xr.Dataset, target: str, settings: Settings, is_region: bool
) -> tuple[MemoryDataset, dict[str, dict[str, Any]]]:
    """The template of a transaction, and how it wants to be stored in a new target."""
    from ._append import target_exists
    from ._xarray_dataset import packing_of

    group = str(settings.resolved.get("group", ""))
    is_new = not is_region and not target_exists(target, group)
    packing = settings.untold(packing_of(dataset)) if is_new else {}
    for name, chunks in _chunks_of(dataset).items() if is_new else ():
        if not settings.chunks_are_told(name):
            packing[name] = {**packing.get(name, {}), "chunks": chunks}
    append_dim = append_dim_of(dataset, target, settings)
    return template(dataset, "the template", is_new, append_dim), packing


def _chunks_of(dataset: xr.Dataset) -> dict[str, list[int]]:
    """A new target has dask's chunks, those of which there are most."""
    return {
        str(name): [max(set(sizes), key=sizes.count) for sizes in variable.chunks]
        for name, variable in dataset.variables.items()
        if variable.chunks is not None
    }


def write_all(
    transaction: Transaction, dataset: xr.Dataset, **compute: Any
) -> list[Receipt]:
    """Writes all of a dataset, in parts that dask computes where it likes.

    Args:
        transaction: begun with this dataset as its template.
        dataset: what it has of the transaction's arrays is written.
        **compute: for `dask.compute`: `scheduler`, `num_workers`, ...
    """
    import dask.base

    from ._memory_dataset import MemoryArray
    from ._xarray_dataset import encoded

    variables, _ = encoded(dataset, transaction.creates)
    planned = transaction.arrays
    tasks: list[Any] = []
    in_memory = {}
    for name, variable in variables.items():
        array = planned.get(name)
        if array is None or not array.by_parts:
            continue
        if variable.chunks is None:
            dims = tuple(map(str, variable.dims))
            in_memory[name] = MemoryArray(dims, variable.values, variable.attrs)
        else:
            tasks += _tasks(transaction, name, variable, array)
    receipts = [transaction.write_arrays(in_memory, {})] if in_memory else []
    # What has come back counts, whatever was tried besides.
    receipts += dask.base.compute(*tasks, **compute)  # type: ignore[no-untyped-call]
    return receipts


def _tasks(
    transaction: Transaction, name: str, variable: xr.Variable, array: PlannedArray
) -> Iterator[Any]:
    from dask.delayed import delayed

    chunks = tuple(
        aligned_chunks(sizes, start, chunk)
        for sizes, start, chunk in zip(
            variable.chunks or (), array.start, array.chunk, strict=True
        )
    )
    data = variable.data.rechunk(chunks)
    dims = tuple(map(str, variable.dims))
    write = delayed(write_block, pure=False, traverse=False)
    for offsets, block in _blocks(data):
        at = dict(zip(dims, offsets, strict=True))
        yield write(transaction, name, dims, variable.attrs, at, block)


def _blocks(data: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The blocks of an array of dask, and where each begins."""
    starts = [list(itertools.accumulate((0, *sizes[:-1]))) for sizes in data.chunks]
    blocks = data.to_delayed()
    for position in itertools.product(*(range(len(each)) for each in starts)):
        offsets = tuple(starts[dim][number] for dim, number in enumerate(position))
        yield offsets, blocks[position]


def write_block(
    transaction: Transaction,
    name: str,
    dims: tuple[str, ...],
    attrs: Mapping[str, Any],
    at: Mapping[str, int],
    block: Array,
) -> Receipt:
    """A task: writes one block of one array. Harmless if it is done again."""
    import numpy as np

    from ._memory_dataset import MemoryArray

    array = MemoryArray(dims, np.asarray(block), attrs)
    return transaction.write_arrays({name: array}, at, name=f"a block of '{name}'")


def aligned_chunks(sizes: Iterable[int], start: int, chunk: int) -> tuple[int, ...]:
    """Sizes of blocks that end where the target's chunks do.

    Each border of dask's moves to the next one of the target's.

    Args:
        sizes: dask's, along one dimension.
        start: where the first begins in the target.
        chunk: the target's size along it.
    """
    position, borders = 0, []
    for size in sizes:
        position += size
        border = -(-(start + position) // chunk) * chunk - start
        borders.append(border)
    ends = sorted({min(border, position) for border in borders} | {position})
    return tuple(end - begin for begin, end in zip((0, *ends[:-1]), ends, strict=True))


def append_lazily(
    dataset: xr.Dataset,
    target: str | os.PathLike[str],
    settings: Mapping[str, Any],
    *,
    region: Mapping[str, Any] | None = None,
    create: bool = False,
    lease: str | float = "1h",
    label: Any = None,
    **compute: Any,
) -> CommitReport:
    """One transaction of all of a dataset."""
    message = str(settings.get("message") or "")
    with begin(
        target,
        dataset,
        region=region,
        create=create,
        lease=lease,
        label=label,
        **settings,
    ) as transaction:
        receipts = write_all(transaction, dataset, **compute)
        return transaction.commit(receipts, message=message)


def leading_rows_present(
    dataset: xr.Dataset, target: str, append_dim: str, group: str
) -> int:
    """How many of the first steps have labels that the target has already."""
    from ._open import open as open_target

    known = open_target(target, group=group or None, chunks=None)
    with known:
        if append_dim not in known.indexes or append_dim not in dataset.indexes:
            return 0
        present = dataset.indexes[append_dim].isin(known.indexes[append_dim])
    count = 0
    while count < len(present) and present[count]:
        count += 1
    return count


def row_blocks(dataset: xr.Dataset, append_dim: str) -> Iterator[xr.Dataset]:
    """Pieces along the append dimension, as dask has cut it."""
    sizes = dataset.chunksizes.get(append_dim) or (dataset.sizes[append_dim],)
    first = 0
    for size in sizes:
        yield dataset.isel({append_dim: slice(first, first + size)})
        first += size

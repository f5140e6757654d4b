"""Datasets whose values dask computes when they are asked for.

They are appended by a transaction of parts: dask's blocks, cut where the target's chunks
are. No more of a slice is in memory than what is being computed and written.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ._begin import begin
from ._parts import CommitReport, PlannedArray, Receipt
from ._transaction import Transaction

if TYPE_CHECKING:
    import xarray as xr

    from ._memory_dataset import Array


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

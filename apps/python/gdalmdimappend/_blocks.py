"""Datasets whose values dask computes when they are asked for.

They are appended by a transaction of parts: dask's blocks, cut where the target's chunks
are. No more of a slice is in memory than what is being computed and written.
"""

from __future__ import annotations

import itertools
import math
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ._begin import begin_attended
from ._parts import CommitReport, PlannedArray, Receipt
from ._transaction import Transaction

if TYPE_CHECKING:
    import xarray as xr
    from dask.highlevelgraph import HighLevelGraph

    from ._keywords import Duration


def append_lazily(
    dataset: xr.Dataset,
    target: str | os.PathLike[str],
    settings: Mapping[str, Any],
    *,
    region: Mapping[str, Any] | None = None,
    create: bool = False,
    lease: Duration | None = None,
    label: Any = None,
    **compute: Any,
) -> CommitReport:
    """One transaction of all of a dataset."""
    message = str(settings.get("message") or "")
    with begin_attended(
        target,
        dataset,
        settings,
        region=region,
        create=create,
        lease=lease,
        label=label,
    ) as transaction:
        receipts = write_all(transaction, dataset, **compute)
        return transaction.commit(receipts, message=message)


#: Small blocks are written together, as one part: up to so many of them, in so much
#: memory.
MOST_BLOCKS = 64
MOST_BYTES = 8 << 20


def write_all(
    transaction: Transaction, dataset: xr.Dataset, **compute: Any
) -> list[Receipt]:
    """Writes all of a dataset, in parts that dask computes where it likes.

    Args:
        transaction: begun with this dataset as its template.
        dataset: what it has of the transaction's arrays is written.
        **compute: for dask: `scheduler`, `num_workers`, ...
    """
    from ._memory_dataset import MemoryArray
    from ._xarray_dataset import encoded

    planned = transaction.arrays
    # What is not written may be anything.
    dataset = dataset.drop_vars(set(dataset.variables) - set(planned))
    variables, _ = encoded(dataset, transaction.creates)
    graphs: list[HighLevelGraph] = []
    keys: list[Any] = []
    in_memory = {}
    for name, variable in variables.items():
        array = planned.get(name)
        if array is None or not array.by_parts:
            continue
        if variable.chunks is None:
            dims = tuple(map(str, variable.dims))
            in_memory[name] = MemoryArray(dims, variable.values, variable.attrs)
        else:
            graph, of_array = _tasks(transaction, name, variable, array)
            graphs.append(graph)
            keys += of_array
    receipts = [transaction.write_arrays(in_memory, {})] if in_memory else []
    if keys:
        # What has come back counts, whatever was tried besides.
        receipts += _compute(graphs, keys, compute)
    return receipts


def _compute(
    graphs: list[HighLevelGraph], keys: list[Any], compute: Mapping[str, Any]
) -> list[Receipt]:
    """By the scheduler that `dask.array.store` would use."""
    import dask.base
    from dask.array.core import Array
    from dask.highlevelgraph import HighLevelGraph

    graph = HighLevelGraph.merge(*graphs)
    return list(
        dask.base.compute_as_if_collection(  # type: ignore[no-untyped-call]
            Array, graph, keys, **compute
        )
    )


def _tasks(
    transaction: Transaction, name: str, variable: xr.Variable, array: PlannedArray
) -> tuple[HighLevelGraph, list[Any]]:
    """The graph that writes an array, and the keys of its receipts."""
    from dask.highlevelgraph import HighLevelGraph

    chunks = tuple(
        aligned_chunks(sizes, start, chunk)
        for sizes, start, chunk in zip(
            variable.chunks or (), array.start, array.chunk, strict=True
        )
    )
    data = variable.data.rechunk(chunks)
    dims = tuple(map(str, variable.dims))
    attrs = dict(variable.attrs)
    layer_name = f"write-{name}-{uuid.uuid4().hex}"
    layer: dict[Any, Any] = {
        (layer_name, number): (
            partial(
                write_blocks,
                transaction,
                name,
                attrs,
                dict(zip(dims, offsets, strict=True)),
            ),
            _keys(data.name, boxes),
        )
        for number, (offsets, boxes) in enumerate(blocks_together(data))
    }
    graph = HighLevelGraph.from_collections(layer_name, layer, dependencies=[data])
    return graph, list(layer)


def _keys(name: str, boxes: Sequence[range], position: tuple[int, ...] = ()) -> Any:
    """Of the blocks in a box, in lists for each dimension but the last one's keys."""
    if len(position) == len(boxes):
        return (name, *position)
    return [_keys(name, boxes, (*position, at)) for at in boxes[len(position)]]


def blocks_together(data: Any) -> Iterator[tuple[tuple[int, ...], list[range]]]:
    """Boxes of blocks that are written as one part, and where each begins.

    Args:
        data: an array of dask.
    """
    largest = math.prod(map(max, data.chunks)) * data.dtype.itemsize
    room = max(min(MOST_BLOCKS, MOST_BYTES // max(largest, 1)), 1)
    counts = []
    for sizes in reversed(data.chunks):
        counts.append(min(len(sizes), room))
        room //= counts[-1]
    along = [
        [range(at, min(at + count, len(sizes))) for at in range(0, len(sizes), count)]
        for sizes, count in zip(data.chunks, reversed(counts), strict=True)
    ]
    starts = [list(itertools.accumulate((0, *sizes))) for sizes in data.chunks]
    for box in itertools.product(*along):
        offsets = tuple(starts[dim][numbers.start] for dim, numbers in enumerate(box))
        yield offsets, list(box)


def write_blocks(
    transaction: Transaction,
    name: str,
    attrs: Mapping[str, Any],
    at: Mapping[str, int],
    blocks: Any,
) -> Receipt:
    """A task: writes a box of blocks of one array. Harmless if it is done again."""
    from ._memory_dataset import MemoryArray

    array = MemoryArray(tuple(at), _joined(blocks), attrs)
    return transaction.write_arrays({name: array}, at, name=f"a block of '{name}'")


def _joined(blocks: Any, dim: int = 0) -> Any:
    """Blocks in lists of lists, one for each dimension, as one array."""
    import numpy as np

    if not isinstance(blocks, list):
        return np.asarray(blocks)
    pieces = [_joined(each, dim + 1) for each in blocks]
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=dim)


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

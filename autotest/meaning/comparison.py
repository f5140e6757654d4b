"""Whether a cube means what a slice does, array by array, cell by cell."""

import dataclasses

import known_units
import numpy as np
from drawn_times import NANOSECONDS

SINGLE, DOUBLE = np.finfo("float32").eps, np.finfo("float64").eps
# A target whose steps are so much longer than the slice's says something else.
COARSER = 500
# What is in a cube once for all steps, and must be said where it differs.
SAID = ("standard_name", "positive", "cell_methods")


@dataclasses.dataclass
class Differs(Exception):  # noqa: N818
    """What a reader of the cube would believe, and should not."""

    what: str


@dataclasses.dataclass
class Context:
    """What is known beside the two readings."""

    name: str
    difference: bool = False  # its units are those of differences
    asked: bool = False  # a type was asked for: it is rounded to that
    position: bool = False  # a thousandth of a cell is the same place
    warnings: str = ""


def compare(context, expected, found):
    """`expected` is the slice's reading, `found` the cube's, of the same cells."""
    if expected.raw.dtype == "S1":
        # As stored: to xarray a blank may be a missing value.
        _compare_characters(expected, found.raw)
        return
    if found.values.shape != expected.values.shape:
        raise Differs(
            f"its shape is {found.dims} {found.values.shape}, the slice's is "
            f"{expected.dims} {expected.values.shape}"
        )
    kinds = [_kind(r.values) for r in (expected, found)]
    if kinds[0] != kinds[1]:
        raise Differs(f"it is decoded as {kinds[1]}, the slice as {kinds[0]}")
    {
        "texts": _compare_texts,
        "truths": _compare_exactly,
        "times": _compare_times,
        "durations": _compare_times,
        "numbers": _compare_numbers,
    }[kinds[0]](context, expected, found)
    if kinds[0] == "numbers":
        _compare_flags(expected, found)
        _compare_ranges(expected, found)
    for attribute in SAID:
        mine, theirs = expected.attrs.get(attribute), found.attrs.get(attribute)
        if mine and mine != theirs and attribute not in context.warnings:
            raise Differs(f"its {attribute} is {theirs!r}, the slice's is {mine!r}")


def _kind(values):
    if values.dtype.kind == "M":
        return "times"
    if values.dtype.kind == "O" and values.size and hasattr(values.flat[0], "calendar"):
        return "times"
    kinds = {"b": "truths", "m": "durations", "i": "numbers", "u": "numbers"}
    return kinds.get(
        values.dtype.kind, "numbers" if values.dtype.kind == "f" else "texts"
    )


def _fail_where(wrong, expected, found, what):
    if np.any(wrong):
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise Differs(
            f"{what} at {list(at)}: found {found[at]!r}, expected {expected[at]!r} "
            f"({int(np.sum(wrong))} cells)"
        )


def _texts(values):
    decode = lambda v: v.decode() if isinstance(v, bytes) else str(v)  # noqa: E731
    return np.array([decode(v) for v in np.ravel(values)], object).reshape(values.shape)


def _compare_texts(context, expected, found):
    mine, theirs = _texts(expected.values), _texts(found.values)
    _fail_where(theirs != mine, mine, theirs, "another text")


def _compare_exactly(context, expected, found):
    mine, theirs = expected.values, found.values
    _fail_where(theirs != mine, mine, theirs, "another value")


def _compare_characters(expected, found):
    """As an array of characters, or as texts along its last dimension."""
    mine = expected.raw
    if found.dtype.kind not in "SUOT":
        raise Differs(f"characters {mine.ravel()[:4]} are {found.ravel()[:4]}")
    theirs = _texts(found)
    if theirs.shape == mine.shape[:-1]:
        # The last dimension is the length of texts, whose characters may be several.
        mine = np.array([b"".join(row) for row in mine.reshape(-1, mine.shape[-1])])
        theirs = theirs.ravel()
    if theirs.shape != mine.shape:
        raise Differs(f"its shape is {found.shape}, the slice's is {mine.shape}")
    mine = np.char.decode(mine, expected.attrs.get("_Encoding", "utf-8"), "replace")
    strip = np.vectorize(lambda text: text.rstrip("\0 "), otypes=[object])
    mine, theirs = strip(mine), strip(theirs)
    _fail_where(theirs != mine, mine, theirs, "another text")


def instants(values):
    """Dates as nanoseconds of the day in which all calendars agree on names: year,
    month, day as a text, so that no calendar is needed to compare them."""
    if values.dtype.kind in "mM":
        return values.astype(f"{values.dtype.kind}8[ns]")
    out = [
        "NaT"
        if v != v or v is None
        else np.datetime64(v.strftime("%Y-%m-%dT%H:%M:%S"), "ns")
        + np.timedelta64(v.microsecond, "us")
        for v in values.ravel()
    ]
    return np.array(out, "M8[ns]").reshape(values.shape)


def _compare_times(context, expected, found):
    mine, theirs = instants(expected.values), instants(found.values)
    _fail_where(np.isnat(mine) != np.isnat(theirs), mine, theirs, "another time")
    both = ~np.isnat(mine)
    apart = np.zeros(mine.shape, "int64")
    apart[both] = np.abs((theirs[both] - mine[both]).astype("int64"))
    _fail_where(apart > _digit(expected), mine, theirs, "another time")


def _digit(reading):
    """What the last digit of a floating point number is worth, in nanoseconds."""
    if reading.raw.dtype.kind != "f":
        return 0
    unit = NANOSECONDS.get(reading.units.split(" ")[0], 1)
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.spacing(np.abs(reading.raw)) * unit) + 1


def _compare_numbers(context, expected, found):
    mine, theirs = expected.values, found.values
    missing = [_is_missing(v) for v in (mine, theirs)]
    _fail_where(missing[1] & ~missing[0], mine, theirs, "a value became missing")
    _fail_where(missing[0] & ~missing[1], mine, theirs, "a missing value became one")
    wanted = known_units.converted(
        mine, expected.units, found.units, context.difference
    )
    if wanted is None:
        raise Differs(f"its units are '{found.units}', the slice's '{expected.units}'")
    _check_steps(context, expected, found)
    if mine.dtype.kind in "iu" and wanted is mine and theirs.dtype.kind in "iu":
        _fail_where(
            theirs.astype(object) != mine.astype(object), mine, theirs, "another value"
        )
        return
    with np.errstate(all="ignore"):
        apart = np.abs(theirs.astype("float64") - np.asarray(wanted, "float64"))
        wrong = apart > _tolerance(context, expected, found, wanted, wanted is not mine)
        same = theirs.astype("float64") == np.asarray(wanted, "float64")
    _fail_where(
        wrong & ~missing[0] & ~same, np.asarray(wanted), theirs, "another value"
    )


def _is_missing(values):
    return (
        values != values if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    )


def _offset(context, reading, found):
    """What is subtracted from numbers near to it, in the units of the cube."""
    offset = np.array([float(reading.attrs.get("add_offset", 0))])
    units = (reading.units, found.units)
    return abs(known_units.converted(offset, *units, context.difference)[0])


def _tolerance(context, expected, found, wanted, in_other_units):
    """Readers compute too; a packed target rounds to its step, a narrow type to its."""
    wanted = np.abs(np.nan_to_num(np.asarray(wanted, "float64")))
    size = wanted + 300
    bound = 0.0
    for reading in (expected, found):
        if reading.packed:
            size = size + _offset(context, reading, found)
            bound = bound + 4 * size * np.finfo(reading.values.dtype).eps
    if found.packed:
        bound = bound + 0.5 * abs(float(found.attrs.get("scale_factor", 1)))
    if in_other_units:
        bound = bound + 8 * size * DOUBLE
        if expected.raw.dtype.kind == "f":
            # A number stands for all those that are nearest to it.
            bound = bound + 0.5 * size * np.finfo(expected.raw.dtype).eps
    if found.raw.dtype.kind == "f" and (
        in_other_units or expected.packed or context.asked
    ):
        bound = bound + wanted * np.finfo(found.raw.dtype).eps
    bound = bound + expected.precision * size
    if context.position:
        bound = bound + 0.001
    if context.asked and found.raw.dtype.kind in "iu" and not found.packed:
        bound = bound + 0.5
    return bound


def _check_steps(context, expected, found):
    if not (expected.packed and found.packed) or context.asked:
        return
    mine, theirs = (
        abs(float(r.attrs.get("scale_factor", 1))) for r in (expected, found)
    )
    if theirs > COARSER * mine and np.unique(expected.values).size > 1:
        raise Differs(f"its step is {theirs}, the slice's is {mine}")


def _meanings(reading):
    """Classes as words; None if the array has no classes."""
    codes, words = (reading.attrs.get(k) for k in ("flag_values", "flag_meanings"))
    if codes is None or words is None:
        return None
    known = dict(zip(np.ravel(codes).tolist(), str(words).split(), strict=False))
    plain = [known.get(v, v) for v in np.ravel(reading.values).tolist()]
    return np.array(plain, object).reshape(reading.values.shape)


def _compare_flags(expected, found):
    mine, theirs = _meanings(expected), _meanings(found)
    if mine is not None and theirs is not None:
        _fail_where(theirs != mine, mine, theirs, "a flag means something else")


def _within(reading):
    """Which cells lie in the valid range; None if none is said."""
    attrs, raw = reading.attrs, reading.raw
    low, high = attrs.get("valid_range", (None, None))
    low, high = attrs.get("valid_min", low), attrs.get("valid_max", high)
    if low is None and high is None:
        return None
    inside = np.ones(raw.shape, bool)
    if low is not None:
        inside &= raw >= low
    if high is not None:
        inside &= raw <= high
    return inside


def _compare_ranges(expected, found):
    mine, theirs = _within(expected), _within(found)
    if mine is not None and theirs is not None:
        real = ~_is_missing(expected.values)
        _fail_where(
            (theirs & ~mine | mine & ~theirs) & real, mine, theirs, "valid range"
        )

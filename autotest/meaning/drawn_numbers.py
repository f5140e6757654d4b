"""Arrays of numbers: types, packings, missing values, units."""

import dataclasses

import drawn_words
import known_units
import numpy as np
from stored import Stored

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float32", "float64"]
# Of the packings of the plain scenarios: all of the drawn values fit.
SCALES = [0.01, 0.25, 0.1]


@dataclasses.dataclass
class Form:
    """How one slice stores an array."""

    dtype: np.dtype
    scale: float | None = None
    offset: float = 0.0
    fill: object = None
    missing: tuple = ()
    units: str = ""
    padding: object = None

    @property
    def codes(self):
        """What stands for missing."""
        return ([] if self.fill is None else [self.fill]) + list(self.missing)

    def of(self, values):
        """These numbers as they are stored, clear of what stands for missing."""
        if self.dtype.kind == "f":
            return values.astype(self.dtype)
        if self.scale is not None:
            values = (values - self.offset) / self.scale
        info = np.iinfo(self.dtype)
        least, most = max(info.min + 2, -(2**53)), min(info.max - 2, 2**53)
        return np.clip(np.rint(values), least, most).astype(self.dtype)

    def attrs(self):
        said = {}
        if self.scale is not None:
            said["scale_factor"], said["add_offset"] = self.scale, self.offset
        if self.units:
            said["units"] = self.units
        if len(self.missing) == 1:
            said["missing_value"] = self.missing[0]
        elif self.missing:
            said["missing_value"] = np.array(self.missing, self.dtype)
        return said


def growing(s, name):
    return {name: numbers(s, name, s.dims())}


def static(s, name):
    """Without the append dimension: all slices have to say the same."""
    dims = s.dims(static=True)
    dims = dims if s.rng.random() < 0.7 else ("lev",)
    how = s.choose(
        ["same"], ["another value", "another value", "flipped", "other form"]
    )
    forms = _forms(s, name) if how == "other form" else [_form(s, name)] * len(s.rows)
    values = _physical(s, s.shape(dims, 0))
    parts = []
    for number, form in enumerate(forms):
        mine = np.array(values)
        if number and how == "another value":
            s.may_refuse(name, "a static array has another value")
            mine[(0,) * mine.ndim] += 40
        elif number and how == "flipped" and dims:
            s.may_refuse(name, "a static array is flipped")
            mine = mine[::-1]
        converted = _in_units(mine, forms[0], form, name in s.differences)
        parts.append(
            Stored(dims, form.of(converted), form.attrs(), form.fill, form.padding)
        )
    if name in s.differences:
        drawn_words.say(s, name, parts)
    return {name: parts}


def numbers(s, name, dims):
    """Of each slice: the same things, said in forms that are drawn."""
    rng = s.rng
    forms = _forms(s, name)
    wide = forms[0].scale is None and forms[0].dtype.kind != "f" and rng.random() < 0.5
    if not wide and (forms[0].scale is not None or forms[0].dtype.kind == "f"):
        _ask(s, name)
    parts = []
    for number, form in enumerate(forms):
        shape = s.shape(dims, number)
        values = form.of(
            _in_units(_physical(s, shape), forms[0], form, name in s.differences)
        )
        if wide and form.scale is None and form.dtype.kind != "f":
            values = _wide(rng, form.dtype, shape)
        values = _with_codes(s, name, form, forms, values)
        parts.append(Stored(dims, values, form.attrs(), form.fill, form.padding))
    drawn_words.say(s, name, parts)
    if not wide:
        _limit(s, name, forms, parts)
    return parts


def _physical(s, shape):
    """Halves between 150 and 300: what fits int16 at 0.01, and no int8."""
    if s.rng.random() < 0.1 and not s.plain:
        s.features.add("constant values")
        return np.full(shape, 200.0)
    return s.rng.integers(300, 600, shape) / 2


def _in_units(values, first, form, difference):
    found = known_units.converted(values, first.units, form.units, difference)
    return values if found is None else np.nan_to_num(found, posinf=1e4, neginf=-1e4)


def _form(s, name):
    """One form for all slices."""
    rng = s.rng
    packed = rng.random() < 0.35
    dtype = np.dtype(
        str(rng.choice(["int16", "int32"] if packed else INTEGERS + FLOATS * 3))
    )
    form = Form(dtype)
    if packed:
        form.scale = float(rng.choice(SCALES))
        form.offset = float(rng.choice([0.0, 273.15, 10.0]))
    how = s.choose(["none", "fill", "fill", "both"], [])
    if how != "none":
        form.fill = _code(s, dtype)
        form.missing = (form.fill,) if how == "both" else ()
    if rng.random() < 0.5:
        form.units = str(rng.choice(["K", "m", "1", "W m-2"]))
    # Padding says nothing of what is missing. Floats that xarray pads with NaN.
    form.padding = _code(s, dtype)
    return form


def _code(s, dtype):
    """A value that can stand for missing."""
    if dtype.kind == "f":
        codes = [dtype.type("nan"), dtype.type(-9999), dtype.type(1e20)]
        codes += [] if s.plain else [dtype.type(0)]
    else:
        info = np.iinfo(dtype)
        codes = [info.min, min(info.max, 2**63 - 1), 99]
        codes += [] if s.plain else [0, 7]
    return dtype.type(codes[int(s.rng.integers(len(codes)))])


def _forms(s, name):
    """A form for each slice, which differ in what is drawn."""
    first = _form(s, name)
    forms = [dataclasses.replace(first) for _ in s.rows]
    if s.plain:
        return forms
    how = s.choose(["as they are"] * 2, ["types", "packing", "coarse", "unpacked"])
    _vary_numbers(s, name, forms, how)
    how = s.choose(["as they are"] * 2, ["fills", "other", "several", "nan", "gone"])
    _vary_missing(s, name, forms, how)
    how = s.choose(
        ["as they are"] * 4,
        ["convertible", "offset", "difference", "fraction", "level", "unrelated"],
    )
    _vary_units(s, name, forms, how)
    return forms


def _vary_numbers(s, name, forms, how):
    rng = s.rng
    if how == "as they are":
        return
    s.may_refuse(name, f"numbers: {how}")
    if how == "coarse":
        for number, form in enumerate(forms):
            form.dtype = np.dtype("int16")
            form.scale, form.offset = (1.0, 0.0) if not number else (0.001, 200.0)
    for form in forms[1:]:
        if how == "types":
            form.dtype = np.dtype(str(rng.choice(INTEGERS + FLOATS)))
        elif how == "packing" and form.dtype.kind == "i":
            form.scale = float(rng.choice([0.01, 0.02, 0.005]))
            form.offset = float(rng.choice([0.0, 100.0, 273.15]))
        elif how == "unpacked":
            form.dtype = np.dtype(str(rng.choice(FLOATS)))
            form.scale, form.offset = None, 0.0
    for form in forms:
        if form.dtype.itemsize < 2:
            form.scale, form.offset = None, 0.0
        form.fill = None if form.fill is None else _code(s, form.dtype)
        form.missing = (form.fill,) if form.missing else ()
        form.padding = _code(s, form.dtype)


def _vary_missing(s, name, forms, how):
    if how == "as they are":
        return
    s.may_refuse(name, f"missing values: {how}")
    for number, form in enumerate(forms):
        if how == "fills":
            form.fill, form.missing = _code(s, form.dtype), ()
        elif how == "other" and (number or s.rng.random() < 0.5):
            form.fill, form.missing = _code(s, form.dtype), (_code(s, form.dtype),)
        elif how == "several":
            form.fill = None
            form.missing = (_code(s, form.dtype), _code(s, form.dtype))
        elif how == "nan" and form.dtype.kind == "f":
            form.fill = form.dtype.type("nan") if s.rng.random() < 0.5 else None
            form.missing = (form.dtype.type("nan"),)
        elif how == "gone" and number:
            form.fill, form.missing = None, ()


def _vary_units(s, name, forms, how):
    groups = {
        "convertible": known_units.CONVERTIBLE,
        "offset": known_units.WITH_OFFSET,
        "difference": known_units.WITH_OFFSET,
        "fraction": known_units.FRACTIONS,
        "level": known_units.LEVELS,
        "unrelated": known_units.UNRELATED,
    }
    if how not in groups:
        return
    group = groups[how][int(s.rng.integers(len(groups[how])))]
    s.may_refuse(name, f"units: {how}")
    if how == "difference":
        s.differences.add(name)
    for number, form in enumerate(forms):
        form.units = group[0] if number == 0 else str(s.rng.choice(group))


def _ask(s, name):
    """What the settings say of a new array."""
    if s.rng.random() < 0.25:
        asked = ["dtype=float32"]
        asked += (
            [] if s.plain else ["dtype=int16,scale=0.01,nodata=-32768", "dtype=float64"]
        )
        s.encodings[name] = asked[int(s.rng.integers(len(asked)))]
        s.features.add(f"asked: {s.encodings[name]}")
        if "float32" not in s.encodings[name] or not s.plain:
            s.may_refuse(name, "an encoding is asked for")


def _wide(rng, dtype, shape):
    """Numbers of the type's whole range, but its ends, which may be missing."""
    info = np.iinfo(dtype)
    least, most = info.min + 1, min(info.max, 2**63 - 1) - 1
    values = rng.integers(least, most, shape, dtype, endpoint=True)
    return np.where(np.isin(values, [0, 7, 99]), dtype.type(5), values)


def _with_codes(s, name, form, forms, values):
    """Some cells are missing, and some hold what is missing elsewhere."""
    values = np.array(values, form.dtype)
    for code in form.codes:
        if s.rng.random() < 0.6:
            values[s.rng.random(values.shape) < 0.25] = code
    # zarr-python's own fill value, 0, says that zeros are missing.
    if s.plain or s.rng.random() < (0.3 if s.made_by == "zarr-python" else 0.7):
        return values
    others = [c for f in forms for c in (*f.codes, f.padding, 0) if c is not None]
    for other in others:
        code = _as(form.dtype, other)
        if code is not None and s.rng.random() < 0.5:
            s.may_refuse(name, "a value stands for missing elsewhere")
            values[s.rng.random(values.shape) < 0.2] = code
    return values


def _as(dtype, code):
    """A number as another type has it; None if that has it not."""
    if dtype.kind == "f":
        return dtype.type(code)
    if code != code or code != int(code):
        return None
    info = np.iinfo(dtype)
    return dtype.type(int(code)) if info.min <= int(code) <= info.max else None


def _limit(s, name, forms, parts):
    """A valid range, in the stored domain, that some of the values are beyond."""
    forms = {(f.dtype, f.scale, f.offset, f.units) for f in forms}
    likely = 0.7 if name in s.encodings else 0.15
    if len(forms) > 1 or s.rng.random() > likely:
        return
    s.features.add("a valid range")
    # No value is as near to a limit as rounding can bring it.
    limits = Form(*forms.pop()[:3]).of(np.array([175.25, 275.25]))
    said = {"valid_range": limits}
    if s.rng.random() < 0.5:
        said = {"valid_min": limits[0], "valid_max": limits[1]}
    for part in parts:
        part.attrs.update(said)

"""Arrays that are no quantities: texts, characters, truths, positions."""

import numpy as np
from stored import Stored

WORDS = ["", "a", "Zürich", "雨", "station 7", "a longer name of a place", "NaN", " x "]


def axis(s):
    """The coordinate of the dimension x."""
    how = s.choose(["same"] * 4, ["flipped", "moved", "nearly the same"])
    s.positions.add("x")
    parts = []
    for number in range(len(s.rows)):
        values = np.array([5.0, 6.0, 7.0, 8.0])
        if number and how == "flipped":
            s.may_refuse("x", "an axis is flipped")
            values = values[::-1].copy()
        elif number and how == "moved":
            s.may_refuse("x", "an axis is moved")
            values += 2
        elif number and how == "nearly the same":
            values += 2e-4
        attrs = {"units": "degrees_east", "standard_name": "longitude"}
        parts.append(Stored(("x",), values, attrs, None, np.float64("nan")))
    return parts


def positions(s, name):
    """Latitudes and longitudes of two dimensions, named by others or not."""
    how = s.choose(["same"], ["flipped", "moved", "nearly the same", "as float32"])
    named = s.choose(["by standard_name"], ["by units", "by nothing"])
    found = {}
    for place, units in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
        attrs = {"units": units, "standard_name": place}
        if named == "by units":
            del attrs["standard_name"]
        elif named == "by nothing":
            attrs = {"long_name": place}
        array = f"{name}_{place[:3]}"
        if named != "by nothing":
            s.positions.add(array)
        grid = np.arange(12.0).reshape(3, 4) + (40 if place == "latitude" else 5)
        parts = []
        for number in range(len(s.rows)):
            values = np.array(grid)
            if number and how == "flipped":
                s.may_refuse(array, "positions are flipped")
                values = values[::-1].copy()
            elif number and how == "moved":
                s.may_refuse(array, "positions are moved")
                values += 5
            elif number and how == "nearly the same":
                if named == "by nothing":
                    s.may_refuse(array, "a static array has another value")
                values += 2e-4
            elif number and how == "as float32":
                values = (values + 0.1).astype("float32").astype("float64")
                s.may_refuse(array, "positions are rounded")
            elif how == "as float32":
                values += 0.1
            parts.append(
                Stored(("y", "x"), values, dict(attrs), None, np.float64("nan"))
            )
        found[array] = parts
    return found


def texts(s, name):
    """Texts of any length, growing or static."""
    fixed = s.rng.random() < 0.4
    kind = s.choose(["short"], ["long", "very long"])
    still = s.rng.random() < 0.3
    dims = ("x",) if still else s.dims()[:2]
    still = "time" not in dims
    words = list(WORDS)
    if kind != "short":
        words += ["é" * 150, "long " * 70]
        s.may_refuse(name, "long texts")
    if kind == "very long":
        words += ["雨" * 2000]
    in_v2 = any(w in ("xarray zarr2", "zarr-python 2") for w in s.writers)
    if in_v2 or s.zarr_format == 2 or len(set(s.writers)) > 1:
        s.may_refuse(name, "texts where not every text can be had")
    if fixed or any("classic" in w for w in s.writers):
        s.may_refuse(name, "texts of a fixed length")
    parts = []
    other = still and s.choose([False], [True])
    for number in range(len(s.rows)):
        shape = s.shape(dims, number)
        if still and number and not other:
            values = parts[0].values
        else:
            values = np.array(s.rng.choice(np.array(words, object), shape), object)
        if other and number:
            s.may_refuse(name, "a static text is another")
        if fixed:
            values = values.astype(str)
        parts.append(Stored(dims, values))
    return {name: parts}


def characters(s, name):
    """One byte each, as quality flags of profiles are."""
    s.may_refuse(name, "characters")
    dims = s.dims()
    fill = b" " if s.rng.random() < 0.5 else None
    parts = []
    for number in range(len(s.rows)):
        values = s.rng.choice(
            np.array([b"R", b"A", b"D", b"1"], "S1"), s.shape(dims, number)
        )
        parts.append(Stored(dims, np.array(values, "S1"), {}, fill))
    return {name: parts}


def truths(s, name):
    dims = s.dims(static=s.rng.random() < 0.2)
    first = None
    parts = []
    for number in range(len(s.rows)):
        values = s.rng.integers(0, 2, s.shape(dims, number)).astype(bool)
        if "time" not in dims:
            first = values if first is None else first
            values = first
        parts.append(Stored(dims, values))
    return {name: parts}

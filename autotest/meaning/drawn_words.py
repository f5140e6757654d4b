"""What attributes say of numbers: what they are, and the meanings of flags."""

import numpy as np
from stored import Stored

# What is said about an array beside units, and what another file may say.
SAID = {
    "standard_name": ["air_temperature", "surface_temperature"],
    "positive": ["up", "down"],
    "cell_methods": ["time: mean", "time: maximum"],
}


def say(s, name, parts):
    """Attributes that say what the array is."""
    if name in s.differences:
        said = {"units_metadata": "temperature: difference"}
        if s.rng.random() < 0.5:
            said = {"standard_name": "air_temperature_anomaly"}
        for part in parts:
            part.attrs.update(said)
        return
    for attribute, texts in SAID.items():
        if s.rng.random() < 0.2:
            other = not s.plain and s.rng.random() < 0.4
            for number, part in enumerate(parts):
                part.attrs[attribute] = texts[1 if number and other else 0]
            if other:
                s.may_refuse(name, f"another {attribute}")


def flags(s, name):
    """Classes whose meanings stand beside them."""
    dims = s.dims()
    dtype = np.dtype(str(s.rng.choice(["int8", "uint8", "int16"])))
    meanings = ["land", "cloud", "sea", "ice"]
    how = s.choose(["same"] * 2, ["other meanings", "other values", "fewer"])
    if how != "same":
        s.may_refuse(name, f"flags: {how}")
    parts = []
    for number in range(len(s.rows)):
        codes, words = [1, 2, 3, 4], list(meanings)
        if number and how == "other meanings":
            words = meanings[::-1]
        elif number and how == "other values":
            codes = [2, 4, 6, 8]
        elif number and how == "fewer":
            codes, words = codes[:2], words[:2]
        values = s.rng.choice(np.array(codes, dtype), s.shape(dims, number))
        attrs = {
            "flag_values": np.array(codes, dtype),
            "flag_meanings": " ".join(words),
        }
        parts.append(Stored(dims, values.astype(dtype), attrs, None, dtype.type(2)))
    return {name: parts}

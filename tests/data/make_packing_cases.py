#!/usr/bin/env python3
"""Writes packing_cases.json, how numpy packs and unpacks.

    ./make_packing_cases.py > packing_cases.json

[type, scale, offset, [[value, code, value of the code], ...]]; numbers in
hexadecimal, codes as integers. The code is np.rint((value - offset) / scale),
the value of the code is code * scale + offset.
"""

import json

import numpy as np

PACKINGS = [
    ("int16", 0.01, 273.15),
    ("int16", 0.0001, 0.0),
    ("int16", -0.05, 100.0),
    ("int16", 0.5, 0.25),
    ("uint8", 0.1, -2.0),
    ("int8", 1 / 3, 1e-3),
    ("uint16", 0.0015, 260.0),
    ("int32", 1e-7, -180.0),
    ("uint32", 1e-6, 0.0),
    ("int64", 1e-9, 1e3),
]


def cases(name, scale, offset, random):
    limits = np.iinfo(name)
    low = max(limits.min, -(2**50))
    high = min(limits.max, 2**50)
    codes = random.integers(low + 1, high - 1, 40).astype("f8")
    # Anywhere, near a code, and near the middle of two.
    shifts = np.concatenate(
        [random.uniform(-0.49, 0.49, 20), np.full(10, 0.5), np.full(10, 1e-9)]
    )
    values = (codes + shifts) * scale + offset
    packed = np.rint((values - offset) / scale)
    back = packed * scale + offset
    return [
        [float(v).hex(), int(c), float(b).hex()]
        for v, c, b in zip(values, packed, back, strict=True)
    ]


def main():
    random = np.random.default_rng(20260101)
    lines = [
        json.dumps(
            [name, scale.hex(), offset.hex(), cases(name, scale, offset, random)]
        )
        for name, scale, offset in PACKINGS
    ]
    print("[\n" + ",\n".join(lines) + "\n]")


if __name__ == "__main__":
    main()

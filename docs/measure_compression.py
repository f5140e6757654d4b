"""The table of compressors in docs/guide.md: size and speed, one thread.

usage: ./dev run python3 docs/measure_compression.py

Three fields. The navy winds as they are: float32, one chunk of 0.5 MB a year,
with noise in the last bits. A smooth synthetic field: float32, chunks of 4 MiB. The
same with some noise, packed as int16 at 0.01, chunks of 2 MiB. The codecs are
numcodecs', which are the libraries that GDAL uses too. The best of several
rounds counts.
"""

import time

import numcodecs
import numpy as np
import xarray as xr
from numcodecs import LZ4, Blosc, GZip, Zstd

SOURCE = "/usr/share/ferret-vis/data/monthly_navy_winds.cdf"
ROUNDS = 7
CODECS = {
    "blosc:lz4, level 5, shuffle": Blosc("lz4", 5, Blosc.SHUFFLE),
    "blosc:zstd, level 1, shuffle": Blosc("zstd", 1, Blosc.SHUFFLE),
    "blosc:zstd, level 3, shuffle": Blosc("zstd", 3, Blosc.SHUFFLE),
    "blosc:zstd, level 5, shuffle": Blosc("zstd", 5, Blosc.SHUFFLE),
    "blosc:zstd, level 9, shuffle": Blosc("zstd", 9, Blosc.SHUFFLE),
    "lz4": LZ4(1),
    "zstd, level 3": Zstd(3),
    "zstd, level 13": Zstd(13),
    "gzip, level 1": GZip(1),
    "gzip, level 6": GZip(6),
}


def winds() -> list[np.ndarray]:
    source = xr.open_dataset(SOURCE, mask_and_scale=False)
    return [
        np.ascontiguousarray(source[name].isel(TIME=slice(first, first + 12)).values)
        for name in ("UWND", "VWND")
        for first in range(0, source.sizes["TIME"], 12)
    ]


def smooth() -> list[np.ndarray]:
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    return [
        15 + 10 * np.sin(6 * x + step) * np.cos(4 * y) + 2 * np.sin(40 * x * y)
        for step in range(4)
    ]


def packed() -> list[np.ndarray]:
    random = np.random.default_rng(1)
    noisy = (field + random.normal(0, 0.02, field.shape) for field in smooth())
    return [np.round(field / 0.01).astype("i2") for field in noisy]


def best(work) -> float:
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def main() -> None:
    numcodecs.blosc.use_threads = False
    fields = [winds(), [field.astype("f4") for field in smooth()], packed()]
    print("compressor, then for each field: size (%), write and read (MB/s)")
    for name, codec in CODECS.items():
        row = [f"{name:30}"]
        for chunks in fields:
            total = sum(chunk.nbytes for chunk in chunks)
            encoded = [bytes(codec.encode(chunk)) for chunk in chunks]
            write = best(lambda: [codec.encode(chunk) for chunk in chunks])  # noqa: B023
            read = best(lambda: [codec.decode(chunk) for chunk in encoded])  # noqa: B023
            share = 100 * sum(map(len, encoded)) / total
            row.append(
                f"{share:6.1f} {total / write / 1e6:7.0f} {total / read / 1e6:7.0f}"
            )
        print(" |".join(row), flush=True)


if __name__ == "__main__":
    main()

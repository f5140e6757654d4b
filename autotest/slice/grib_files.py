"""Messages of GRIB, editions 1 and 2, octet by octet (WMO, FM 92 GRIB): what
GDAL's writer has no options for. All are on a grid of 4 x 5 points."""

import datetime
import struct

import numpy as np

VALUES = np.arange(20)
NOTHING = 255
RUN = datetime.datetime(2024, 1, 1)


def signed(number, size):
    """The sign is the first bit."""
    sign = 1 << (8 * size - 1) if number < 0 else 0
    return (abs(number) | sign).to_bytes(size, "big")


def packed(values, missing):
    """A bitmap, and the values that are there in 16 bits each, from 0 on."""
    here = [i for i in range(20) if i not in missing]
    bits = np.packbits([i in here for i in range(20)]).tobytes()
    return bits, struct.pack(f">{len(here)}H", *np.asarray(values)[here])


def edition1(
    values=VALUES,
    missing=None,
    run=RUN,
    indicator=0,
    first=0,
    second=0,
    unit=1,
    table=128,
    parameter=167,
    centre=98,
    local=b"",
    lon=0,
):
    """`missing`: points that a bitmap leaves out; None: it has no bitmap."""
    bits, data = packed(values, missing or ())
    century, year = divmod(run.year - 1, 100)
    flags = 0x80 | (0 if missing is None else 0x40)
    product = bytes([table, centre, 1, NOTHING, flags, parameter, 1, 0, 0])
    product += bytes([year + 1, run.month, run.day, run.hour, run.minute])
    product += bytes([unit, first, second, indicator, 0, 0, 0, century + 1, 0, 0, 0])
    if local:
        product += bytes(12) + local
    grid = bytes([0, NOTHING, 0]) + struct.pack(">HH", 5, 4)
    grid += signed(50000, 3) + signed(lon * 1000, 3) + bytes([0x80])
    grid += signed(47000, 3) + signed((lon + 4) * 1000, 3)
    grid += struct.pack(">HH", 1000, 1000) + bytes(5)
    bitmap = bytes([4, 0, 0]) + bits
    odd = len(data) % 2 == 0
    numbers = bytes([8 if odd else 0, 0, 0]) + bytes(4) + bytes([16]) + data
    numbers += bytes(1 if odd else 0)
    sections = [product, grid, *([] if missing is None else [bitmap]), numbers]
    body = b"".join((len(each) + 3).to_bytes(3, "big") + each for each in sections)
    return b"GRIB" + (len(body) + 12).to_bytes(3, "big") + b"\1" + body + b"7777"


def section(number, octets):
    return struct.pack(">IB", len(octets) + 5, number) + octets


def product(
    template=0,
    hours=0,
    what=(0, 0),
    before=b"",
    own=b"",
    second=(NOTHING, 0, 0),
    unit=1,
):
    """Section 4, with a level at the ground. `before` and `own`: the octets of
    the template that no other has, behind the parameter and behind the levels."""
    octets = struct.pack(">HH", 0, template) + bytes(what) + before
    octets += bytes([2, NOTHING, 0, 0, 0, 0, unit]) + signed(hours, 4)
    octets += bytes([1, 0]) + bytes(4)
    octets += bytes(second[:2]) + signed(second[2], 4)
    return section(4, octets + own)


def period(end, hours, statistic=1):
    """What templates of a period end with."""
    date = struct.pack(">H", end.year)
    date += bytes([end.month, end.day, end.hour, end.minute, end.second])
    return (
        date
        + bytes([1, 0, 0, 0, 0, statistic, 2, 1])
        + struct.pack(">IBI", hours, NOTHING, 0)
    )


def grid(lon=0, south=47):
    octets = bytes(1) + struct.pack(">I", 20) + bytes(2) + struct.pack(">H", 0)
    octets += bytes([6]) + bytes(15) + struct.pack(">II", 5, 4) + bytes(8)
    octets += signed(50_000_000, 4) + signed(lon * 1_000_000, 4) + bytes([0x30])
    octets += signed(south * 1_000_000, 4) + signed((lon + 4) * 1_000_000, 4)
    step = (50 - south) * 1_000_000 // 3
    return section(3, octets + struct.pack(">II", 1_000_000, step) + bytes(1))


PRODUCT, GRID = product(), grid()


def edition2(
    values=VALUES,
    missing=None,
    run=RUN,
    centre=98,
    discipline=0,
    product=PRODUCT,
    grid=GRID,
):
    bits, data = packed(values, missing or ())
    first = (
        struct.pack(">HH", centre, 0) + bytes([4, 0, 1]) + struct.pack(">H", run.year)
    )
    first += bytes([run.month, run.day, run.hour, run.minute, run.second, 0, 1])
    packing = struct.pack(">IHf", len(data) // 2, 0, 0) + bytes([0, 0, 0, 0, 16, 0])
    bitmap = bytes([NOTHING]) if missing is None else b"\0" + bits
    body = section(1, first) + grid + product + section(5, packing)
    body += section(6, bitmap) + section(7, data) + b"7777"
    head = b"GRIB" + bytes([0, 0, discipline, 2])
    return head + struct.pack(">Q", len(body) + 16) + body

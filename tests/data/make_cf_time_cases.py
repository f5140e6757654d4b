#!/usr/bin/env python3
"""Writes cf_time_cases.json, what cftime says of random dates.

    ./make_cf_time_cases.py > cf_time_cases.json

The dates, their distances from the epoch and the dates that a calendar lacks
come from cftime; the numbers are those distances divided exactly.

values: [units, calendar, date, integer or null, double]; the integer is null
    where the date is no whole number of units; the double, in hexadecimal, is
    the nearest one and decodes to the date again
dates: [date, calendar, whether the calendar has it]
changes: [date, calendar, other calendar, whether both mean the same day by it]
"""

import json
import random
import re
import sys
import warnings
from datetime import timedelta
from fractions import Fraction

import cftime

UNITS = {  # names, nanoseconds
    "week": (["weeks", "week"], 604_800 * 10**9),
    "day": (["days", "day", "d", "Days"], 86_400 * 10**9),
    "hour": (["hours", "hour", "hr", "hrs", "h"], 3600 * 10**9),
    "minute": (["minutes", "minute", "min", "mins"], 60 * 10**9),
    "second": (["seconds", "second", "sec", "secs", "s"], 10**9),
    "millisecond": (["milliseconds", "msec", "ms"], 10**6),
    "microsecond": (["microseconds", "us"], 10**3),
    "nanosecond": (["nanoseconds", "ns"], 1),
}
CALENDARS = [
    "standard",
    "gregorian",
    "proleptic_gregorian",
    "julian",
    "noleap",
    "365_day",
    "all_leap",
    "366_day",
    "360_day",
]
REAL_CALENDARS = ["standard", "julian", "proleptic_gregorian"]
ZONES = ["", "", "", "Z", " UTC", " +01:00", "-0930", " -06:00", "+12"]
EPOCHS = [
    "1950-01-01",
    "1-1-1 0:0:0",
    "2000-1-1",
    "1970-01-01T00:00:00Z",
    "1900-01-01 00:00:0.0",
    "1582-10-15",
    "1582-10-4 23:59:59.75",
    "-4-2-28 12:00",
]
CASES = 1400


def has_date(calendar, year, month, day):
    if year == 0 and calendar in ("standard", "gregorian", "julian"):
        return False
    try:
        cftime.datetime(year, month, day, calendar=calendar)
    except ValueError:
        return False
    return True


def random_day(rng, calendar):
    while True:
        year = rng.randint(-500, 3000)
        if rng.random() < 0.1:
            year = rng.choice([-4, -1, 0, 1, 1582, 1582, 1900, 2000])
        month, day = rng.randint(1, 12), rng.randint(1, 31)
        if rng.random() < 0.15:
            month, day = rng.choice([(2, 28), (2, 29), (3, 1), (12, 31)])
        if has_date(calendar, year, month, day):
            return year, month, day


def random_date(rng, calendar, resolution):
    day = random_day(rng, calendar)
    micro = {
        "day": 0,
        "second": 0,
        "millisecond": rng.randrange(1000) * 1000,
        "microsecond": rng.randrange(10**6),
    }[resolution]
    clock = [0, 0, 0]
    if resolution != "day":
        clock = [rng.randrange(24), rng.randrange(60), rng.randrange(60)]
    return cftime.datetime(*day, *clock, micro, calendar=calendar)


def random_epoch(rng, calendar):
    if rng.random() < 0.3:
        return rng.choice(EPOCHS)
    year, month, day = random_day(rng, calendar)
    if rng.random() < 0.5:
        text = f"{year_text(year)}-{month:02d}-{day:02d}"
    else:
        text = f"{year}-{month}-{day}"
    if rng.random() < 0.3:
        return text
    text += rng.choice([" ", "T"])
    text += f"{rng.randrange(24):02d}:{rng.randrange(60)}:{rng.randrange(60)}"
    text += rng.choice(["", "", ".5", ".125000", f".{rng.randrange(10**6):06d}"])
    return text + rng.choice(ZONES)


def epoch_of(text, calendar):
    """cftime knows Z, not UTC, and truncates .520249 to .520248."""
    text = text.replace(" UTC", "Z")
    fraction = re.search(r"\.(\d+)", text)
    whole = text.replace(fraction[0], "") if fraction else text
    epoch = cftime.num2date(0, f"days since {whole}", calendar=calendar)
    micro = int(fraction[1].ljust(6, "0")) if fraction else 0
    return epoch + timedelta(microseconds=micro)


def year_text(year):
    return f"-{-year:04d}" if year < 0 else f"{year:04d}"


def date_text(date):
    text = f"{year_text(date.year)}-{date.month:02d}-{date.day:02d}"
    if (date.hour, date.minute, date.second, date.microsecond) == (0, 0, 0, 0):
        return text
    text += f"T{date.hour:02d}:{date.minute:02d}:{date.second:02d}"
    if date.microsecond:
        text += f".{date.microsecond:06d}".rstrip("0")
    return text


def value_case(rng, calendar, unit):
    names, nanoseconds = UNITS[unit]
    epoch_text = random_epoch(rng, calendar)
    epoch = epoch_of(epoch_text, calendar)
    if rng.random() < 0.4:
        date = epoch + timedelta(
            microseconds=rng.randint(-(10**6), 10**6) * max(1, nanoseconds // 1000)
        )
        if not -500 <= date.year <= 3000:
            return None
    else:
        resolutions = ["day", "second", "millisecond", "microsecond"]
        date = random_date(rng, calendar, rng.choice(resolutions))
    distance = (date - epoch) // timedelta(microseconds=1) * 1000
    count = Fraction(distance, nanoseconds)
    # Finer than what doubles that far from the epoch tell apart, as cftime's
    # microseconds may be, is a test of refusal, not of this table.
    if abs(Fraction(float(count)) - count) * nanoseconds * 8 > 1000:
        return None
    if abs(count) >= 2**53:
        return None
    return [
        f"{rng.choice(names)} since {epoch_text}",
        calendar,
        date_text(date),
        count.numerator if count.denominator == 1 else None,
        float(count).hex(),
    ]


def date_case(rng, calendar):
    year = rng.choice([-400, -4, -1, 0, 1, 4, 100, 1500, 1582, 1900, 2000, 2001])
    month = rng.choice([2, 2, 2, 10, rng.randint(1, 12)])
    day = rng.choice([4, 5, 14, 15, 29, 29, 30, 30, 31])
    text = f"{year_text(year)}-{month:02d}-{day:02d}"
    return [text, calendar, has_date(calendar, year, month, day)]


def change_case(rng):
    calendar, other = rng.sample(REAL_CALENDARS, 2)
    while True:
        year, month, day = random_day(rng, calendar)
        if rng.random() < 0.5:
            year = rng.choice([199, 200, 250, 300, 301, 1581, 1582, 1583])
        if year > 0 and has_date(calendar, year, month, day):
            break
    here = cftime.datetime(year, month, day, calendar=calendar)
    same = has_date(other, year, month, day) and (
        cftime.datetime(year, month, day, calendar=other).toordinal()
        == here.toordinal()
    )
    return [date_text(here), calendar, other, same]


def main():
    warnings.simplefilter("ignore", cftime.CFWarning)
    rng = random.Random(15821015)
    values = []
    while len(values) < CASES:
        calendar = CALENDARS[len(values) % len(CALENDARS)]
        case = value_case(rng, calendar, rng.choice(list(UNITS)))
        if case:
            values.append(case)
    dates = [date_case(rng, rng.choice(CALENDARS)) for _ in range(300)]
    changes = [change_case(rng) for _ in range(200)]
    sections = {"values": values, "dates": dates, "changes": changes}
    blocks = (
        f' "{name}": [\n'
        + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        + "\n ]"
        for name, cases in sections.items()
    )
    sys.stdout.write("{\n" + ",\n".join(blocks) + "\n}\n")


if __name__ == "__main__":
    main()

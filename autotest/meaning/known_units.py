"""Units whose conversion is known without udunits: exact factors, from their
definitions."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Unit:
    """base = (value + before) * factor, or ten to the tenth of it for levels."""

    measures: str
    factor: float = 1.0
    before: float = 0.0
    level: bool = False

    def to_base(self, value, difference=False):
        if self.level:
            return 10.0 ** (value / 10.0)
        return (value + (0.0 if difference else self.before)) * self.factor

    def from_base(self, value, difference=False):
        if self.level:
            return 10.0 * np.log10(value)
        return value / self.factor - (0.0 if difference else self.before)


KNOWN = {
    "K": Unit("temperature"),
    "kelvin": Unit("temperature"),
    "degC": Unit("temperature", 1.0, 273.15),
    "Celsius": Unit("temperature", 1.0, 273.15),
    "degF": Unit("temperature", 5.0 / 9.0, 459.67),
    "m": Unit("length"),
    "cm": Unit("length", 0.01),
    "mm": Unit("length", 0.001),
    "km": Unit("length", 1000.0),
    "Pa": Unit("pressure"),
    "hPa": Unit("pressure", 100.0),
    "m s-1": Unit("speed"),
    "km h-1": Unit("speed", 1.0 / 3.6),
    "1": Unit("fraction"),
    "%": Unit("fraction", 0.01),
    "1e-3": Unit("fraction", 0.001),
    "g kg-1": Unit("fraction", 0.001),
    "dB": Unit("fraction", level=True),
    "s": Unit("duration"),
    "seconds": Unit("duration"),
    "minutes": Unit("duration", 60.0),
    "hours": Unit("duration", 3600.0),
    "days": Unit("duration", 86400.0),
    "degrees_north": Unit("latitude"),
    "degrees_east": Unit("longitude"),
}
# Which of them are drawn together; those after the first are other units.
CONVERTIBLE = [["m", "cm", "mm", "km"], ["Pa", "hPa"], ["m s-1", "km h-1"]]
WITH_OFFSET = [["K", "degC", "degF"], ["degC", "K"], ["Celsius", "kelvin"]]
FRACTIONS = [["1", "%"], ["%", "1"], ["1e-3", "1"], ["g kg-1", "1e-3"], ["1", "1e-3"]]
LEVELS = [["1", "dB"], ["dB", "1"]]
# What measures something else, or what nobody can convert.
UNRELATED = [["m", "s-1"], ["K", "Pa"], ["psu", "practical salinity"], ["dBZ", "dB"]]


def converted(values, of, to, difference=False):
    """Values in other units; None if nobody can say."""
    if of == to or not of or not to:
        return values
    if of not in KNOWN or to not in KNOWN:
        return None
    if KNOWN[of].measures != KNOWN[to].measures:
        return None
    values = np.asarray(values, "float64")
    with np.errstate(all="ignore"):
        base = KNOWN[of].to_base(values, difference)
        return KNOWN[to].from_base(base, difference)

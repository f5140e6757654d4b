"""What a campaign plays: a few slices of one cube, drawn from a seed.

An array is drawn as it is to be stored in each slice: numbers and attributes. What
they mean is said by the readers of the files (witness.py), never here. Each thing
that is drawn and gives the command a right to refuse is noted as such: what is left
must be taken.
"""

import drawn_numbers
import drawn_others
import drawn_times
import drawn_words
import numpy as np
import witness
import writers
from stored import SIZES

ROW_DIM = "time"
# Who writes the slices, and how often.
WRITERS = {
    "netCDF4": 4,
    "netCDF4 classic": 2,
    "xarray netcdf4": 4,
    "xarray h5netcdf": 1,
    "xarray zarr2": 2,
    "xarray zarr3": 3,
    "zarr-python 2": 2,
    "zarr-python 3": 3,
}
# Families of arrays, and how often.
FAMILIES = {
    drawn_numbers.growing: 8,
    drawn_numbers.static: 3,
    drawn_words.flags: 2,
    drawn_others.texts: 2,
    drawn_others.characters: 1,
    drawn_others.truths: 1,
    drawn_others.positions: 2,
    drawn_times.moments: 3,
    drawn_times.durations: 2,
}


class Scenario:
    """`names` and `numbers` choose of what was drawn: to make a failure small."""

    words = ()  # of the command

    def __init__(self, seed, names=None, numbers=None):
        self.seed = seed
        self.rng = rng = np.random.default_rng(seed)
        self.odd = []  # (array, why it may be refused)
        self.features = set()
        self.differences = set()  # arrays of differences: no offsets between units
        self.positions = set()  # arrays that are told to be places
        self.plain = bool(rng.random() < 0.25)
        self.zarr_format = int(rng.choice([2, 3]))
        self.rows = [int(n) for n in rng.integers(1, 4, rng.integers(2, 5))]
        self.writers = self._writers()
        self.keep_going = bool(rng.random() < 0.5)
        self.made_by = "the command"
        if not self.plain and rng.random() < 0.2:
            self.made_by = str(rng.choice(["xarray", "zarr-python"]))
            self.may_refuse("*", "the target is of another maker")
        self.encodings = {}
        self.slices = [{} for _ in self.rows]
        self._arrays()
        self._choose(names, numbers)

    def _writers(self):
        names, weights = list(WRITERS), np.array(list(WRITERS.values()), "float64")
        draw = lambda: str(self.rng.choice(names, p=weights / weights.sum()))  # noqa: E731
        if not self.plain and self.rng.random() < 0.15:
            self.features.add("several formats")
            return [draw() for _ in self.rows]
        return [draw()] * len(self.rows)

    def _arrays(self):
        self.add(ROW_DIM, drawn_times.labels(self))
        if self.rng.random() < 0.6:
            self.add("x", drawn_others.axis(self))
        families, weights = list(FAMILIES), np.array(list(FAMILIES.values()), "float64")
        for number in range(int(self.rng.integers(1, 4))):
            family = families[self.rng.choice(len(families), p=weights / weights.sum())]
            for name, parts in family(self, f"v{number}").items():
                self.add(name, parts)
        # Something has to grow.
        if not any(
            ROW_DIM in a.dims for n, a in self.slices[0].items() if n != ROW_DIM
        ):
            self.add("v9", drawn_numbers.growing(self, "v9")["v9"])

    def _choose(self, names, numbers):
        if names is not None:
            self.slices = [
                {n: a for n, a in s.items() if n in names} for s in self.slices
            ]
            self.odd = [o for o in self.odd if o[0] in {*names, "*"}]
            self.encodings = {n: e for n, e in self.encodings.items() if n in names}
        if numbers is not None:
            self.slices = [self.slices[n] for n in numbers]
            self.writers = [self.writers[n] for n in numbers]
            self.rows = [self.rows[n] for n in numbers]

    def write(self, folder):
        """The files, and what readers say of each."""
        for number, (slice_, writer) in enumerate(
            zip(self.slices, self.writers, strict=True)
        ):
            path = writers.write(slice_, folder / f"s{number}", writer)
            yield path, witness.read(path)

    def check(self, cube, warnings):
        """Nothing that is not an array's."""

    def add(self, name, parts):
        for part, slice_ in zip(parts, self.slices, strict=True):
            slice_[name] = part

    def may_refuse(self, name, why):
        if (name, why) not in self.odd:
            self.odd.append((name, why))

    def choose(self, plain, others):
        """One of the plain ones, or, unless all is to be plain, of all."""
        few = list(plain) if self.plain else [*plain, *others]
        return few[int(self.rng.integers(len(few)))]

    def shape(self, dims, number):
        return tuple(self.rows[number] if d == ROW_DIM else SIZES[d] for d in dims)

    def dims(self, static=False):
        """Dimensions of an array, in the usual order or another one."""
        others = [[], ["x"], ["y", "x"]][int(self.rng.integers(3))]
        if static:
            return tuple(others)
        where = 0 if self.rng.random() < 0.85 else len(others)
        return tuple(others[:where] + [ROW_DIM] + others[where:])

    def describe(self):
        lines = [
            f"Zarr V{self.zarr_format}, made by {self.made_by}, encodings "
            f"{self.encodings}, keep going: {self.keep_going}",
            f"odd: {self.odd}",
        ]
        for number, (writer, slice_) in enumerate(
            zip(self.writers, self.slices, strict=True)
        ):
            lines.append(f"slice {number} by {writer}:")
            lines += [f"    {name}: {a.short()}" for name, a in slice_.items()]
        return "\n".join(lines)

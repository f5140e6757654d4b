"""One round: files of slices, the command, and what readers then say."""

import collections
import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path

import cubes
import numpy as np
import rasters
import witness
import writers
from comparison import Context, Differs, compare, instants
from drawing import ROW_DIM, Scenario

# What a format cannot hold, or a writer or witness does not know, tells nothing.
UNKNOWN = (ValueError, OverflowError, TypeError, NotImplementedError, KeyError)
# What differs between two failures of one kind.
DETAILS = re.compile(r"\S*/\S*|\bs\d+\.\w+|'[^']*'|\[[^]]*\]|-?\b\d\S*")


class MeaningError(AssertionError):
    """What a cube says, and its slices do not; or a refusal that is none."""

    @property
    def kind(self):
        return DETAILS.sub("", str(self).partition("\n")[0])[:60]


class Round:
    """One scenario: its files, the command, and the readers."""

    def __init__(self, scenario, folder):
        self.scenario = scenario
        self.folder = Path(folder)
        self.cube = self.folder / "cube.zarr"
        self.counts = collections.Counter()
        self.before = {}  # of a cube that is there already

    def play(self):
        self.folder.mkdir(parents=True)
        try:
            paths = self._write()
        except UNKNOWN as error:
            self.counts[f"not written or read: {type(error).__name__}"] += 1
            return self.counts
        self._run(paths)
        return self.counts

    def _write(self):
        """The files of all slices, after the witness has read them."""
        written = list(self.scenario.write(self.folder))
        paths = [path for path, _ in written]
        self.readings = [reading for _, reading in written]
        if self.scenario.made_by != "the command":
            self._made_by_others(paths.pop(0))
        return paths

    def _made_by_others(self, first):
        """The first slice becomes a cube without us: what readers see in that counts."""
        s = self.scenario
        with witness.quiet():
            if s.made_by == "xarray":
                dataset = writers.decoded_dataset(s.slices[0])
                dataset.to_zarr(self.cube, zarr_format=s.zarr_format, consolidated=True)
            else:
                writers.by_zarr_python(s.slices[0], self.cube, s.zarr_format, True)
        self.before = witness.read(self.cube)
        self.readings = self.readings[1:]

    def _run(self, paths):
        s = self.scenario
        words = ["--report", "json", "--durability", "process"]
        if not self.before:
            words += ["--zarr-format", s.zarr_format]
            for name, said in s.encodings.items():
                words += ["--encoding", f"{name}:{said}"]
        words += ["--keep-going"] if s.keep_going else []
        words += ["--append-dim", ROW_DIM, *s.words]
        try:
            done = cubes.run(*words, *paths, self.cube, status=None)
        except subprocess.TimeoutExpired as error:
            raise MeaningError("the command hangs") from error
        except UnicodeDecodeError as error:
            raise MeaningError(f"what it prints is no UTF-8: {error.object}") from error
        self.done = done
        crashed = "terminate called" in done.stderr or "Traceback" in done.stderr
        if not 0 <= done.status < 128 or crashed:
            raise MeaningError(f"the command crashed: {done}")
        if not done.stdout:
            raise MeaningError(f"no report: {done.stderr}")
        report = done.report
        self.warnings = " ".join([*map(str, report["warnings"]), done.stderr])
        entries = {entry["slice"]: entry for entry in report["slices"]}
        accepted = []
        for path, reading in zip(paths, self.readings, strict=True):
            entry = entries.get(str(path))
            if entry is None:
                continue
            if entry["outcome"] == "appended":
                accepted.append((path, reading, entry))
                self.counts["accepted"] += 1
            elif entry["outcome"] == "failed":
                self._check_refusal(path, entry)
                self.counts["refused"] += 1
            else:
                raise MeaningError(f"a new slice is '{entry['outcome']}': {entry}")
        for why in {why for _, why in s.odd} or {"nothing odd"} | s.features:
            self.counts[f"{why}: accepted"] += len(accepted)
            self.counts[f"{why}: refused"] += len(entries) - len(accepted)
        if done.status == 0 and len(accepted) != len(paths):
            raise MeaningError(f"exit status 0 and {len(accepted)} slices in: {done}")
        self._check_cube(accepted)

    def _check_refusal(self, path, entry):
        message = entry["message"]
        told = message.replace(str(path), "")
        names = [f"'{name}'" for name in self.scenario.slices[0]]
        if not any(name in told for name in [*names, "label", "units '"]):
            raise MeaningError(f"the refusal says not of what: {message}")
        odd = {name for name, _ in self.scenario.odd}
        subjects = {n.strip("'") for n in names if n in told}
        subjects |= set() if subjects else {ROW_DIM}
        if "*" not in odd and not odd & subjects:
            raise MeaningError(f"refused though nothing of it is odd: {message}")

    def _check_cube(self, accepted):
        if not accepted and not self.before:
            if self.cube.exists():
                raise MeaningError("nothing was appended, and a cube is there")
            return
        try:
            cube = witness.read(self.cube)
            witness.open_as_users_do(self.cube)
        except Exception as error:
            raise MeaningError(f"xarray cannot read the cube: {error!r}") from error
        first = self.before[ROW_DIM].values.size if self.before else 0
        rows = first + sum(entry["rows"] for _, _, entry in accepted)
        if cube[ROW_DIM].values.size != rows:
            raise MeaningError(f"{cube[ROW_DIM].values.size} rows, {rows} expected")
        if self.before:
            self._compare("the cube before", self.before, cube, slice(0, first))
        for path, reading, entry in accepted:
            begin = entry["first_row"]
            size = reading[ROW_DIM].values.size
            if entry["rows"] != size:
                raise MeaningError(f"{entry['rows']} of {size} rows are new: {entry}")
            at = slice(begin, begin + size)
            self._compare(path.name, reading, cube, at)
            if path.suffix == ".nc":
                self._compare_with_netcdf4(path, reading, cube, at)
        self._check_labels(accepted)
        try:
            self.scenario.check(cube, self.warnings)
        except Differs as what:
            raise MeaningError(what.what) from what
        if not self.before:
            self._check_documents()

    def _compare(self, name, reading, cube, rows):
        for array, expected in reading.items():
            if array not in cube:
                if array in self.warnings:
                    continue
                raise MeaningError(f"{name}: array '{array}' is not in the cube")
            try:
                compare(self._context(array), expected, _rows(cube[array], rows))
            except Differs as what:
                raise MeaningError(
                    f"{name}, array '{array}', rows {rows.start} to {rows.stop}: "
                    f"{what.what}\n  the slice has {expected.raw.dtype} {expected.attrs}\n"
                    f"  the cube has {cube[array].raw.dtype} {cube[array].attrs}"
                ) from what

    def _context(self, array):
        s = self.scenario
        return Context(
            array,
            difference=array in s.differences,
            asked=array in s.encodings,
            position=array in s.positions,
            warnings=self.warnings,
        )

    def _compare_with_netcdf4(self, path, reading, cube, rows):
        """Where netCDF4-python has a number, the cube has the same. (It takes more
        for missing than CF does: default fill values, and what is out of range.)"""
        for array, values in witness.read_by_netcdf4(path).items():
            expected = reading[array]
            if expected.values.dtype.kind not in "iuf" or array not in cube:
                continue
            if cube[array].values.dtype.kind not in "iuf":
                continue
            found = _rows(cube[array], rows)
            real = ~np.ma.getmaskarray(values) & (expected.values == expected.values)
            try:
                compare(
                    self._context(array),
                    expected.of(np.ma.getdata(values), real),
                    found.of(found.values, real),
                )
            except Differs as what:
                raise MeaningError(
                    f"{path.name}, array '{array}', by netCDF4-python: {what.what}"
                ) from what

    def _check_labels(self, accepted):
        for path, reading, _ in accepted:
            label = reading[ROW_DIM]
            if label.values.dtype.kind in "iuf":
                # What another maker has decided was not ours to say.
                told = "have no units" in self.warnings or self.before
                if label.attrs.get("standard_name") == "time" and not told:
                    raise MeaningError(f"{path.name}: labels of time are bare numbers")
                continue
            when = instants(label.values)
            far = np.isnat(when) | (np.abs(when.astype("M8[Y]").astype(int)) > 200)
            if far.any() and ROW_DIM not in self.warnings:
                raise MeaningError(f"{path.name}: labels {label.values} without a word")

    def _check_documents(self):
        """New documents are JSON, which has no NaN, unless it was said."""

        def refuse(constant):
            raise ValueError(f"{constant} is no JSON")

        for path in sorted(self.cube.rglob("*")):
            if path.name not in ("zarr.json", ".zarray", ".zattrs", ".zmetadata"):
                continue
            try:
                json.loads(path.read_text(), parse_constant=refuse)
            except ValueError as error:
                if "JSON" not in self.warnings:
                    where = path.relative_to(self.cube)
                    raise MeaningError(f"document '{where}': {error}") from error


def _rows(reading, rows):
    """The same array of these rows only."""
    if ROW_DIM not in reading.dims:
        return reading
    index = tuple(rows if d == ROW_DIM else slice(None) for d in reading.dims)
    return dataclasses.replace(
        reading, values=reading.values[index], raw=reading.raw[index]
    )


def draw(seed, **chosen):
    # cdo is slow.
    kind = {14: rasters.Tiffs, 30: rasters.Tiffs, 31: rasters.Gribs}.get(seed % 40)
    return (kind or Scenario)(seed, **chosen)


def play(seed, folder, **chosen):
    """One round in a folder of its own; what it counted."""
    place = Path(folder) / f"round-{seed}"
    shutil.rmtree(place, ignore_errors=True)
    scenario = draw(seed, **chosen)
    one = Round(scenario, place)
    try:
        return one.play()
    except MeaningError as failure:
        text = f"seed {seed}: {failure}\n{scenario.describe()}"
        raise MeaningError(text) from failure
    finally:
        shutil.rmtree(place, ignore_errors=True)

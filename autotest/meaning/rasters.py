"""Rounds with slices that are no arrays of netCDF's kind: GeoTIFF, written and read by
GDAL's classic raster API, and GRIB, written and read by cdo."""

import dataclasses
import subprocess

import numpy as np
import witness
import xarray as xr
from comparison import Differs
from osgeo import gdal

TYPES = {
    "uint8": gdal.GDT_UInt8,
    "int16": gdal.GDT_Int16,
    "uint16": gdal.GDT_UInt16,
    "float32": gdal.GDT_Float32,
}


@dataclasses.dataclass
class Raster:
    """One GeoTIFF: a band of 3 by 4."""

    values: np.ndarray
    nodata: float | None = None
    scale: float | None = None
    offset: float = 0.0
    units: str = ""
    colours: bool = False

    def write(self, path):
        y, x = self.values.shape
        kind = TYPES[str(self.values.dtype)]
        with gdal.GetDriverByName("GTiff").Create(str(path), x, y, 1, kind) as file:
            file.SetGeoTransform([500000, 60, 0, 5000000, 0, -60])
            band = file.GetRasterBand(1)
            if self.colours:
                table = gdal.ColorTable()
                for code in range(256):
                    table.SetColorEntry(code, (code, 255 - code, 0, 255))
                band.SetColorTable(table)
            if self.nodata is not None:
                band.SetNoDataValue(self.nodata)
            if self.scale is not None:
                band.SetScale(self.scale)
                band.SetOffset(self.offset)
            if self.units:
                band.SetUnitType(self.units)
            band.WriteArray(self.values)

    def short(self):
        said = {k: v for k, v in dataclasses.asdict(self).items() if k != "values"}
        return f"{self.values.dtype} {said} {self.values.ravel().tolist()}"


def read_raster(path):
    """As GDAL's raster API has it, which is not the one that is tried."""
    with gdal.Open(str(path)) as file:
        band = file.GetRasterBand(1)
        raw = band.ReadAsArray()[None]
        attrs = {}
        if band.GetUnitType():
            attrs["units"] = band.GetUnitType()
        values = raw
        if band.GetScale() is not None or band.GetOffset() is not None:
            attrs["scale_factor"] = band.GetScale() or 1.0
            attrs["add_offset"] = band.GetOffset() or 0.0
            values = raw * attrs["scale_factor"] + attrs["add_offset"]
        missing = band.GetMaskBand().ReadAsArray()[None] == 0
        if missing.any():
            values = np.where(missing, np.nan, values.astype("float64"))
    return witness.Reading(("time", "y", "x"), values, raw, attrs)


class Grids:
    """What a scenario of such slices has, as that of arrays (drawing.py)."""

    def __init__(self, seed, names=None, numbers=None):
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.odd = []
        self.features = {type(self).__name__}
        self.differences, self.positions, self.encodings = set(), set(), {}
        self.made_by, self.keep_going = "the command", True
        self.zarr_format = int(self.rng.choice([2, 3]))
        self.parts = self.draw(int(self.rng.integers(2, 4)))
        self.numbers = range(len(self.parts)) if numbers is None else numbers
        self.slices = [{self.array: self.parts[n]} for n in self.numbers]

    def may_refuse(self, why):
        if (self.array, why) not in self.odd:
            self.odd.append((self.array, why))

    def describe(self):
        lines = [f"{type(self).__name__}, Zarr V{self.zarr_format}, odd: {self.odd}"]
        return "\n".join([*lines, *(p[self.array].short() for p in self.slices)])


class Tiffs(Grids):
    """Scenes of one place, whose bands say in drawn forms what they hold."""

    array = "band1"
    words = ("--label-from", "name:s*_%Y-%m-%d.tif")

    def draw(self, count):
        rng = self.rng
        dtype = np.dtype(str(rng.choice(list(TYPES))))
        how = str(rng.choice(["same", "same", "nodata", "packing", "units"]))
        first = Raster(np.zeros((3, 4), dtype))
        if rng.random() < 0.5:
            first.nodata = [0.0, 255.0, 7.0][rng.integers(3)]
        if how == "packing" or rng.random() < 0.2:
            first.scale, first.offset = 0.5, 10.0
        first.units = "K" if how == "units" else ""
        first.colours = bool(dtype == "uint8" and rng.random() < 0.4)
        parts = []
        for number in range(count):
            one = dataclasses.replace(first)
            one.values = rng.choice([0, 1, 7, 100, 255], (3, 4)).astype(dtype)
            if number and how != "same":
                self.may_refuse(f"rasters: {how}")
            if number and how == "nodata":
                one.nodata = [None, 0.0, 255.0, 100.0][rng.integers(4)]
            elif number and how == "packing":
                one.scale, one.offset = [(0.5, 0.0), (0.25, 10.0)][rng.integers(2)]
            elif number and how == "units":
                one.units = ["degC", "K", "m"][rng.integers(3)]
            parts.append(one)
        return parts

    def write(self, folder):
        for number in self.numbers:
            day = f"2024-01-{number + 1:02}"
            path = folder / f"s{number}_{day}.tif"
            self.parts[number].write(path)
            label = np.array([day], "M8[ns]")
            yield (
                path,
                {
                    "time": witness.Reading(("time",), label, label, {}),
                    self.array: read_raster(path),
                },
            )

    def check(self, cube, warnings):
        """Colours are in the cube, or said to be lost."""
        said = " ".join([*cube[self.array].attrs, warnings]).lower()
        if self.slices[0][self.array].colours and "colo" not in said:
            raise Differs("the colours of its classes are lost without a word")


@dataclasses.dataclass
class Field:
    """Temperatures of one instant."""

    values: np.ndarray

    def short(self):
        return f"{self.values.ravel()[:4].tolist()} ..."


class Gribs(Grids):
    """GRIB packs each field anew, from its range."""

    array = "TMP_0-SFC"
    words = ()

    def draw(self, count):
        spread = [5.0, 0.0, 300.0][self.rng.integers(3)]
        holes = self.rng.random() < 0.3
        fields = []
        for _ in range(count):
            values = 250 + spread * self.rng.random((1, 6, 8))
            if holes and fields:
                self.may_refuse("GRIB: holes")
                values[0, 2:4, 3] = np.nan
            fields.append(Field(values))
        return fields

    def write(self, folder):
        for number in self.numbers:
            dataset = xr.Dataset(
                {"t": (("time", "lat", "lon"), self.parts[number].values)},
                {
                    "time": np.array([f"2024-01-{number + 1:02}"], "M8[ns]"),
                    "lat": ("lat", np.linspace(25, 50, 6), {"units": "degrees_north"}),
                    "lon": ("lon", np.linspace(0, 35, 8), {"units": "degrees_east"}),
                },
            )
            dataset["t"].attrs["units"] = "K"
            source, back = folder / f"source{number}.nc", folder / f"back{number}.nc"
            path = folder / f"s{number}.grb2"
            dataset.to_netcdf(source)
            _cdo("-f", "grb2", "-setparam,0.0.0", source, path)
            _cdo("-f", "nc4", "-b", "F64", "copy", path, back)
            yield path, self._read(back)

    def _read(self, back):
        """What cdo decodes, from the south, as GDAL shows these."""
        read = witness.read(back)
        field = next(r for r in read.values() if len(r.dims) == 3)
        where = read[field.dims[1]].values
        if where[0] > where[-1]:
            field.values, field.raw = field.values[:, ::-1], field.raw[:, ::-1]
        # The rest is what cdo knows of the parameter, not the file.
        field.attrs = {"units": field.attrs["units"]}
        # The two decoders do not compute in the same order.
        field.precision = 1e-6
        return {"time": read["time"], self.array: field}

    def check(self, cube, warnings):
        pass


def _cdo(*words):
    subprocess.run(["cdo", "-s", *map(str, words)], check=True, capture_output=True)

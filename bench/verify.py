"""Whether a cube holds what the slices hold: verify.py READER TARGET SLICE...

READER (`gdal`: GDAL's Zarr driver, `zarr`: zarr-python, `icechunk`) should be
one that did not write the cube. Prints the layout of the first data array as
JSON: shapes of chunk and shard, codec, level, shuffle.
"""

import json
import pathlib
import sys

import numpy as np
import xarray as xr


class ZarrReader:
    def __init__(self, target):
        import zarr

        self.group = zarr.open_group(self.store(target), mode="r")

    def store(self, target):
        return target

    def names(self):
        return set(self.group.array_keys())

    def rows(self, name):
        return self.group[name].shape[0]

    def read(self, name, first, last):
        return self.group[name][first:last]

    def attributes(self, name):
        return dict(self.group[name].attrs)

    def document(self, name):
        return self.group[name].metadata.to_dict()


class IcechunkReader(ZarrReader):
    def store(self, target):
        import icechunk

        storage = icechunk.local_filesystem_storage(target)
        return icechunk.Repository.open(storage).readonly_session("main").store


class GdalReader:
    def __init__(self, target):
        from osgeo import gdal

        gdal.UseExceptions()
        self.target = target
        flags = gdal.OF_MULTIDIM_RASTER
        self.dataset = gdal.OpenEx(target, flags, allowed_drivers=["Zarr"])
        self.root = self.dataset.GetRootGroup()

    def names(self):
        return set(self.root.GetMDArrayNames())

    def rows(self, name):
        return self.root.OpenMDArray(name).GetDimensions()[0].GetSize()

    def read(self, name, first, last):
        array = self.root.OpenMDArray(name)
        shape = [dimension.GetSize() for dimension in array.GetDimensions()]
        start = [first] + [0] * (len(shape) - 1)
        return array.ReadAsArray(start, [last - first, *shape[1:]])

    def attributes(self, name):
        array = self.root.OpenMDArray(name)
        found = {one.GetName(): one.Read() for one in array.GetAttributes()}
        if array.GetScale() is not None:
            found |= {"scale_factor": array.GetScale(), "add_offset": array.GetOffset()}
        # GDAL shows units as a property.
        if array.GetUnit():
            found.setdefault("units", array.GetUnit())
        return found

    def document(self, name):
        folder = pathlib.Path(self.target) / name
        for file in ("zarr.json", ".zarray"):
            if (folder / file).exists():
                return json.loads((folder / file).read_text())
        raise FileNotFoundError(folder)


READERS = {"gdal": GdalReader, "zarr": ZarrReader, "icechunk": IcechunkReader}


def codec_layout(codecs):
    for codec in codecs:
        settings = codec.get("configuration", {})
        if codec["name"] == "sharding_indexed":
            chunk = list(settings["chunk_shape"])
            return {**codec_layout(settings["codecs"]), "chunk": chunk}
        if codec["name"] == "blosc":
            return {
                "codec": f"blosc:{name_of(settings['cname'])}",
                "level": settings["clevel"],
                "shuffle": name_of(settings["shuffle"]),
            }
        if codec["name"] != "bytes":
            return {"codec": codec["name"], "level": settings["level"]}
    return {"codec": "none"}


def name_of(value):
    """Of a text, or of one that zarr-python has made an enumeration."""
    return getattr(value, "value", value)


def layout(document):
    """The same form for Zarr V2 and V3."""
    if document["zarr_format"] == 2:
        codec = document["compressor"]
        if not isinstance(codec, dict):
            codec = codec.get_config()
        found = {"chunk": list(document["chunks"]), "shard": None}
        if codec["id"] != "blosc":
            return {**found, "codec": codec["id"], "level": codec["level"]}
        shuffle = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle"}[codec["shuffle"]]
        name, level = f"blosc:{codec['cname']}", codec["clevel"]
        return {**found, "codec": name, "level": level, "shuffle": shuffle}
    outer = list(document["chunk_grid"]["configuration"]["chunk_shape"])
    inner = codec_layout(document["codecs"])
    if "chunk" in inner:
        return {**inner, "shard": outer}
    return {**inner, "chunk": outer, "shard": None}


def open_slice(path):
    options = {"decode_times": False, "mask_and_scale": False}
    if path.endswith(".zarr"):
        return xr.open_zarr(path, chunks=None, **options)
    return xr.open_dataset(path, **options)


def check_values(found, expected, attributes, where):
    """Equal; what is packed within half a step."""
    if found.dtype == expected.dtype:
        same = np.array_equal(found, expected, equal_nan=True)
    else:
        scale = attributes.get("scale_factor", 1.0)
        found = found * scale + attributes.get("add_offset", 0.0)
        same = bool((np.abs(found - expected) <= scale * 0.5001).all())
    assert same, f"{where} differs"


def check(reader, slices, append_dim="time"):
    row = 0
    grown = set()
    for path in slices:
        with open_slice(path) as dataset:
            rows = dataset.sizes[append_dim]
            assert set(dataset.variables) == reader.names(), reader.names()
            for name, array in dataset.variables.items():
                along = append_dim in array.dims
                if not along and row > 0:
                    continue
                start = row if along else 0
                size = rows if along else array.shape[0]
                attributes = reader.attributes(name)
                found = reader.read(name, start, start + size)
                where = f"{name}, rows {start} to {start + size}"
                check_values(found, array.values, attributes, where)
                if along:
                    grown.add(name)
                if name == append_dim:
                    assert attributes["units"] == array.attrs["units"], attributes
            row += rows
    for name in grown:
        assert reader.rows(name) == row, f"{name} has {reader.rows(name)} rows"
    return next(iter(sorted(grown - {append_dim})))


def main():
    kind, target, *slices = sys.argv[1:]
    reader = READERS[kind](target)
    print(json.dumps(layout(reader.document(check(reader, slices)))))


if __name__ == "__main__":
    main()

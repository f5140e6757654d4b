"""Files of slices, written by netCDF4-python, xarray and zarr-python."""

import netCDF4
import numpy as np
import witness
import xarray as xr
import zarr
from stored import SIZES
from xarray.backends.zarr import FillValueCoder

# Of the types that netCDF's classic formats have.
CLASSIC = ["int8", "int16", "int32", "float32", "float64", "S1"]


def write(slice_, path, writer):
    """Writes one slice, and returns its path with a suffix."""
    with witness.quiet():
        kind, _, form = writer.partition(" ")
        if kind == "netCDF4":
            return _by_netcdf4(slice_, path.with_suffix(".nc"), form == "classic")
        if kind == "zarr-python":
            return by_zarr_python(slice_, path.with_suffix(".zarr"), int(form))
        return _by_xarray(slice_, path, form)


def raw_dataset(slice_):
    """The arrays as xarray sees those of a file that it has not decoded."""
    dataset = xr.Dataset()
    for name, array in slice_.items():
        attrs = dict(array.attrs)
        if array.fill is not None:
            attrs["_FillValue"] = array.fill
        dataset[name] = xr.Variable(array.dims, array.values, attrs)
    return dataset


def decoded_dataset(slice_):
    """What xarray would have read from such a file, to be encoded again."""
    dataset = xr.decode_cf(
        raw_dataset(slice_), concat_characters=False, decode_timedelta=None
    )
    for name, array in slice_.items():
        if array.anew:
            for key in ("units", "calendar", "dtype"):
                dataset[name].encoding.pop(key, None)
    return dataset


def _by_xarray(slice_, path, form):
    dataset = decoded_dataset(slice_)
    try:
        return _xarray_to(dataset, path, form)
    except (ValueError, KeyError, OverflowError, NotImplementedError):
        # Two missing values, and what else xarray reads and does not encode.
        return _xarray_to(raw_dataset(slice_), path, form)


def _xarray_to(dataset, path, form):
    if form.startswith("zarr"):
        path = path.with_suffix(".zarr")
        dataset.to_zarr(path, mode="w", zarr_format=int(form[-1]), consolidated=True)
        return path
    path = path.with_suffix(".nc")
    for variable in dataset.variables.values():
        if variable.dtype.kind == "U":
            # As arrays of characters, with the attribute _Encoding.
            variable.encoding["dtype"] = "S1"
    dataset.to_netcdf(path, engine=form, unlimited_dims=["time"])
    return path


def _by_netcdf4(slice_, path, classic):
    classic = classic and all(_is_classic(a.values) for a in slice_.values())
    form = "NETCDF3_64BIT_OFFSET" if classic else "NETCDF4"
    with netCDF4.Dataset(path, "w", format=form) as file:
        # The classic formats have only the first dimension unlimited.
        fixed = classic and any("time" in a.dims[1:] for a in slice_.values())
        file.createDimension("time", slice_["time"].values.size if fixed else None)
        for name, size in SIZES.items():
            file.createDimension(name, size)
        for name, array in slice_.items():
            _netcdf4_variable(file, name, array, classic)
    return path


def _is_classic(values):
    return values.dtype.kind in "OU" or values.dtype in [np.dtype(c) for c in CLASSIC]


def _netcdf4_variable(file, name, array, classic):
    values, dims, attrs, fill = array.values, array.dims, dict(array.attrs), array.fill
    if values.dtype.kind == "b":
        values, attrs = values.astype("int8"), {"dtype": "bool"}
    if values.dtype.kind == "M":
        values = values.astype("datetime64[ns]").astype("int64")
        attrs = {"units": "nanoseconds since 1970-01-01"}
    if values.dtype.kind in "OU" and classic:
        encoded = np.array([str(v).encode() for v in values.ravel()])
        length = max(encoded.dtype.itemsize, 1)
        values = encoded.astype(f"S{length}").reshape(values.shape)
        values = netCDF4.stringtochar(values, encoding="none")
        file.createDimension(f"{name}_length", length)
        dims, attrs = (*dims, f"{name}_length"), {"_Encoding": "utf-8"}
    elif values.dtype.kind in "OU":
        variable = file.createVariable(name, str, dims)
        variable[...] = values.astype(object)
        return
    variable = file.createVariable(name, values.dtype.str[1:], dims, fill_value=fill)
    variable.set_auto_maskandscale(False)
    variable.set_auto_chartostring(False)
    # First: from then on values of characters would be texts.
    variable[...] = values
    variable.setncatts(attrs)


def by_zarr_python(slice_, path, zarr_format, default_fill=False):
    """`default_fill`: with what zarr-python 2 takes if it is told nothing, 0."""
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    for name, array in slice_.items():
        values, attrs = array.values, {k: _plain(v) for k, v in array.attrs.items()}
        options = {"fill_value": array.fill}
        if default_fill and name != "time":
            options = {"fill_value": 0}
        if values.dtype.kind == "O":
            values, options = values.astype(np.dtypes.StringDType()), {}
        if values.dtype.kind in "UMSb":
            options = {"fill_value": None} if zarr_format == 2 else {}
        if zarr_format == 2:
            attrs["_ARRAY_DIMENSIONS"] = list(array.dims)
        else:
            options["dimension_names"] = array.dims
            if array.fill is not None:
                attrs["_FillValue"] = FillValueCoder.encode(array.fill, values.dtype)
            elif not default_fill:
                options["fill_value"] = array.padding
            if options["fill_value"] is None:
                del options["fill_value"]
        made = group.create_array(
            name,
            shape=values.shape,
            dtype=values.dtype if values.dtype.kind != "T" else str,
            chunks=tuple(max(n, 1) for n in values.shape),
            attributes=attrs,
            **options,
        )
        made[...] = values
    zarr.consolidate_metadata(str(path))
    return path


def _plain(value):
    return value.tolist() if hasattr(value, "tolist") else value

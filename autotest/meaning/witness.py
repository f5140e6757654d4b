"""What independent readers say of a file: xarray, and netCDF4-python."""

import contextlib
import dataclasses
import warnings

import netCDF4
import numpy as np
import xarray as xr
from xarray.coders import CFDatetimeCoder, CFTimedeltaCoder


@dataclasses.dataclass
class Reading:
    """One array, decoded and as it is stored."""

    dims: tuple
    values: np.ndarray
    raw: np.ndarray
    attrs: dict  # as they are stored, _FillValue among them
    precision: float = 0.0  # of the reader

    @property
    def packed(self):
        """Whether its integers stand for other numbers: 1 and 0 change nothing."""
        said = [self.attrs.get("scale_factor", 1), self.attrs.get("add_offset", 0)]
        return self.raw.dtype.kind in "iu" and said != [1, 0]

    def of(self, values, where):
        """Other decoded values; elsewhere nothing."""
        if not where.all():
            values = np.where(where, values, np.float64("nan"))
        return dataclasses.replace(self, values=values)

    @property
    def units(self):
        return str(self.attrs.get("units", ""))


@contextlib.contextmanager
def quiet():
    """Readers and writers warn of what is drawn on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read(path):
    """All arrays of a NetCDF file or a Zarr store by their names, by xarray."""
    options = {"engine": "netcdf4"}
    if path.suffix == ".zarr":
        options = {"engine": "zarr", "consolidated": True}
    with quiet():
        decoded = xr.open_dataset(
            path,
            decode_times=CFDatetimeCoder(time_unit="ns"),
            decode_timedelta=CFTimedeltaCoder(time_unit="ns", decode_via_units=True),
            concat_characters=False,
            decode_coords=False,
            **options,
        )
        stored = xr.open_dataset(
            path,
            decode_times=False,
            decode_timedelta=False,
            mask_and_scale=False,
            concat_characters=False,
            decode_coords=False,
            **options,
        )
        with decoded, stored:
            return {
                name: Reading(
                    decoded[name].dims,
                    decoded[name].values,
                    stored[name].values,
                    # xarray says some of what a variable says as encodings.
                    {
                        k: v
                        for k, v in stored[name].encoding.items()
                        if k in ("units", "calendar", "_FillValue", "dtype")
                    }
                    | dict(stored[name].attrs),
                )
                for name in decoded.variables
            }


def open_as_users_do(store):
    """Without any option; raises what xarray raises."""
    with quiet(), xr.open_zarr(store, chunks=None) as dataset:
        dataset.load()


def read_by_netcdf4(path):
    """Numbers only, by name: as netCDF4-python masks and unpacks them."""
    found = {}
    with netCDF4.Dataset(path) as file:
        for name, variable in file.variables.items():
            if variable.dtype is str or variable.dtype.kind not in "iuf":
                continue
            with quiet():
                found[name] = np.ma.masked_array(variable[...])
    return found

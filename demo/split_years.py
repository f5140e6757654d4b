"""Cut a NetCDF file into one file for each year.

usage: split_years.py SOURCE PREFIX

writes PREFIX1982.nc, PREFIX1983.nc, ... Values, types and attributes stay as they are.
"""

import argparse

import netCDF4
import numpy as np

APPEND_DIM = "TIME"


def copy_steps(source: netCDF4.Dataset, name: str, steps: np.ndarray) -> None:
    with netCDF4.Dataset(name, "w") as part:
        part.setncatts(source.__dict__)
        for dimension in source.dimensions.values():
            grows = dimension.name == APPEND_DIM
            part.createDimension(dimension.name, None if grows else len(dimension))
        for variable in source.variables.values():
            attributes = dict(variable.__dict__)
            copy = part.createVariable(
                variable.name,
                variable.dtype,
                variable.dimensions,
                fill_value=attributes.pop("_FillValue", None),
            )
            copy.setncatts(attributes)
            copy[:] = variable[
                tuple(
                    steps if dimension == APPEND_DIM else slice(None)
                    for dimension in variable.dimensions
                )
            ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("prefix")
    arguments = parser.parse_args()
    with netCDF4.Dataset(arguments.source) as source:
        source.set_auto_maskandscale(False)
        time = source[APPEND_DIM]
        dates = netCDF4.num2date(
            time[:], time.units, getattr(time, "calendar", "standard")
        )
        years = np.array([date.year for date in dates])
        for year in np.unique(years):
            copy_steps(
                source,
                f"{arguments.prefix}{year}.nc",
                np.flatnonzero(years == year),
            )


if __name__ == "__main__":
    main()

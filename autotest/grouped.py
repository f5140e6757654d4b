"""Slices with groups, and what readers that are not ours make of the tree."""

import cubes
import netCDF4
import numpy as np
import xarray as xr

#: Of each group the array in it, and the last of its dimensions.
GROUPS = {"grid": ("rain", "x"), "grid/quality": ("flag", "x"), "swath": ("swell", "n")}


def values(group, first, days):
    """Three to a step, other ones in each group."""
    start = 100 * list(GROUPS).index(group) + first
    return np.arange(start, start + days, dtype="f4")[:, None] + np.array(
        [0, 0.25, 0.5]
    )


def write(path, first=0, days=1, groups=tuple(GROUPS), shared=False):
    """A NetCDF-4 file. `shared`: the labels of all groups are in the root."""
    with netCDF4.Dataset(path, "w") as file:
        if shared:
            label(file, first, days)
        for group in groups:
            name, last = GROUPS[group]
            node = file.createGroup(group)
            node.title = f"of {group}"
            if not shared:
                label(node, first, days)
            node.createDimension(last, 3)
            node.createVariable(last, "f8", (last,))[:] = np.arange(3)
            array = node.createVariable(name, "f4", ("time", last))
            array[:] = values(group, first, days)
    return path


def label(node, first, days):
    node.createDimension("time", None)
    time = node.createVariable("time", "f8", ("time",))
    time.units = "days since 2000-01-01"
    time.standard_name = "time"
    time[:] = np.arange(first, first + days)


def dates(first, days):
    return np.datetime64("2000-01-01", "ns") + np.arange(
        first, first + days
    ) * np.timedelta64(1, "D")


def open_tree(store):
    """As xarray reads it, by the root's consolidated metadata where there are any."""
    with xr.open_datatree(store, engine="zarr") as tree:
        return {
            node.path.strip("/"): node.to_dataset().load()
            for node in tree.subtree
            if node.data_vars
        }


def sizes(store):
    return {group: data.sizes["time"] for group, data in open_tree(store).items()}


def assert_holds(store, days, first=0, groups=tuple(GROUPS)):
    """All groups have these days, to xarray and to zarr-python."""
    tree = open_tree(store)
    assert set(tree) == set(groups)
    for group in groups:
        name, _ = GROUPS[group]
        expected = values(group, first, days)
        np.testing.assert_array_equal(tree[group][name].values, expected)
        np.testing.assert_array_equal(tree[group]["time"].values, dates(first, days))
        read = cubes.read_zarr(store, group)
        np.testing.assert_array_equal(read[name], expected)

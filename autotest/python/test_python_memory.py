"""Arrays of numpy as a dataset of GDAL."""

import tracemalloc

import dask.array as da
import gdalmdimappend as mda
import numpy as np
import pytest
import xarray as xr
from gdalmdimappend._memory_dataset import MemoryArray, memory_dataset, placeholder
from gdalmdimappend._template import template
from osgeo import gdal


def test_gdal_reads_the_memory_itself():
    values = np.zeros((2, 3), "f4")
    made = memory_dataset("a", {"v": MemoryArray(("y", "x"), values)})
    array = made.dataset.GetRootGroup().OpenMDArray("v")
    values[1, 2] = 7
    assert array.ReadAsArray()[1, 2] == 7
    assert made.memory[0] is values


def test_an_append_copies_nothing(store):
    values = np.ones((8, 1024, 512), "f4")  # 16 MiB
    dataset = xr.Dataset({"v": (("time", "y", "x"), values)}, {"time": np.arange(8)})
    mda.append(dataset.isel(time=[0]), store)
    tracemalloc.start()
    mda.append(dataset.isel(time=slice(1, None)), store)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4e6


def test_a_placeholder_of_any_shape_takes_no_memory():
    tracemalloc.start()
    shape = (365_000, 20_000, 20_000)
    arrays = {
        "v": MemoryArray(("time", "y", "x"), placeholder(shape, "f4")),
        "t": MemoryArray(("time",), placeholder(shape[:1], "U10")),
    }
    made = memory_dataset("template", arrays)
    root = made.dataset.GetRootGroup()
    assert root.OpenMDArray("v").GetShape() == shape
    read = root.OpenMDArray("v").ReadAsArray([364_999, 19_999, 0], [1, 1, 2])
    assert read.tolist() == [[[0.0, 0.0]]]
    assert root.OpenMDArray("t").Read([364_999], [1]) == [""]
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
    assert root.OpenMDArray("t").Read([0], [1]) == [""]


def test_a_template_of_what_dask_will_compute_computes_nothing():
    def fails(block):
        raise AssertionError("computed")

    shape = (10_000, 20_000, 20_000)
    lazy = da.zeros(shape, chunks=(1, 2000, 2000)).map_blocks(fails, dtype="f8")
    dataset = xr.Dataset(
        {"v": (("time", "y", "x"), lazy)},
        {"time": np.arange(shape[0]).astype("M8[D]").astype("M8[ns]")},
    )
    tracemalloc.start()
    made = template(dataset, "template", is_new=True, append_dim="time")
    assert tracemalloc.get_traced_memory()[1] < 30e6
    tracemalloc.stop()
    array = made.dataset.GetRootGroup().OpenMDArray("v")
    assert array.GetShape() == shape
    assert array.GetDataType().GetNumericDataType() == gdal.GDT_Float64
    time = made.dataset.GetRootGroup().OpenMDArray("time").ReadAsArray()
    assert time.tolist() == list(range(shape[0]))


def test_texts_are_handed_over_as_utf8():
    texts = np.array([["a", "ü"], ["", "🌊"]], dtype=object)
    made = memory_dataset("a", {"v": MemoryArray(("y", "x"), texts)})
    array = made.dataset.GetRootGroup().OpenMDArray("v")
    assert list(array.Read()) == ["a", "ü", "", "🌊"]


@pytest.mark.parametrize("dtype", ["f4", "U3"])
def test_nothing_along_a_dimension_is_refused(dtype):
    arrays = {"v": MemoryArray(("y", "x"), np.zeros((3, 0), dtype))}
    with pytest.raises(mda.SliceRefused, match="'v': dimension 'x' has size 0"):
        memory_dataset("a", arrays)


def test_one_dimension_has_one_size():
    arrays = {
        "a": MemoryArray(("x",), np.zeros(3)),
        "b": MemoryArray(("x",), np.zeros(4)),
    }
    with pytest.raises(mda.SliceRefused, match="'b': dimension 'x' has 4 values"):
        memory_dataset("a", arrays)


def test_as_many_names_as_axes():
    with pytest.raises(mda.SliceRefused, match="'a' has 1 dimensions and 2 axes"):
        memory_dataset("a", {"a": MemoryArray(("x",), np.zeros((3, 1)))})

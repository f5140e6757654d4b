"""Settings as keywords, dicts and files."""

import datetime
import json
import os
from pathlib import Path

import gdalmdimappend as mda
import numpy as np
import pytest
import xarray as xr
import zarr


def day(number, count=1):
    time = np.datetime64("2024-01-01", "ns") + np.arange(
        number, number + count
    ) * np.timedelta64(1, "D")
    return xr.Dataset(
        {"air": (("time", "x"), np.arange(3.0 * count).reshape(count, 3))},
        {"time": time},
    )


def metadata(store, array):
    return json.loads((store / array / "zarr.json").read_text())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"apend_dim": "time"}, r"unknown key 'apend_dim' in the keywords; did you"),
        ({"step": "sometimes"}, r"key 'step'.*'sometimes'"),
        ({"on_duplicate": "ask"}, r"key 'on_duplicate'"),
        ({"zarr_format": 4}, r"key 'zarr_format': expected 2 or 3"),
        ({"keep_going": "maybe"}, r"key 'keep_going'"),
        ({"slices_per_commit": 0}, r"key 'slices_per_commit'"),
        ({"lock": "sometimes"}, r"key 'lock'"),
        ({"encoding": "air"}, r"not of the form"),
        ({"encoding": {"air": {"dtyp": "i2"}}}, r"unknown key .*dtyp.*did you mean"),
        ({"encoding": {"air": {"dtype": dict}}}, r"dtype.*object"),
        ({"attrs": {"a": object()}}, r"setting 'attrs'"),
        ({"rename": ["a"]}, r"'a' is not FROM=TO"),
        ({"input": "a.nc"}, r"slices are the first argument"),
        ({"labels": ["a"]}, r"'label'"),
        ({"target_dir": "x"}, r"second argument"),
        ({"slices_from": "-"}, r"generator"),
        ({"quiet": True}, r"logging"),
        ({"slice_source_kwargs": {}}, r"refused"),
        ({"settings": 3}, r"settings"),
        ({"settings": [3]}, r"settings 1: expected a file or a dict"),
        ({"settings": {"apend_dim": "t"}}, r"unknown key 'apend_dim' in settings 1"),
        ({"settings": [{}, {"a": object()}]}, r"settings 2"),
        ({"settings": "no_such.yaml"}, r"'no_such.yaml' cannot be read"),
        ({"progress": "loudly"}, r"progress"),
    ],
)
def test_a_wrong_setting_is_told_before_anything_is_done(settings, message, store):
    asked = []

    def slices():
        asked.append(True)
        yield day(0)

    with pytest.raises(mda.UsageError, match=message) as error:
        mda.append(slices(), store, **settings)
    assert isinstance(error.value, ValueError)
    assert error.value.exit_status == 2
    assert "vsimem" not in str(error.value)
    assert not asked
    assert not store.exists()


def test_an_encoding_the_target_contradicts(store):
    mda.append(day(0), store)
    with pytest.raises(mda.UsageError, match="Int16"):
        mda.append(day(1), store, encoding={"air": {"dtype": "int16"}})


def test_encodings_as_xarray_has_them(store):
    encoding = {
        "air": {
            "dtype": np.dtype(">i2"),
            "scale_factor": np.float32(0.5),
            "_FillValue": np.int16(-1),
            "chunks": (np.int64(2), 3),
            "compressors": None,
        }
    }
    del encoding["air"]["compressors"]
    encoding["air"]["compressor"] = zarr.codecs.ZstdCodec(level=7)
    mda.append(day(0, 2), store, encoding=encoding)
    document = metadata(store, "air")
    assert document["data_type"] == "int16"
    assert document["chunk_grid"]["configuration"]["chunk_shape"] == [2, 3]
    codec = document["codecs"][-1]
    assert codec["name"] == "zstd"
    assert codec["configuration"]["level"] == 7


def test_a_compressor_of_numcodecs(store):
    numcodecs = pytest.importorskip("numcodecs")
    codec = numcodecs.Blosc(cname="lz4", clevel=3)
    encoding = {"*": {"compressor": codec}}
    mda.append(day(0), store, encoding=encoding, zarr_format=2)
    document = json.loads((store / "air" / ".zarray").read_text())
    assert document["compressor"]["cname"] == "lz4"
    assert document["compressor"]["clevel"] == 3


@pytest.mark.parametrize(
    "encoding",
    ["air:dtype=int16,nodata=-1", ["air:dtype=int16", "air:nodata=-1"]],
)
def test_encodings_as_on_the_command_line(encoding, store):
    mda.append(day(0), store, encoding=encoding)
    assert metadata(store, "air")["data_type"] == "int16"


def test_numbers_that_json_has_not(store):
    for value in (np.nan, float("inf"), np.float32("-inf")):
        mda.append(
            day(0), store, encoding={"air": {"_FillValue": value}}, overwrite=True
        )
        with xr.open_zarr(store, chunks=None) as read:
            found = read.air.encoding["_FillValue"]
        np.testing.assert_equal(float(found), float(value))


def test_files_dicts_and_keywords_are_over_each_other_in_order(store, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("message: ${TEXT}\nattrs: {a: 1, b: 1, c: 1}\n")
    os.environ["TEXT"] = "from the environment"
    try:
        mda.append(
            day(0),
            store,
            settings=[file, {"attrs": {"b": 2, "c": 2}}],
            attrs={"c": 3, "text": "${TEXT}"},
        )
    finally:
        del os.environ["TEXT"]
    with xr.open_zarr(store, chunks=None) as read:
        assert read.attrs == {"a": 1, "b": 2, "c": 3, "text": "${TEXT}"}
    assert mda.log(store)[0].message == "from the environment"


def test_target_and_slices_in_a_file_are_overruled(store, tmp_path):
    settings = {"target_dir": str(tmp_path / "other.zarr"), "slices": ["no.nc"]}
    mda.append(day(0), store, settings=settings)
    assert store.exists()
    assert not (tmp_path / "other.zarr").exists()


def test_a_queue_in_a_file_is_not_read(store, tmp_path):
    (tmp_path / "list.txt").write_text("no.nc\n")
    settings = {"slices_from": str(tmp_path / "list.txt")}
    report = mda.append(day(0), store, settings=settings)
    assert len(report.slices) == 1


def test_waiting_is_for_slices_only(store, tmp_path):
    settings = {"wait": "forever"}
    mda.append(day(0), store, settings=settings)


def test_durations(store):
    mda.append(
        day(0), store, lock_timeout=datetime.timedelta(seconds=5), poll_interval=0.5
    )
    mda.append(day(1), store, lock_timeout=np.timedelta64(2, "s"), step="1D")
    with pytest.raises(mda.SliceRefused):
        mda.append(day(3), store, step="1D")


def test_one_text_where_several_may_be(store):
    dataset = day(0).assign(other=("time", [1.0]))
    mda.append(dataset, store, array="air", rename={"air": "luft"})
    assert not (store / "other").exists()
    mda.append(day(1), store, rename="air=luft")
    assert mda.open(store).sizes["time"] == 2


def test_none_is_not_given(store):
    mda.append(day(0), store, append_dim=None, encoding=None, settings=None, lock=None)
    assert store.exists()


def test_a_group(store):
    mda.append(day(0), store, group="a/b")
    mda.append(day(1), store / "a" / "b")
    assert mda.open(store, group="a/b").sizes["time"] == 2


def test_a_dry_run_writes_nothing(store):
    report = mda.append([day(0), day(1)], store, dry_run=True, attrs={"a": 1})
    assert [each.outcome for each in report.slices] == ["would append"] * 2
    assert report.slices[0].plan["objects"] > 0
    assert report.settings["attrs"] == {"a": 1}
    assert report.appended == ()
    assert not store.exists()


def test_nothing_is_left_in_gdals_memory(store):
    from osgeo import gdal

    mda.append(day(0), store, settings={"message": "a"})
    with pytest.raises(mda.UsageError):
        mda.append(day(0), store, settings=[{"message": "a"}, 3])
    left = gdal.ReadDirRecursive("/vsimem/") or []
    assert not [each for each in left if "gdalmdimappend" in each]


def test_a_target_may_be_any_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mda.append(day(0), "cube.zarr")
    mda.append(day(1), Path("cube.zarr"))
    assert mda.open(os.fsencode("cube.zarr")).sizes["time"] == 2

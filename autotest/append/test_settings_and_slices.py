"""Settings that cannot be right for any slice are a mistake of the command, told
before anything is read. What depends on what a slice holds is that slice's fault:
--keep-going and queues go on."""

import json

import cubes
import numpy as np
import pytest


def good(folder, day):
    part = cubes.weather(day, 1).assign(
        lead=("time", np.array([3.5 + day])), step=("lat", np.arange(4.0))
    )
    part["lead"].encoding["_FillValue"] = None
    return cubes.write(part, folder / f"day_2024-01-0{day}.nc")


def without(*names):
    return lambda part: part.drop_vars(names)


def of_text(part):
    return part.assign(air=("time", np.array(["warm"], dtype=object)))


def of_whole_numbers(part):
    return part.assign(air=part["air"].astype("int16"))


def of_bad_scale(part):
    return part.assign(
        air=(part["air"].dims, np.ones((1, 4, 5), "i2"), {"scale_factor": 0.0})
    )


def with_dates_as_lead(part):
    part = part.assign(lead=("time", [3.5], {"units": "days since 2024-01-01"}))
    part["lead"].encoding["_FillValue"] = None
    return part


def in_metres(part):
    return part.assign_coords(time=("time", [3.0], {"units": "m"}))


def of_texts_as_labels(part):
    return part.assign_coords(time=("time", np.array(["early"], dtype=object)))


def without_longitude(part):
    return part.rename_dims(lon="x").drop_vars("lon")


TEMPLATES = {"attrs": {"west": "{{ min(lon) }}", "end": "{{ last_label }}"}}

CASES = {
    "an array that it lacks": (
        ["--encoding", "air:level=3"],
        without("air"),
        "the settings name an array 'air'",
    ),
    "a chunk of another rank": (
        ["--encoding", "air:chunk=1x2x5"],
        lambda part: part.assign(air=part["air"].isel(lat=0, drop=True)),
        "array 'air' has 2 dimensions, its chunk in the settings has 3 sizes",
    ),
    "a shard of another rank": (
        ["--encoding", "air:shard=1x4x5"],
        lambda part: part.assign(air=part["air"].isel(lat=0, drop=True)),
        "array 'air' has 2 dimensions, its shard in the settings has 3 sizes",
    ),
    "a type for texts": (
        ["--encoding", "air:dtype=float64"],
        of_text,
        "array 'air' holds text",
    ),
    "a missing value of another type": (
        ["--encoding", "air:nodata=-0.5"],
        of_whole_numbers,
        "the missing value -0.5 is not a value of the type Int16",
    ),
    "its own scale": ([], of_bad_scale, "array 'air': its scale_factor is 0"),
    "packing for times": (
        ["--encoding", "lead:dtype=int16,scale=0.5"],
        with_dates_as_lead,
        "array 'lead' holds times",
    ),
    "units of time for lengths": (
        ["--encoding", "time:units=hours since 2000-01-01"],
        in_metres,
        "array 'time' holds labels, which keep their units 'm'",
    ),
    "a template's coordinate": (
        TEMPLATES,
        without_longitude,
        "'lon', which is not a numeric coordinate",
    ),
    "a template's label": (
        TEMPLATES,
        without("time"),
        "the target has no labels for a template",
    ),
    "an append dimension": (
        ["--append-dim", "time"],
        lambda part: part.rename(time="valid"),
        "'time'",
    ),
    "arrays asked for": (["--array", "air"], without("air"), "'air'"),
    "an array that varies": (["--vary", "step"], without("step"), "'step'"),
    "a name": (["--rename", "air=t2m"], without("air"), "--rename air=t2m"),
    "a size": ({"fixed_dims": {"lat": 4}}, lambda part: part.isel(lat=[0, 1]), "'lat'"),
    "dimensions": (
        {"variables": {"air": {"dims": ["time", "lat", "lon"]}}},
        lambda part: part.transpose("lat", "time", "lon"),
        "array 'air' has the dimensions",
    ),
    "a step": (["--step", "1D"], of_texts_as_labels, "--step 1D"),
}


def arguments(settings, folder):
    if isinstance(settings, list):
        return settings
    path = folder / "settings.json"
    path.write_text(json.dumps(settings))
    return ["--settings", path]


@pytest.mark.parametrize("case", CASES)
def test_what_the_first_slice_cannot_have_is_its_fault(tmp_path, store, case):
    settings, change, says = CASES[case]
    options = arguments(settings, tmp_path)
    part = cubes.weather(1, 1).assign(
        lead=("time", [3.5]), step=("lat", np.arange(4.0))
    )
    odd = cubes.write(change(part), tmp_path / "odd.nc")
    done = cubes.run(*options, odd, store, status=5)
    assert done.message.startswith("slice ")
    assert says in done.message
    assert done.message.endswith("Nothing was written.")
    assert not store.exists()
    names = "".join(f"{name}\n" for name in (odd, good(tmp_path, 2), good(tmp_path, 3)))
    done = cubes.append(
        *("--keep-going", "--slices-from", "-", *options, store), status=5, input=names
    )
    assert [s["outcome"] for s in done.report["slices"]] == [
        "failed",
        "appended",
        "appended",
    ]
    assert cubes.open_xarray(store).sizes["time"] == 2


def test_a_later_slice_without_what_the_settings_name(tmp_path, store):
    """An array of some slices only, which the cube does not have."""
    some = cubes.weather(2, 1).assign(rain=lambda part: part["air"] * 0)
    cubes.append(good(tmp_path, 1), store)
    with cubes.unchanged(store):
        done = cubes.run(
            *("--encoding", "rain:level=3", good(tmp_path, 2), store), status=5
        )
    assert "the settings name an array 'rain' that neither it nor the target" in (
        done.message
    )
    more = cubes.write(
        some.assign(lead=("time", [5.5]), step=("lat", np.arange(4.0))),
        tmp_path / "some.nc",
    )
    cubes.append("--encoding", "rain:level=3", more, store)


def attributes(**more):
    return {"variables": {"air": {"attrs": more}}}


MISTAKES = {
    "an attribute that is encoding": (attributes(calendar="noleap"), "'calendar'"),
    "an unknown calendar": (["--encoding", "time:calendar=moon"], "'moon'"),
    "a date that no calendar has": (
        ["--encoding", "time:units=days since 2000-13-01"],
        "2000-13-01",
    ),
    "a missing value that its type lacks": (
        ["--encoding", "air:dtype=uint8,nodata=-1"],
        "array 'air': the missing value -1 is not a value of the type",
    ),
    "a chunk and a shard of other ranks": (
        ["--encoding", "air:chunk=1x2,shard=1x2x5"],
        "array 'air': its chunk has 2 sizes, its shard 3",
    ),
    "a template that is none": ({"attrs": {"a": "{{ yesterday }}"}}, "yesterday"),
    "a template without its argument": ({"attrs": {"a": "{{ min() }}"}}, "min(NAME)"),
    "a name that no array can have": (["--rename", "air=a/b"], "'a/b'"),
    "a pattern without a year": (["--label-from", "name:%d.nc"], "has no year"),
    "no pattern": (["--label-from", "%Y.nc"], "neither name:PATTERN"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_no_slice_can_have_is_told_before_any_is_read(tmp_path, store, case):
    settings, says = MISTAKES[case]
    options = ["--keep-going", *arguments(settings, tmp_path)]
    done = cubes.run(*options, tmp_path / "not_there.nc", store, status=2)
    assert says in done.message
    done = cubes.run(*options, "--slices-from", "-", store, status=2, input="x.nc\n")
    assert says in done.message
    assert not store.exists()


@pytest.mark.parametrize(
    ("encoding", "zarr_format", "says"),
    [
        ("air:compress=lzma", 3, "the compressor 'lzma' does not exist in Zarr V3"),
        ("*:level=12", 3, "the compressor 'blosc:zstd' has no level 12"),
        ("*:level=12", 2, "the compressor 'blosc:zstd' has no level 12"),
        ("air:shard=1x4x5", 2, "array 'air': Zarr V2 has no shards"),
    ],
)
def test_what_no_array_of_the_format_can_have(
    tmp_path, store, encoding, zarr_format, says
):
    """Of whichever slice: it ends a run that goes on otherwise."""
    done = cubes.run(
        *("--keep-going", "--encoding", encoding, "--zarr-format", zarr_format),
        *(good(tmp_path, 1), good(tmp_path, 2), store),
        status=2,
    )
    assert says in done.message
    assert not store.exists()

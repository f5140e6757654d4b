"""--attributes, and the settings' attrs with templates: what the target's global
attributes become, commit by commit."""

import json
import re

import cubes
import numpy as np
import pytest
import zarr

LAYOUTS = {
    "V2": ["--zarr-format", "2"],
    "V2, not consolidated": ["--zarr-format", "2", "--consolidated", "no"],
    "V3": [],
    "V3, not consolidated": ["--consolidated", "no"],
    "V3, in a group": ["--group", "ocean/winds"],
    "V2, in a group": ["--zarr-format", "2", "--group", "ocean"],
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def group_of(words):
    return words[words.index("--group") + 1] if "--group" in words else None


def attributes(store, words=()):
    """As all readers see them, by every copy."""
    group = group_of(words)
    consolidated = "no" not in words
    found = cubes.open_xarray(store, group, consolidated=consolidated, raw=True).attrs
    for use in (True, False) if consolidated else (False,):
        opened = zarr.open_group(str(store), mode="r", use_consolidated=use)
        assert dict((opened[group] if group else opened).attrs) == found
    dataset = cubes.gdal_group(cubes.open_gdal(store, consolidated), group)
    assert {a.GetName() for a in dataset.GetAttributes()} == set(found)
    return found


def slices(folder, *each, days=1):
    """One slice for each set of attributes."""
    paths = []
    for number, attrs in enumerate(each):
        part = cubes.weather(number * days, days)
        part.attrs = attrs
        paths.append(cubes.write(part, folder / f"{number}.nc"))
    return paths


@pytest.fixture
def settings(tmp_path):
    """Writes a settings file with these `attrs`."""

    def write(attrs, **others):
        path = tmp_path / "settings.json"
        path.write_text(json.dumps({"attrs": attrs, **others}))
        return ["--settings", path]

    return write


FIRST = {"title": "one", "a": 1, "kept": "yes"}
SECOND = {"title": "two", "b": [1.5, 2.5]}
THIRD = {"title": "three", "a": "text", "b": "gone"}
MODES = {
    "keep": [FIRST, FIRST, FIRST],
    "replace": [FIRST, SECOND, THIRD],
    "update": [FIRST, {**FIRST, **SECOND}, {**FIRST, **SECOND, **THIRD}],
    "ignore": [{}, {}, {}],
}


@every_layout
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_at_creation_and_later(tmp_path, store, mode, layout):
    words = LAYOUTS[layout]
    parts = slices(tmp_path, FIRST, SECOND, THIRD)
    for path, expected in zip(parts, MODES[mode], strict=True):
        cubes.append("--attributes", mode, *words, path, store)
        assert attributes(store, words) == expected
    consolidated = "no" not in words
    cubes.assert_reads_as(store, cubes.weather(0, 3), group_of(words), consolidated)


@pytest.mark.parametrize("per_commit", [1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_in_a_run_of_slices(tmp_path, store, mode, per_commit):
    parts = slices(tmp_path, FIRST, SECOND, THIRD)
    words = ["--attributes", mode, "--slices-per-commit", per_commit]
    cubes.append(*words, *parts, store)
    assert attributes(store) == MODES[mode][2]
    cubes.assert_reads_as(store, cubes.weather(0, 3))


def test_keep_is_the_default(tmp_path, store):
    cubes.append(*slices(tmp_path, FIRST, SECOND), store)
    assert attributes(store) == FIRST


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("mode", ["replace", "update"])
def test_a_target_without_attributes_gets_some(tmp_path, store, mode, zarr_format):
    """In V2 the document has to be made."""
    first, second = slices(tmp_path, {}, SECOND)
    cubes.append("--zarr-format", zarr_format, first, store)
    (store / ".zattrs").unlink(missing_ok=True)
    consolidated = store / ".zmetadata"
    if zarr_format == 2:
        document = json.loads(consolidated.read_text())
        document["metadata"].pop(".zattrs", None)
        consolidated.write_text(json.dumps(document))
    cubes.append("--attributes", mode, second, store)
    assert attributes(store) == SECOND
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_what_is_already_there_leaves_attributes_alone(tmp_path, target):
    again = cubes.weather(1, 2)
    again.attrs = {"title": "another"}
    path = cubes.write(again, tmp_path / "again.nc")
    with cubes.unchanged(target):
        cubes.append("--attributes", "replace", path, target)


def test_a_refused_slice_leaves_attributes_alone(tmp_path, target):
    wrong = cubes.weather(3, 2, lat=9)
    wrong.attrs = {"title": "another"}
    path = cubes.write(wrong, tmp_path / "wrong.nc")
    with cubes.unchanged(target):
        cubes.append("--attributes", "replace", path, target, status=5)


def test_array_attributes_stay(tmp_path, target):
    part = cubes.weather(3, 2)
    part.air.attrs["comment"] = "new"
    path = cubes.write(part, tmp_path / "x.nc")
    before = cubes.open_xarray(target, raw=True).air.attrs
    cubes.append("--attributes", "replace", path, target)
    assert cubes.open_xarray(target, raw=True).air.attrs == before


# Fixed ones.


@every_layout
def test_fixed_attributes_are_over_those_of_the_slices(
    tmp_path, store, settings, layout
):
    words = LAYOUTS[layout]
    first, second = slices(tmp_path, FIRST, SECOND)
    nested = {"list": [1, "b", None], "inner": {"c": 0.5, "d": True}}
    file = settings({"title": "fixed", "a": None, "new": nested, "n": 7})
    cubes.append(*file, *words, first, store)
    expected = {"title": "fixed", "kept": "yes", "new": nested, "n": 7}
    assert attributes(store, words) == expected
    cubes.append(*file, "--attributes", "replace", *words, second, store)
    expected = {**SECOND, "title": "fixed", "new": nested, "n": 7}
    assert attributes(store, words) == expected


def test_attributes_may_be_fixed_later(tmp_path, target, settings):
    (path,) = slices(tmp_path, {})
    part = cubes.write(cubes.weather(3, 1), path)
    cubes.append(*settings({"title": None, "owner": "me"}), part, target)
    assert attributes(target) == {"owner": "me"}
    cubes.assert_reads_as(target, cubes.weather(0, 4))


def test_with_ignore_there_are_the_fixed_ones_only(tmp_path, store, settings):
    parts = slices(tmp_path, FIRST, SECOND)
    file = settings({"title": "fixed"}, attrs_update_mode="ignore")
    cubes.append(*file, *parts, store)
    assert attributes(store) == {"title": "fixed"}


def test_texts_arrive_as_they_are(tmp_path, store, settings):
    (path,) = slices(tmp_path, {})
    odd = {
        "größe 日本": 'quoted " \\ \n\t end',
        "empty": "",
        "one brace": "{ last_label }",
        "closing": "}} {",
        "big": 2**53 + 1,
        "tenth": 0.1,
        "false": False,
    }
    cubes.append(*settings(odd), path, store)
    assert cubes.open_xarray(store, raw=True).attrs == odd


# Templates.

INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@every_layout
def test_templates_follow_the_data(tmp_path, store, settings, layout):
    words = LAYOUTS[layout]
    parts = slices(tmp_path, {}, {}, days=2)
    file = settings(
        {
            "time_coverage_start": "{{ first_label }}",
            "time_coverage_end": "{{last_label}}",
            "both": "from {{ first_label }} to {{ last_label }}!",
            "of time": "{{ min(time) }} {{ max(time) }}",
            "lon": ["{{ min(lon) }}", "{{ max( lon ) }}"],
            "lon bounds": {
                "low": "{{ lower_bound(lon) }}",
                "high": "{{ upper_bound(lon) }}",
            },
            "lat bounds": ["{{ lower_bound(lat) }}", "{{ upper_bound(lat) }}"],
            "in a text": "{{ min(lat) }} degrees",
            "source": "{{ slice }}",
            "comment": "{{ message }}",
        }
    )
    for number, path in enumerate(parts):
        cubes.append(*file, "--message", f"run {number}", *words, path, store)
        last = f"2000-01-0{2 * number + 2}"
        assert attributes(store, words) == {
            "time_coverage_start": "2000-01-01",
            "time_coverage_end": last,
            "both": f"from 2000-01-01 to {last}!",
            "of time": f"2000-01-01 {last}",
            "lon": [5.0, 25.0],
            "lon bounds": {"low": 2.5, "high": 27.5},
            "lat bounds": [42.5, 62.5],
            "in a text": "45.0 degrees",
            "source": str(path),
            "comment": f"run {number}",
        }


@pytest.mark.parametrize("per_commit", [1, 2, 5])
def test_templates_in_a_run_of_slices(tmp_path, store, settings, per_commit):
    parts = slices(tmp_path, {"history": "made"}, {}, {}, {}, {})
    file = settings(
        {"history": "{{ history }}, {{ last_label }}", "end": "{{ last_label }}"}
    )
    cubes.append(*file, "--slices-per-commit", per_commit, *parts, store)
    found = attributes(store)
    assert found["end"] == "2000-01-05"
    # The first slice's history is not yet the target's.
    expected = [f"2000-01-0{day}" for day in range(1, 6)]
    assert found["history"].split(", ")[1:] == expected


def test_history_grows_with_each_commit(tmp_path, store, settings):
    parts = slices(tmp_path, {}, {"history": "of the slice"}, {})
    file = settings({"history": "{{ history }}{{ now }}: {{ message }}\n"})
    for number, path in enumerate(parts):
        cubes.append(*file, "--message", f"append {number}", path, store)
    lines = attributes(store)["history"].splitlines()
    assert len(lines) == 3
    for number, line in enumerate(lines):
        assert re.fullmatch(rf"{INSTANT}: append {number}", line)


def test_labels_that_are_numbers_stay_numbers(tmp_path, store, settings):
    part = cubes.weather(0, 3).assign_coords(time=[10, 20, 40])
    path = cubes.write(part, tmp_path / "x.nc")
    names = {"first": "{{ first_label }}", "most": "{{ max(time) }}"}
    cubes.append(*settings(names), path, store)
    assert attributes(store) == {"title": "a test", "first": 10, "most": 40}


def test_labels_that_go_down(tmp_path, store, settings):
    part = cubes.weather(0, 3).isel(time=slice(None, None, -1))
    path = cubes.write(part, tmp_path / "x.nc")
    names = {
        "first": "{{ first_label }}",
        "last": "{{ last_label }}",
        "least": "{{ min(time) }}",
        "most": "{{ max(time) }}",
    }
    cubes.append(*settings(names), "--step", "decreasing", path, store)
    found = attributes(store)
    assert (found["first"], found["last"]) == ("2000-01-03", "2000-01-01")
    assert (found["least"], found["most"]) == ("2000-01-01", "2000-01-03")


WRONG = {
    "an unknown name": "{{ yesterday }}",
    "an unknown function": "{{ mean(lon) }}",
    "no coordinate": "{{ min(elevation) }}",
    "no array": "{{ min(nothing) }}",
    "no argument": "{{ min() }}",
    "code": "{{ __import__('os').system('touch /tmp/x') }}",
    "an attribute": "{{ ds.time[0].values }}",
    "arithmetic": "{{ 1 + 1 }}",
    "a slice of something": "{{ ds.lon[0] }}",
    "nothing": "{{ }}",
    "no end": "{{ last_label",
    "in a list": ["a", "{{ no }}"],
    "in an object": {"a": {"b": "{{ no }}"}},
}


@pytest.mark.parametrize("kind", WRONG)
def test_templates_that_are_none_are_refused(tmp_path, target, settings, kind):
    """Nothing is evaluated, nothing written."""
    path = cubes.write(cubes.weather(3, 1), tmp_path / "x.nc")
    file = settings({"x": WRONG[kind]})
    with cubes.unchanged(target):
        done = cubes.append(*file, path, target, status=2)
        cubes.append("--keep-going", *file, path, target, status=2)
        cubes.append("--dry-run", *file, path, target, status=2)
    assert "attribute 'x'" in done.message
    new = tmp_path / "new.zarr"
    # Another slice might have that coordinate.
    status = 5 if kind in ("no coordinate", "no array") else 2
    cubes.append(*file, path, new, status=status)
    assert not new.exists()


def test_without_labels_there_is_none_for_a_template(tmp_path, store, settings):
    part = cubes.weather(0, 2).drop_vars("time")
    path = cubes.write(part, tmp_path / "x.nc")
    done = cubes.append(*settings({"x": "{{ last_label }}"}), path, store, status=5)
    assert "no labels" in done.message
    assert not store.exists()


# What changes in the store.


def documents(store):
    """The store's documents, as JSON and as bytes."""
    names = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.name in names
    }


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_only_the_attributes_and_shapes_of_documents_change(
    tmp_path, store, settings, zarr_format
):
    """Formatting, order and unknown keys of a foreign store survive."""
    first = cubes.weather(0, 2)
    first.to_zarr(store, zarr_format=zarr_format, consolidated=True)
    for path in store.rglob("*"):
        # Somebody's own formatting.
        if path.name in ("zarr.json", ".zarray", ".zmetadata", ".zattrs"):
            path.write_text(json.dumps(json.loads(path.read_text()), indent=7) + " \n")
    before = documents(store)
    path = cubes.write(cubes.weather(2, 2), tmp_path / "x.nc")
    cubes.append(*settings({"title": "changed"}), path, store)
    after = documents(store)
    assert set(before) == set(after)
    for key, old in before.items():
        new = after[key].replace(b'"changed"', b'"a test"')
        old_lines, new_lines = old.splitlines(), new.splitlines()
        assert len(old_lines) == len(new_lines), key
        changed = [
            (a.strip(), b.strip())
            for a, b in zip(old_lines, new_lines, strict=True)
            if a != b
        ]
        assert set(changed) <= {(b"2,", b"4,"), (b"2", b"4")}, key
    assert np.array_equal(cubes.read_zarr(store)["air"], cubes.weather(0, 4).air)


def test_attributes_of_other_groups_stay(tmp_path, store, settings):
    a, b = slices(tmp_path, {"title": "one"}, {"title": "two"})
    cubes.append("--group", "x", a, store)
    cubes.append("--group", "y", a, store)
    others = (store / "y" / "zarr.json").read_bytes()
    words = ["--group", "x", "--attributes", "replace"]
    cubes.append(*words, *settings({"fixed": 1}), b, store)
    assert attributes(store, words) == {"title": "two", "fixed": 1}
    assert attributes(store, ["--group", "y"]) == {"title": "one"}
    assert (store / "y" / "zarr.json").read_bytes() == others

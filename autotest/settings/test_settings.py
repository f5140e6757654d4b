"""Settings files: on the command line, under it, and in the reports."""

import json

import cubes
import pytest
from osgeo import gdal

gdal.UseExceptions()


@pytest.fixture
def settings(tmp_path):
    """Writes a settings file: an object as JSON, a text as it is."""

    def write(content, name=None):
        is_text = isinstance(content, str)
        path = tmp_path / (name or ("x.yaml" if is_text else "x.json"))
        path.write_text(content if is_text else json.dumps(content))
        return path

    return write


def effective(*arguments, **options):
    """The settings that a dry run shows."""
    return cubes.append("--dry-run", *arguments, **options).report["settings"]


def test_a_file_names_target_and_slices(two_slices, store, settings):
    content = {"target_dir": str(store), "slices": [str(p) for p in two_slices]}
    cubes.append("--settings", settings(content))
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_with_target_dir_all_positional_arguments_are_slices(
    two_slices, store, settings
):
    path = settings({"target_dir": str(store)})
    report = cubes.append("--settings", path, *two_slices).report
    assert report["target"] == str(store)
    assert [s["slice"] for s in report["slices"]] == [str(p) for p in two_slices]
    cubes.assert_reads_as(store, cubes.weather(0, 5))


@pytest.mark.parametrize(
    "spelling", [["-o", "{}"], ["--output={}"], ["--output", "{}"]]
)
def test_an_output_that_is_spelled_is_over_target_dir(
    two_slices, store, settings, spelling
):
    path = settings({"target_dir": str(store) + ".other"})
    words = [word.format(store) for word in spelling]
    report = cubes.append(f"--settings={path}", two_slices[0], *words).report
    assert report["target"] == str(store)
    assert len(report["slices"]) == 1


def test_a_value_that_looks_like_an_option_is_none(two_slices, store, settings):
    path = settings({"target_dir": str(store)})
    shown = effective("--message", "-o", "--settings", path, two_slices[0])
    assert shown["message"] == "-o"
    assert shown["target_dir"] == str(store)


def test_input_as_an_option_needs_no_target(two_slices, store, settings):
    path = settings({"target_dir": str(store)})
    report = cubes.append("-i", two_slices[0], "--settings", path).report
    assert report["target"] == str(store)


def test_slices_of_the_command_line_take_the_place_of_a_files(
    two_slices, store, settings
):
    path = settings({"slices": ["nowhere.nc"]})
    report = cubes.append("--settings", path, two_slices[0], store).report
    assert [s["slice"] for s in report["slices"]] == [str(two_slices[0])]


def test_the_command_line_is_over_files_and_files_over_defaults(
    two_slices, store, settings
):
    content = {
        "on_duplicate": "skip",
        "zarr_format": 2,
        "keep_going": True,
        "lock_timeout": "5min",
        "num_threads": 2,
        "variables": {"air": {"encoding": {"dtype": "int16", "level": 1}}},
    }
    options = ["--settings", settings(content), "--zarr-format", "3"]
    options += ["--on-duplicate", "identical", "--encoding", "air:level=7,chunk=2x4x5"]
    shown = effective(*options, two_slices[0], store)
    assert shown["zarr_format"] == 3
    # Explicitly given, though it is the default.
    assert shown["on_duplicate"] == "identical"
    assert shown["keep_going"] is True
    assert shown["lock_timeout"] == 300
    assert shown["num_threads"] == 2
    assert shown["append_step"] == "any"
    assert shown["variables"]["air"]["encoding"] == {
        "dtype": "int16",
        "chunks": [2, 4, 5],
        "level": 7,
    }


def test_files_are_merged_in_order(two_slices, store, settings):
    base = settings("attrs: {title: one, source: me}\ngroup: a\n", "base.yaml")
    site = settings({"attrs": {"title": "two"}}, "site.json")
    shown = effective("--settings", base, "--settings", site, two_slices[0], store)
    assert shown["attrs"] == {"title": "two", "source": "me"}
    assert shown["group"] == "a"


def test_every_option_reaches_the_settings(two_slices, store):
    given = {
        "append_dim": ("--append-dim", "time"),
        "slice_group": ("--slice-group", "/"),
        "included_variables": ("--array", "air"),
        "excluded_variables": ("--exclude-array", "elevation"),
        "rename": ("--rename", "t2m=air2"),
        "vary": ("--vary", "elevation"),
        "label_from": ("--label-from", "name:%Y.nc"),
        "input_format": ("--input-format", "netCDF"),
        "open_options": ("--open-option", "HONOUR_VALID_RANGE=NO"),
        "wait": ("--wait", "2s"),
        "poll_interval": ("--poll-interval", "100ms"),
        "slice_config": ("--slice-config", "A=1"),
        "target_config": ("--target-config", "B=2"),
        "zarr_format": ("--zarr-format", "2"),
        "consolidated": ("--consolidated", "no"),
        "variables": ("--encoding", "air:level=2"),
        "attrs_update_mode": ("--attributes", "update"),
        "on_coordinate": ("--on-coordinate", "ignore"),
        "on_static": ("--on-static", "ignore"),
        "on_crs": ("--on-crs", "ignore"),
        "on_missing_array": ("--on-missing-array", "fill"),
        "on_extra_array": ("--on-extra-array", "error"),
        "on_overflow": ("--on-overflow", "clamp"),
        "on_units": ("--on-units", "ignore"),
        "on_precision": ("--on-precision", "round"),
        "on_duplicate": ("--on-duplicate", "replace"),
        "append_step": ("--step", "1D"),
        "require_aligned": ("--require-aligned",),
        "again": ("--again",),
        "merge_shards": ("--merge-shards",),
        "lock": ("--lock", "none"),
        "lease": ("--lease", "5min"),
        "lock_timeout": ("--lock-timeout", "forever"),
        "durability": ("--durability", "process"),
        "slices_per_commit": ("--slices-per-commit", "4"),
        "keep_going": ("--keep-going",),
        "num_threads": ("--num-threads", "3"),
        "message": ("--message", "hello"),
    }
    defaults = effective(two_slices[0], store)
    words = [word for option in given.values() for word in option]
    # Some refuse these slices: the settings are shown nevertheless.
    shown = effective(*words, "--on-size", "error", two_slices[0], store, status=None)
    for key in given:
        assert shown[key] != defaults.get(key), key
    # The two exclude each other.
    groups = effective("--groups", two_slices[0], store)
    assert groups["groups"] != defaults["groups"]


def test_the_settings_of_a_dry_run_are_a_settings_file(two_slices, store, settings):
    options = ["--encoding", "air:dtype=int16,scale=0.01,nodata=-1", "--step", "1D"]
    shown = effective(*options, *two_slices, store)
    again = effective("--settings", settings(shown))
    assert again == shown


def test_a_dry_runs_text_has_the_settings_before_the_plan(two_slices, store):
    text = cubes.run("--dry-run", two_slices[0], store).stdout
    assert '"append_step": "any"' in text
    assert text.index('"append_step"') < text.index("would append")
    assert '"append_step"' not in cubes.run(two_slices[0], store).stdout


def test_secrets_are_not_shown(two_slices, store):
    words = ["--target-config", "AWS_SECRET_ACCESS_KEY=abc", "--dry-run"]
    done = cubes.append(*words, two_slices[0], store)
    assert "AWS_SECRET_ACCESS_KEY" in done.stdout
    assert "abc" not in done.stdout.replace(str(store), "")


def test_the_reports_form_may_be_a_setting(two_slices, store, settings):
    path = settings("report: json")
    done = cubes.run("--settings", path, two_slices[0], store)
    assert done.report["slices"][0]["outcome"] == "appended"
    quiet = settings("quiet: yes", "quiet.yaml")
    done = cubes.run("--settings", quiet, two_slices[1], store)
    assert (done.stdout, done.stderr) == ("", "")


def test_what_is_ignored_is_a_warning(two_slices, store, settings):
    path = settings("temp_dir: memory://x\nlogging: INFO\n")
    done = cubes.append("--settings", path, two_slices[0], store)
    assert len(done.report["warnings"]) == 2
    assert "key 'temp_dir': ignored" in done.report["warnings"][0]
    assert done.stderr.count("Warning") == 2


def test_variables_of_the_environment(two_slices, store, settings, monkeypatch):
    monkeypatch.setenv("CUBES", str(store.parent))
    path = settings("target_dir: ${CUBES}/cube.zarr")
    cubes.append("--settings", path, two_slices[0])
    assert store.exists()


def test_labels_of_slices_in_a_file(tmp_path, store, settings):
    first = cubes.weather(0, 1).isel(time=0, drop=True)
    for name in ("a.nc", "b.nc"):
        cubes.write(first, tmp_path / name)
    content = {
        "append_dim": "run",
        "slices": [
            {"slice": str(tmp_path / "a.nc"), "label": 1},
            {"slice": str(tmp_path / "b.nc"), "label": 2},
        ],
    }
    path = settings(content)
    report = cubes.append("--settings", path, "-o", store).report
    assert [s["first_label"] for s in report["slices"]] == ["1", "2"]
    done = cubes.run("--settings", path, "-o", store, "--label", "3", status=2)
    assert "1 label for 2 slices" in done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("apend_dim: time", "unknown key 'apend_dim' in settings file '{}'; did you"),
        ("append_dim: 3", "settings file '{}', key 'append_dim': expected a string"),
        ("keep_going: maybe", "key 'keep_going': expected true or false"),
        ("a: [1", "settings file '{}' is not valid YAML: line 1"),
        ("a: 1\na: 2", "line 2, column 1: the key 'a' is given twice"),
        ("", "settings file '{}' is empty"),
        ("message: ${{NOBODY_SET_THIS}}", "variable 'NOBODY_SET_THIS' is not set"),
        ("slice_source: my.Source", "it names Python code: use slices_from"),
        ("variables: {{air: {{encoding: {{level: 99}}}}}}", "air.encoding.level'"),
        (None, "settings file '{}' cannot be read"),
    ],
)
def test_mistakes_in_files_exit_with_2(two_slices, store, settings, content, says):
    path = store.parent / "x.yaml"
    if content is not None:
        settings(content.format())
    done = cubes.run("--settings", path, two_slices[0], store, status=2)
    assert says.format(path) in done.message
    # The mistake is in the file: the command's usage would not help.
    assert "Usage" not in done.stderr
    assert not store.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{slice}"], "no slice was named"),
        (["--settings", "{empty}"], "Required argument 'output'"),
        (["--settings", "{target}"], "no slice was named"),
        (["--rename", "a", "{slice}", "{store}"], "'a' is not FROM=TO"),
        (["--rename", "a=b", "--rename", "a=c", "{slice}", "{store}"], "'a=c'"),
        (["--wait", "soon", "{slice}", "{store}"], "'soon' is not a duration"),
        (["--poll-interval", "0", "{slice}", "{store}"], "longer than 0"),
        (["--step", "0", "{slice}", "{store}"], "the step '0'"),
        (["--on-crs", "warn", "{slice}", "{store}"], "on-crs"),
        (["--on-size", "ignore", "{slice}", "{store}"], "on-size"),
        (["--target-config", "A", "{slice}", "{store}"], "'A' is not KEY=VALUE"),
        (["--encoding", "a:level=1,level=2", "{slice}", "{store}"], "twice"),
    ],
)
def test_mistakes_on_the_command_line_exit_with_2(
    two_slices, store, settings, arguments, says
):
    files = {
        "slice": two_slices[0],
        "store": store,
        "empty": settings("append_dim: time", "empty.yaml"),
        "target": settings({"target_dir": str(store)}, "target.json"),
    }
    done = cubes.run(*(a.format(**files) for a in arguments), status=2)
    assert says in done.stderr
    assert not store.exists()


def test_gdal_itself_and_python_take_settings(two_slices, store, settings):
    path = settings({"target_dir": str(store), "keep_going": True})
    words = ("mdim", "append", "--settings", path)
    cubes.run(*words, two_slices[0], command="gdal")
    cubes.assert_reads_as(store, cubes.weather(0, 3))
    # gdal.alg.mdim.append() itself insists on an output.
    gdal.Run("mdim append", settings=str(path), input=[str(two_slices[1])])
    cubes.assert_reads_as(store, cubes.weather(0, 5))
    wrong = str(settings({"tarjet_dir": "x"}))
    with pytest.raises(RuntimeError, match="did you mean 'target_dir'"):
        gdal.Run("mdim append", settings=wrong, input=[str(two_slices[1])])

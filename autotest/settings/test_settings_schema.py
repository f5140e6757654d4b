"""The schema of settings files, and the page that is made from it."""

import importlib.util
import json
import re
from pathlib import Path

import cubes
import pytest

HOME = Path(__file__).parents[2]
SCHEMA = json.loads((HOME / "src/settings/settings.schema.json").read_text())
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


def is_type(value, name):
    if name in ("number", "integer"):
        kinds = (int, float) if name == "number" else int
        return isinstance(value, kinds) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def same(value, other):
    """As JSON has it: true is not 1."""
    return type(value) is type(other) and value == other


def is_valid(value, schema):
    """What this schema uses of JSON Schema, and no more."""
    annotations = {"description", "examples", "default", "title"}
    known = annotations | {"$ref", "type", "enum", "const", "not", "anyOf", "pattern"}
    known |= {"minLength", "minimum", "maximum", "items", "properties", "required"}
    known |= {"additionalProperties"}
    assert all(k in known or k.startswith(("x-", "$")) for k in schema), schema.keys()
    if "$ref" in schema:
        node = SCHEMA
        for step in schema["$ref"].removeprefix("#/").split("/"):
            node = node[step]
        if not is_valid(value, node):
            return False
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    checks = [
        not types or any(is_type(value, name) for name in types),
        "enum" not in schema or any(same(value, each) for each in schema["enum"]),
        "const" not in schema or same(value, schema["const"]),
        "not" not in schema or not is_valid(value, schema["not"]),
        "anyOf" not in schema or any(is_valid(value, s) for s in schema["anyOf"]),
    ]
    if isinstance(value, str):
        checks.append(len(value) >= schema.get("minLength", 0))
        checks.append(re.search(schema.get("pattern", ""), value) is not None)
    if is_type(value, "number"):
        checks.append(value >= schema.get("minimum", value))
        checks.append(value <= schema.get("maximum", value))
    if isinstance(value, list) and "items" in schema:
        checks += [is_valid(each, schema["items"]) for each in value]
    if isinstance(value, dict):
        checks += [key in value for key in schema.get("required", ())]
        others = schema.get("additionalProperties", True)
        for key, each in value.items():
            inner = schema.get("properties", {}).get(key, others)
            checks.append(inner if isinstance(inner, bool) else is_valid(each, inner))
    return all(checks)


def keys(schema, prefix=""):
    """Each key's path and definition."""
    for name, each in schema.get("properties", {}).items():
        yield prefix + name, each
        yield from keys(each, f"{prefix}{name}.")
    for inner in (schema.get("additionalProperties"), schema.get("items")):
        if isinstance(inner, dict):
            yield from keys(inner, f"{prefix}*.")
    for inner in schema.get("anyOf", ()):
        yield from keys(inner, prefix)


ALL = [*keys(SCHEMA), *keys(SCHEMA["$defs"]["storage_options"], "storage.")]
ALL = [(path, each) for path, each in ALL if "description" in each]


def test_examples_are_valid_and_wrong_values_are_not():
    assert len(ALL) > 90
    for path, each in ALL:
        for value in each["examples"]:
            assert is_valid(value, each), (path, value)
        for value in each["x-invalid"]:
            assert not is_valid(value, each), (path, value)
        assert is_valid(each.get("default", each["examples"][0]), each), path


def test_a_whole_file_is_valid_and_one_with_a_wrong_key_is_not():
    file = {"target_dir": "a.zarr", "variables": {"*": {"encoding": {"level": 3}}}}
    assert is_valid(file, SCHEMA)
    assert not is_valid({**file, "apend_dim": "time"}, SCHEMA)
    assert not is_valid({"variables": {"a": {"encoding": {"x": 1}}}}, SCHEMA)
    for name in SCHEMA["x-refused"]:
        assert not is_valid({name: "x"}, SCHEMA)


def test_the_page_is_what_the_script_makes():
    path = HOME / "docs/make_settings_md.py"
    spec = importlib.util.spec_from_file_location("make_settings_md", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (HOME / "docs/settings.md").read_text() == script.page(), (
        "run docs/make_settings_md.py"
    )


def test_every_option_has_a_key():
    usage = json.loads(cubes.run("--json-usage").stdout)
    names = {argument["name"] for argument in usage["input_arguments"]}
    known = set(SCHEMA["properties"]) | set(SCHEMA["x-refused"])
    for name in names - {"help", "help-doc", "json-usage", "progress"}:
        assert name.replace("-", "_") in known, name
    options = {
        option.removeprefix("--")
        for each in SCHEMA["properties"].values()
        for option in re.findall(r"--[a-z-]+", each.get("x-option", ""))
    }
    assert options <= names | {"config"}


# Every key that zappend 0.8 has; those inside profiling and logging go with them.
ZAPPEND = [
    "version",
    "zarr_version",
    "fixed_dims",
    "append_dim",
    "append_step",
    "included_variables",
    "excluded_variables",
    "variables",
    "variables.*.dims",
    "variables.*.attrs",
    "variables.*.encoding",
    "variables.*.encoding.dtype",
    "variables.*.encoding.chunks",
    "variables.*.encoding.fill_value",
    "variables.*.encoding.scale_factor",
    "variables.*.encoding.add_offset",
    "variables.*.encoding.units",
    "variables.*.encoding.calendar",
    "variables.*.encoding.compressor",
    "variables.*.encoding.filters",
    "attrs",
    "attrs_update_mode",
    "permit_eval",
    "target_dir",
    "target_storage_options",
    "slice_source",
    "slice_source_kwargs",
    "slice_engine",
    "slice_storage_options",
    "slice_polling",
    "slice_polling.interval",
    "slice_polling.timeout",
    "persist_mem_slices",
    "temp_dir",
    "temp_storage_options",
    "force_new",
    "disable_rollback",
    "profiling",
    "logging",
    "dry_run",
    "extra",
]


def table():
    """The rows of docs/settings.md about zappend: key, status."""
    text = (HOME / "docs/settings.md").read_text().split("## Coming from zappend")[1]
    return dict(re.findall(r"^\| `([^`]+)` \| (\w+)", text, re.M))


def test_the_table_has_every_key_of_zappend():
    assert set(ZAPPEND) <= set(table())


@pytest.mark.parametrize(("key", "status"), sorted(table().items()))
def test_the_table_is_true(tmp_path, key, status):
    """Up to the slice, which does not exist."""
    definition = dict(ALL).get(key, {"examples": ["my.module"]})
    content = definition["examples"][0]
    if key == "target_dir":
        content = str(tmp_path / "cube.zarr")
    if status == "refused" and key not in SCHEMA["x-refused"]:
        content = True
    for part in reversed(key.split(".")):
        content = {"air" if part == "*" else part: content}
    path = tmp_path / "zappend.json"
    path.write_text(json.dumps(content))
    # The command line is over the file, where waiting for the slice lasts.
    words = ["--settings", path, "--wait", "0", "--dry-run"]
    words += ["-o", tmp_path / "c.zarr", "none.nc"]
    done = cubes.append(*words, status=None)
    if status == "refused":
        assert done.status == 2
        assert f"key '{key}'" in done.message
        return
    assert done.status == 4, done
    warned = any("ignored" in each for each in done.report["warnings"])
    assert warned == (status == "ignored" and bool(content.get(key, True)))

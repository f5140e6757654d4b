#!/usr/bin/env python3
"""Makes docs/settings.md from the schema of settings files.

Run it after a change of src/settings/settings.schema.json; a test compares.
"""

import json
from pathlib import Path

HOME = Path(__file__).parent.parent
SCHEMA = json.loads((HOME / "src/settings/settings.schema.json").read_text())

HEAD = """# Settings files

<!-- Made by docs/make_settings_md.py from src/settings/settings.schema.json. -->

What [gdal mdim append](commands/gdal_mdim_append.md) takes on its command line,
it takes from files too:

    gdalmdimappend --settings base.yaml --settings site.json day_001.nc cube.zarr

```yaml
target_dir: ${DATA}/sst.zarr
append_dim: time
append_step: 1D
included_variables: [sst]
variables:
  "*":
    encoding: {compressor: {id: blosc, cname: zstd, clevel: 5}}
  sst:
    dims: [time, lat, lon]
    encoding: {dtype: int16, scale_factor: 0.01, fill_value: -32768, chunks: [1, 512, null]}
attrs:
  title: Sea surface temperature
slice_polling: {interval: 2, timeout: 300}
```

* **JSON or YAML**, by the file's name (`.json`, `.yaml`, `.yml`), else by its
  first character. At most 4 MiB.
* **Several files** are read in order, each over those before: single values and
  lists take the place of earlier ones, `variables`, `attrs`, `fixed_dims`,
  `rename` and options of GDAL and storages are merged key by key. The command
  line is over all files; its `--encoding` is merged into `variables` key by key.
  What is said of an array by name is over what is said of `*`, wherever.
* **`${NAME}`** in a text stands for the environment variable; one that is not set
  is an error. `$${` stands for `${`. What comes in so is a text.
* **`target_dir`** in a file means that the command line has slices only; name
  another target with `--output`.
* **YAML** is read so that nothing turns into something else: without quotation
  marks, `NO`, `on`, `007`, `0o17`, `1_000`, `12:30` and `2024-01-01` are texts;
  where a text is expected, numbers and truth values need quotation marks. Where
  `true` or `false` is expected, `yes`, `no`, `on` and `off` do as well. Keys that
  are there twice are errors; aliases and `<<` work.
* **Mistakes** end the command with exit status 2 before anything is done, and
  name file and key: `unknown key 'apend_dim' in settings file 'x.yaml'; did you
  mean 'append_dim'?`
* **`--dry-run`** shows the settings in effect as such a file, passwords and
  tokens left out.

The [JSON Schema](../src/settings/settings.schema.json), installed as
`share/gdalmdimappend/settings.schema.json`, lets editors check and complete.
"""

ZAPPEND = """
## Coming from zappend

A configuration file of zappend works as a settings file. What becomes of its keys:

| key | | |
|---|---|---|
"""

STORAGE = """
## Storage options

`target_storage_options` and `slice_storage_options` take these of fsspec's
options, which set GDAL's configuration options for that side. All others are
refused by name: give GDAL's own with `target_config` and `slice_config`.

| key | GDAL's option |
|---|---|
"""


def others(properties: dict, name: str) -> list[str]:
    return [key for key, each in properties.items() if each.get("x-same-as") == name]


def sample(value) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def definition(name: str, each: dict, properties: dict) -> str:
    """One key as an entry of a definition list."""
    names = [name, *(key for key in others(properties, name) if key not in OWN)]
    text = ", ".join(f"`{key}`" for key in names) + f"\n: {each['description']}"
    if "default" in each:
        text += f" Default: {sample(each['default'])}."
    text += " Examples: " + ", ".join(map(sample, each["examples"])) + "."
    if "x-option" in each:
        text += f" *{each['x-option']}*"
    return text + "\n"


# Other names that have an entry of their own: their values differ.
OWN = ("wait", "slice_engine")


def keys_of(properties: dict, title: str) -> str:
    text = f"\n## {title}\n"
    for name, each in properties.items():
        if each["x-group"] == title and ("x-same-as" not in each or name in OWN):
            text += "\n" + definition(name, each, properties)
    return text


def variable_keys() -> str:
    variable = SCHEMA["properties"]["variables"]["additionalProperties"]["properties"]
    text = "\n## Each of `variables`\n"
    for name, each in variable.items():
        text += "\n" + definition(name, each, variable)
    encoding = variable["encoding"]["properties"]
    text += (
        "\n## Each `encoding`\n\nKeys of `--encoding` too, where shapes are `4x50x50` "
        "and filters are joined by `+`. They shape a new target; an existing one keeps "
        "what it has, and what is set must be so in it.\n"
    )
    for name, each in encoding.items():
        if "x-same-as" not in each:
            text += "\n" + definition(name, each, encoding)
    return text


def zappend_rows(properties: dict, prefix: str = "") -> list[str]:
    rows = []
    for name, each in properties.items():
        if "x-zappend" in each:
            status, _, note = each["x-zappend"].partition(": ")
            rows.append(f"| `{prefix}{name}` | {status} | {note} |")
        for inner in (each, each.get("additionalProperties"), *each.get("anyOf", ())):
            if not isinstance(inner, dict) or "$ref" in inner:
                continue
            star = ".*" if inner is each.get("additionalProperties") else ""
            rows += zappend_rows(inner.get("properties", {}), f"{prefix}{name}{star}.")
    return rows


def storage_rows(properties: dict, prefix: str = "") -> list[str]:
    rows = []
    for name, each in properties.items():
        rows.append(f"| `{prefix}{name}` | {each['description']} |")
        rows += storage_rows(each.get("properties", {}), f"{prefix}{name}.")
    return rows


def page() -> str:
    properties = SCHEMA["properties"]
    text = HEAD
    for title in dict.fromkeys(each["x-group"] for each in properties.values()):
        text += keys_of(properties, title)
        if title == "Target":
            text += variable_keys()
    text += STORAGE
    text += "\n".join(storage_rows(SCHEMA["$defs"]["storage_options"]["properties"]))
    text += "\n" + ZAPPEND
    text += "\n".join(zappend_rows(properties)) + "\n"
    for name, each in SCHEMA["x-refused"].items():
        if each["zappend"]:
            text += f"| `{name}` | refused | {each['reason']} |\n"
    text += "\nRefused with the same kind of hint, though not zappend's: "
    text += "; ".join(
        f"`{name}` ({each['reason']})"
        for name, each in SCHEMA["x-refused"].items()
        if not each["zappend"]
    )
    return text + ".\n"


if __name__ == "__main__":
    (HOME / "docs/settings.md").write_text(page())

"""--step: what the labels' steps must be, against the target's last label, within
the slice, and from slice to slice of one commit."""

import json

import cubes
import numpy as np
import pytest
import xarray as xr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def part(path, labels, units="days since 2000-01-01", calendar="standard"):
    """A slice with these labels; units None: plain numbers."""
    labels = np.asarray(labels)
    attributes = {"units": units, "calendar": calendar} if units else {}
    dataset = xr.Dataset(
        {"data": (("time",), np.arange(len(labels), dtype="float64"))},
        {"time": ("time", labels, attributes)},
    )
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    return cubes.write(dataset, path)


def parts(folder, labels, **options):
    return [
        part(folder / f"{number}.nc", some, **options)
        for number, some in enumerate(labels)
    ]


def size(store):
    return len(cubes.read_zarr(store)["time"])


DAYS = {"units": "days since 2000-01-01"}
HOURS = {"units": "hours since 2000-01-01"}
SECONDS = {"units": "seconds since 2000-01-01"}
NUMBERS = {"units": None}

FITS = [
    ("any", [[0], [5], [6, 100]], DAYS),
    ("increasing", [[0], [5], [6, 100]], DAYS),
    ("decreasing", [[100], [99, 3], [1]], DAYS),
    ("constant", [[0], [2], [4, 6]], DAYS),
    ("constant", [[0, 31], [60]], DAYS),  # months: January, February, March
    ("constant", [[5, 2.5], [0.0, -2.5]], NUMBERS),
    ("1D", [[0], [1], [2, 3]], DAYS),
    ("24h", [[0], [1], [2, 3]], DAYS),
    ("1440min", [[0], [1], [2, 3]], DAYS),
    ("86400s", [[0], [1], [2, 3]], DAYS),
    ("86400000ms", [[0], [1], [2, 3]], DAYS),
    ("1W", [[0], [7], [14, 21]], DAYS),
    ("6h", [[0], [0.25], [0.5, 0.75]], DAYS),
    ("0.2s", [[0.0], [0.2, 0.4]], SECONDS),
    ("40ms", [[0.0, 0.04], [0.08]], SECONDS),
    ("-1D", [[10], [9], [8, 7]], DAYS),
    ("-6h", [[18], [12, 6]], HOURS),
    ("1mo", [[0], [31], [60, 91]], DAYS),
    ("1mo", [[30], [59], [90]], DAYS),  # 31 January, 29 February, 31 March
    ("3mo", [[0], [91]], DAYS),
    ("-1mo", [[31], [0]], DAYS),
    ("1Y", [[0], [366], [731]], DAYS),
    ("0.5", [[0.0], [0.5], [1.0, 1.5]], NUMBERS),
    ("-0.5", [[2.0], [1.5, 1.0]], NUMBERS),
    ("0.1", [[0.0, 0.1, 0.2], [0.1 + 0.2, 0.4]], NUMBERS),
    ("10", [[0.0], [10, 20.000001]], NUMBERS),  # within a millionth
]


@pytest.mark.parametrize(
    ("step", "labels", "options"), FITS, ids=[f"{s}-{x}" for s, x, _ in FITS]
)
@pytest.mark.parametrize("per_commit", [1, 3])
@pytest.mark.alternates("per_commit")
def test_steps_that_fit(tmp_path, store, step, labels, options, per_commit):
    paths = parts(tmp_path, labels, **options)
    cubes.append(f"--step={step}", "--slices-per-commit", per_commit, *paths, store)
    assert size(store) == sum(len(some) for some in labels)
    with cubes.unchanged(store):
        cubes.append(f"--step={step}", *paths, store)


WRONG = [
    ("increasing", [[3], [2]], DAYS, "2000-01-03 does not come after 2000-01-04"),
    ("decreasing", [[2], [3]], DAYS, "2000-01-04 does not come before 2000-01-03"),
    (
        "1D",
        [[0], [2]],
        DAYS,
        "the step from 2000-01-01, the target's last label, to 2000-01-03 is 2.0 days "
        "(--step 1D).",
    ),
    (
        "1D",
        [[0, 1, 3]],
        DAYS,
        "the step from 2000-01-02 to 2000-01-04 is 2.0 days (--step 1D).",
    ),
    (
        "6h",
        [[0], [6, 11]],
        HOURS,
        "the step from 2000-01-01T06:00:00 to 2000-01-01T11:00:00 is 18000.0 s "
        "(--step 6h).",
    ),
    (
        "0.2s",
        [[0.0], [0.3]],
        SECONDS,
        "the step from 2000-01-01, the target's last label, to "
        "2000-01-01T00:00:00.3 is 0.3 s (--step 0.2s).",
    ),
    (
        "constant",
        [[0], [2], [5]],
        DAYS,
        "the step from 2000-01-03, the target's last label, to 2000-01-06 is 3.0 days, "
        "the one before it is 2.0 days (--step constant).",
    ),
    (
        "constant",
        [[0, 1, 3]],
        NUMBERS,
        "the step from 1 to 3 is 2.0, the one before it is 1.0 (--step constant).",
    ),
    (
        "1mo",
        [[0], [30]],
        DAYS,
        "the step from 2000-01-01, the target's last label, to 2000-01-31 is 30.0 days "
        "(--step 1mo).",
    ),
    (
        "1Y",
        [[0], [365]],
        DAYS,
        "the step from 2000-01-01, the target's last label, to 2000-12-31 is 365.0 "
        "days (--step 1Y).",
    ),
    (
        "0.5",
        [[0.0], [0.51]],
        NUMBERS,
        "the step from 0, the target's last label, to 0.51 is 0.51 (--step 0.5).",
    ),
    ("10", [[0.0], [10.0001]], NUMBERS, "is 10.0001 (--step 10)."),
    (
        "1D",
        [[0], [1]],
        NUMBERS,
        "its labels are numbers, not dates: --step 1D cannot be checked.",
    ),
    (
        "1mo",
        [[0], [1]],
        NUMBERS,
        "its labels are numbers, not dates: --step 1mo cannot be checked.",
    ),
    (
        "0.5",
        [[0], [1]],
        DAYS,
        "its labels are dates, not numbers: --step 0.5 cannot be checked.",
    ),
]


@pytest.mark.parametrize(
    ("step", "labels", "options", "says"), WRONG, ids=[f"{s}-{x}" for s, x, *_ in WRONG]
)
@pytest.mark.parametrize("per_commit", [1, 3])
@pytest.mark.alternates("per_commit")
def test_steps_that_do_not_fit(
    tmp_path, store, step, labels, options, says, per_commit
):
    """The last slice is refused; those before it are in."""
    paths = parts(tmp_path, labels, **options)
    if len(paths) > 1:
        cubes.append(*paths[:1], store)
    arguments = [f"--step={step}", "--slices-per-commit", per_commit]
    done = cubes.append(*arguments, *paths[1:] or paths, store, status=5)
    assert f"slice '{paths[-1]}', the" in done.message or "its labels" in done.message
    assert says in done.message
    assert done.message.endswith("Nothing was written.")
    if len(paths) == 1:
        assert not store.exists()
    else:
        assert size(store) == sum(len(some) for some in labels[:-1])
        with cubes.unchanged(store):
            cubes.append(*arguments, *paths[1:], store, status=5)
        cubes.append(paths[-1], store, status=None)


@FORMATS
def test_steps_of_a_target_that_another_made(tmp_path, store, zarr_format):
    """In int32 hours; the slice has float64 days."""
    dataset = xr.Dataset(
        {"data": (("time",), np.arange(2.0))},
        {"time": ("time", np.array([0, 6], "int32"), HOURS)},
    )
    dataset.to_zarr(store, zarr_format=zarr_format, consolidated=True)
    wrong = part(tmp_path / "wrong.nc", [0.75], **DAYS)
    right = part(tmp_path / "right.nc", [0.5, 0.75], **DAYS)
    for step in ("6h", "constant"):
        with cubes.unchanged(store):
            done = cubes.append("--step", step, wrong, store, status=5)
        assert "is 43200.0 s" in done.message
    cubes.append("--step", "6h", right, store)
    assert cubes.read_zarr(store)["time"].tolist() == [0, 6, 12, 18]


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "all_leap"])
def test_months_of_other_calendars(tmp_path, store, calendar):
    february = {"noleap": 28, "360_day": 30, "all_leap": 29}[calendar]
    january = 30 if calendar == "360_day" else 31
    labels = [[0], [january], [january + february]]
    paths = parts(tmp_path, labels, calendar=calendar)
    cubes.append("--step", "1mo", *paths, store)
    assert size(store) == 3


def test_steps_between_texts(tmp_path, store):
    dataset = xr.Dataset({"data": ("time", [1.0])}, {"time": ["a"]})
    path = cubes.write(dataset, tmp_path / "0.nc")
    done = cubes.append("--step", "1D", path, store, status=5)
    assert "its labels are text: --step 1D cannot be checked" in done.message
    assert not store.exists()


def test_duplicates_are_no_steps(tmp_path, store):
    """Steps count from the first label that is new."""
    cubes.append(part(tmp_path / "0.nc", [0, 1, 2]), store)
    longer = part(tmp_path / "1.nc", [0, 1, 2, 3, 4])
    dataset = xr.open_dataset(longer, decode_times=False).load()
    cubes.append("--step", "1D", longer, store)
    assert (cubes.read_zarr(store)["data"] == dataset["data"].values).all()


@pytest.mark.parametrize(
    ("step", "labels", "says"),
    [
        ("1D", [[0], [1], [3]], "is 2.0 days (--step 1D)"),
        ("1M", [[0], [31], [61]], "is 30.0 days (--step 1mo)"),
        ("1ME", [[0], [31], [61]], "is 30.0 days (--step 1mo)"),
        ("-", [[3], [2], [3.5]], "does not come before 2000-01-03"),
        ("decreasing", [[3], [2], [3.5]], "does not come before 2000-01-03"),
        ("+", [[3], [4], [2]], "does not come after 2000-01-05"),
    ],
)
def test_append_step_of_a_settings_file(tmp_path, store, step, labels, says):
    paths = parts(tmp_path, labels)
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"append_step": step}))
    done = cubes.append("--settings", settings, *paths, store, status=5)
    assert says in done.message
    assert size(store) == 2


@pytest.mark.parametrize("step", ["", "sometimes", "1 fortnight", "0D", "D", "NaN"])
def test_what_is_no_step(tmp_path, store, step):
    path = part(tmp_path / "0.nc", [0])
    done = cubes.run(f"--step={step}", path, store, status=2)
    assert "step" in done.stderr
    assert not store.exists()

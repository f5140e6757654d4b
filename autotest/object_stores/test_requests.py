"""What an append costs, counted at the server.

Of one slice, to a cube with consolidated metadata, coordinates and another array
that all steps have in common to compare with:

    new chunks + 2 x arrays along the append dimension + 4 x replaced chunks + 14

requests at most, whatever the cube's length and past; of each further slice of the
same run as many, but once for each array, and nothing is read to compare with.
"""

import cubes
import numpy as np
import pytest

FORMATS = pytest.mark.parametrize("zarr_format", [3, 2])
DOCUMENTS = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")
KEY = "x/cube.zarr"
LOCK = f"{KEY}.mdimappend/lock"
# Two chunks a day.
CHUNKS = ["--encoding", "air:chunk=1x2x5"]


class Requests:
    """What was asked of the server, in this order."""

    def __init__(self, requests):
        self.requests = list(requests)

    def __len__(self):
        return len(self.requests)

    def __repr__(self):
        lines = []
        for number, request in enumerate(self.requests, 1):
            conditions = [
                f"{name}: {request.headers[name]}"
                for name in ("if-match", "if-none-match")
                if name in request.headers
            ]
            lines.append(
                f"{number:3} {request.method:6} {request.target.partition('?')[0]} "
                f"{sorted(k for k in request.query if not k.startswith('X-Amz'))} "
                f"{' '.join(conditions)} -> {request.status}"
            )
        return "\n".join(["", *lines])

    def chunks(self, condition):
        """How many chunks of the cube were put under a condition."""
        return sum(
            request.method == "PUT"
            and request.key.startswith(f"{KEY}/")
            and not request.key.endswith(DOCUMENTS)
            and condition in request.headers
            for request in self.requests
        )

    @property
    def new(self):
        return self.chunks("if-none-match")

    @property
    def replaced(self):
        return self.chunks("if-match")

    @property
    def listings(self):
        return [
            request.target
            for request in self.requests
            if request.method == "GET" and {"list-type", "prefix"} & set(request.query)
        ]

    def of_slices(self):
        """Of a run, slice by slice: each takes the lock and frees it."""
        of_lock = [
            number
            for number, request in enumerate(self.requests)
            if request.method == "PUT" and request.key == LOCK
        ]
        starts = [0, *of_lock[2::2], len(self.requests)]
        return [
            Requests(self.requests[first:end])
            for first, end in zip(starts, starts[1:], strict=False)
        ]


def append(store, *arguments):
    """The requests of an append."""
    store.server.clear()
    cubes.append(*arguments, store.path(KEY), env=store.environment())
    return Requests(store.server.requests)


def days(folder, first, count, dataset=None):
    dataset = cubes.weather(first, count) if dataset is None else dataset
    return cubes.write(dataset, folder / f"{first}.nc")


def most(new, arrays, replaced, for_each_array=2):
    return new + for_each_array * arrays + 4 * replaced + 14


def assert_at_most(asked, new, arrays, replaced, for_each_array=2, hints=0):
    """The counts of chunks are what follows from the cube's geometry."""
    assert (asked.new, asked.replaced) == (new, replaced), f"{asked}"
    allowed = most(new, arrays, replaced, for_each_array) + hints
    assert len(asked) <= allowed, f"{asked}"
    assert asked.listings == [], f"{asked}"


@FORMATS
def test_an_append_of_whole_chunks(s3, tmp_path, zarr_format):
    append(s3, "--zarr-format", zarr_format, *CHUNKS, days(tmp_path, 0, 3))
    asked = append(s3, days(tmp_path, 3, 1))
    # Replaced is the chunk of times.
    assert_at_most(asked, new=2, arrays=2, replaced=1)


@FORMATS
def test_an_append_into_chunks_that_are_filled_in_part(s3, tmp_path, zarr_format):
    words = ["--zarr-format", zarr_format, "--encoding", "air:chunk=2x1x5"]
    append(s3, *words, days(tmp_path, 0, 3))
    asked = append(s3, days(tmp_path, 3, 2))
    # Of four rows of chunks, each is merged and followed by a new one.
    assert_at_most(asked, new=4, arrays=2, replaced=5)


def test_an_append_into_a_shard_that_is_filled_in_part(s3, tmp_path):
    words = ["--encoding", "air:chunk=1x2x5,shard=4x4x5"]
    append(s3, *words, days(tmp_path, 0, 3))
    asked = append(s3, "--merge-shards", days(tmp_path, 3, 2))
    assert_at_most(asked, new=1, arrays=2, replaced=2)


@FORMATS
def test_an_append_of_hundreds_of_chunks(s3, tmp_path, zarr_format):
    words = ["--zarr-format", zarr_format, "--encoding", "air:chunk=1x2x2"]
    first = days(tmp_path, 0, 1, cubes.weather(0, 1, lat=32, lon=40))
    second = days(tmp_path, 1, 1, cubes.weather(1, 1, lat=32, lon=40))
    append(s3, *words, first)
    assert_at_most(append(s3, second), new=320, arrays=2, replaced=1)


@FORMATS
def test_an_append_to_a_group(s3, tmp_path, zarr_format):
    words = ["--zarr-format", zarr_format, "--group", "north/sea", *CHUNKS]
    append(s3, *words, days(tmp_path, 0, 3))
    asked = append(s3, "--group", "north/sea", days(tmp_path, 3, 1))
    assert_at_most(asked, new=2, arrays=2, replaced=1)


GROUPS = ("grid", "grid/quality", "swath")


def grouped_days(folder, first, count, groups=GROUPS):
    path = folder / f"{first}.nc"
    for number, group in enumerate(groups):
        mode = "a" if number else "w"
        cubes.write(cubes.weather(first, count), path, group=group, mode=mode)
    return path


@FORMATS
def test_groups_share_the_lock_the_decision_and_the_record(s3, tmp_path, zarr_format):
    """Of each group there are its arrays, its two coordinates, the array to compare
    with, its last labels and its own document; the rest is there once."""
    words = ["--zarr-format", zarr_format, "--groups", *CHUNKS]
    append(s3, *words, grouped_days(tmp_path, 0, 3))
    asked = append(s3, "--groups", grouped_days(tmp_path, 3, 1))
    assert (asked.new, asked.replaced) == (6, 3), f"{asked}"
    assert len(asked) <= 6 + 2 * 6 + 4 * 3 + 5 * 3 + 10, f"{asked}"
    assert asked.listings == [], f"{asked}"
    alone = append(s3, "--groups", grouped_days(tmp_path, 4, 1, GROUPS[2:]))
    # The record of the commit before is about several, and is read. Two groups are left
    # alone now: where their newest record is, hints say.
    assert_at_most(alone, new=2, arrays=2, replaced=1, hints=2)


def many_arrays(first, count, static=False):
    """Ten copies of an array, in one chunk a day."""
    dataset = cubes.weather(first, count)
    name = "elevation" if static else "air"
    for number in range(10):
        dataset[f"{name}{number}"] = dataset[name] + number
        dataset[f"{name}{number}"].encoding["_FillValue"] = None
    return dataset


@FORMATS
def test_each_array_costs_two_requests_and_its_chunks(s3, tmp_path, zarr_format):
    words = ["--zarr-format", zarr_format, "--encoding", "*:chunk=1x4x5"]
    words += ["--encoding", "time:chunk=1024"]
    append(s3, *words, days(tmp_path, 0, 3, many_arrays(0, 3)))
    asked = append(s3, days(tmp_path, 3, 1, many_arrays(3, 1)))
    assert_at_most(asked, new=11, arrays=12, replaced=1)


@FORMATS
def test_static_arrays_are_read_once_a_run(s3, tmp_path, zarr_format):
    """Each chunk, to be compared with what the slices have."""
    words = ["--zarr-format", zarr_format, *CHUNKS]
    append(s3, *words, days(tmp_path, 0, 3))
    without = append(s3, days(tmp_path, 3, 1), days(tmp_path, 4, 1))
    s3.server.create_bucket("another")
    s3.bucket = "another"
    append(s3, *words, days(tmp_path, 0, 3, many_arrays(0, 3, static=True)))
    slices = [
        days(tmp_path, day, 1, many_arrays(day, 1, static=True)) for day in (3, 4)
    ]
    asked = append(s3, *slices)
    assert len(asked) == len(without) + 10, f"{without}{asked}"


@FORMATS
@pytest.mark.parametrize("chunk", [1, 2], ids=["whole", "merged"])
def test_further_slices_of_a_run_cost_less(s3, tmp_path, zarr_format, chunk):
    """Of an array that grows only its document is written, nothing is read."""
    words = ["--zarr-format", zarr_format, "--encoding", f"air:chunk={chunk}x2x5"]
    append(s3, *words, days(tmp_path, 0, 3))
    asked = append(s3, *(days(tmp_path, day, 1) for day in range(3, 8)))
    slices = asked.of_slices()
    assert len(slices) == 5, f"{asked}"
    for number, of_slice in enumerate(slices[1:], 4):
        replaces = chunk == 2 and number % 2 == 1
        assert_at_most(
            of_slice,
            new=0 if replaces else 2,
            arrays=2,
            replaced=3 if replaces else 1,
            for_each_array=1,
        )


@FORMATS
def test_slices_of_one_commit_cost_less_still(s3, tmp_path, zarr_format):
    words = ["--zarr-format", zarr_format, *CHUNKS]
    append(s3, *words, days(tmp_path, 0, 3))
    slices = [days(tmp_path, day, 1) for day in range(3, 8)]
    asked = append(s3, "--slices-per-commit", 5, *slices)
    # For each further slice the plan is extended, and the labels are staged anew.
    assert len(asked) <= most(new=10, arrays=2, replaced=1) + 2 * 4, f"{asked}"
    assert asked.listings == [], f"{asked}"


@FORMATS
@pytest.mark.parametrize("labels", [1024, 10], ids=["one chunk", "many chunks"])
def test_the_length_of_a_cube_does_not_matter(s3, tmp_path, zarr_format, labels):
    """300 steps, 300 chunks, and as many labels in one chunk or in 30."""
    words = ["--zarr-format", zarr_format, "--encoding", "air:chunk=1x4x5"]
    words += ["--encoding", f"time:chunk={labels}"]
    append(s3, *words, days(tmp_path, 0, 300))
    asked = append(s3, days(tmp_path, 300, 1))
    new_labels = 0 if labels == 1024 else 1
    assert_at_most(asked, new=1 + new_labels, arrays=2, replaced=1 - new_labels)


@FORMATS
def test_the_number_of_past_appends_does_not_matter(s3, tmp_path, zarr_format):
    words = ["--zarr-format", zarr_format, *CHUNKS]
    append(s3, *words, days(tmp_path, 0, 1))
    second = append(s3, days(tmp_path, 1, 1))
    append(s3, *(days(tmp_path, day, 1) for day in range(2, 40)))
    asked = append(s3, days(tmp_path, 40, 1))
    assert len(asked) == len(second), f"{second}{asked}"
    assert_at_most(asked, new=2, arrays=2, replaced=1)


@FORMATS
def test_what_is_there_costs_no_more(s3, tmp_path, zarr_format):
    words = ["--zarr-format", zarr_format, *CHUNKS]
    first = days(tmp_path, 0, 3)
    append(s3, *words, first)
    asked = append(s3, first)
    assert_at_most(asked, new=0, arrays=2, replaced=0)


@FORMATS
def test_nothing_is_put_twice(s3, tmp_path, zarr_format):
    """But the lock: taken and freed."""
    words = ["--zarr-format", zarr_format, "--encoding", "air:chunk=2x2x5"]
    append(s3, *words, days(tmp_path, 0, 3))
    asked = append(s3, days(tmp_path, 3, 2))
    keys = [r.key for r in asked.requests if r.method == "PUT" and r.key != LOCK]
    assert len(keys) == len(set(keys)), f"{asked}"


def test_coordinates_are_compared_within_this_cost(s3, tmp_path):
    append(s3, *CHUNKS, days(tmp_path, 0, 3))
    shifted = cubes.weather(3, 1)
    shifted["lat"] = shifted.lat + np.float64(1)
    path = days(tmp_path, 3, 1, shifted)
    done = cubes.append(path, s3.path(KEY), env=s3.environment(), status=5)
    assert "'lat'" in done.message


def test_slices_without_labels_do_not_make_the_log_be_read(s3, tmp_path):
    """An entry tells whether a slice is in, however many have been appended."""

    def day(number):
        dataset = cubes.weather(number, 1).drop_vars("time")
        return cubes.write(dataset, tmp_path / f"{number}.nc")

    counted = []
    for number in range(14):
        s3.server.clear()
        done = cubes.run(
            *("--append-dim", "time", "--quiet"),
            *("--encoding", "air:chunk=1x4x5"),
            *(day(number), s3.path("x/cube.zarr")),
            env=s3.environment(),
        )
        assert done.status == 0, done.stderr
        counted.append(len(s3.server.requests))
    assert max(counted[3:]) <= counted[2], counted

"""The command is killed at its n-th system call, from outside: strace delivers the
signal, the product knows of no seam. Then the next run recovers.

CI tries a sample; MDIMAPPEND_ALL_SCENARIOS=1 tries each call.
"""

import random
import shutil

import cubes
import pytest
from killed_calls import KilledCalls

SAMPLE = 8

pytestmark = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed"
)


class Killed(KilledCalls):
    """A cube of 3 days to which 2 are appended, by a process that is killed."""

    def __init__(self, folder, zarr_format, overwrite):
        super().__init__(folder)
        self.slices = cubes.weather_slices(folder, (3, 2))
        self.words = ["--num-threads", "1", "--encoding", "air:chunk=4x2x3"]
        self.words += ["--zarr-format", zarr_format]
        self.overwrite = ["--overwrite"] if overwrite else []
        self.first = 3 if overwrite else 0
        base = self.make("base")
        self.before = cubes.tree(base / "cube.zarr")
        self.after = cubes.tree(self.run_whole(base))

    def make(self, name):
        folder = self.folder / name
        folder.mkdir()
        cubes.append(*self.words, self.slices[0], folder / "cube.zarr")
        return folder

    def append(self, store, **options):
        return cubes.run(
            "--quiet",
            *self.words,
            *self.overwrite,
            self.slices[1],
            store,
            status=None,
            **options,
        )

    def assert_reader_sees_old_or_new(self, store):
        found = cubes.open_xarray(store, decode_times=False)
        cubes.assert_same_arrays(
            {"air": found["air"].values},
            {"air": self.weather(found.sizes["time"])["air"].values},
            "xarray, after the kill",
        )

    def weather(self, days):
        """By their number: the old and the new store of an overwrite differ."""
        first = 3 if self.overwrite and days == 2 else 0
        assert days in ((3, 2) if self.overwrite else (3, 5))
        return cubes.weather(first, days)

    def finish(self, store, recovers):
        if recovers:
            cubes.run("driver", "mdimappend", "recover", store, command="gdal")
            assert cubes.leftovers(store) == []
            assert cubes.tree(store) in (self.before, self.after)
            return
        done = self.append(store)
        assert done.status == 0, done
        assert cubes.leftovers(store) == []
        cubes.assert_reads_as(store, self.weather(2 if self.overwrite else 5))


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_killed_at_the_nth_call(tmp_path, zarr_format, overwrite):
    killed = Killed(tmp_path, zarr_format, overwrite)
    assert len(killed.points) > 100
    points = killed.points
    if not cubes.ALL:
        points = random.Random(f"{zarr_format} {overwrite}").sample(points, SAMPLE)
    for number, point in enumerate(points):
        store = killed.kill_at(*point)
        killed.assert_reader_sees_old_or_new(store)
        killed.finish(store, recovers=number % 2 == 0)
        shutil.rmtree(store.parent)

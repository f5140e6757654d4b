"""An append to three groups, one of them made by it, is killed at its n-th system call:
through the root's consolidated metadata readers see all groups as they were or all as
they will be, and the next run makes it so for good.

CI tries a sample; MDIMAPPEND_ALL_SCENARIOS=1 tries each call.
"""

import random
import shutil

import cubes
import frozen_build
import grouped
import pytest
from killed_calls import KilledCalls

SAMPLE = 10
BEFORE = {"grid": 2, "grid/quality": 2}
AFTER = {"grid": 3, "grid/quality": 3, "swath": 1}

pytestmark = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed"
)


class Scene(KilledCalls):
    def __init__(self, folder, zarr_format):
        super().__init__(folder)
        first = grouped.write(folder / "0.nc", 0, 2, groups=tuple(BEFORE))
        self.second = grouped.write(folder / "1.nc", 2)
        self.words = ["--groups", "--num-threads", "1", "--zarr-format", zarr_format]
        self.words += ["--encoding", "time:chunk=4"]
        (folder / "base").mkdir()
        cubes.append(*self.words, first, folder / "base/cube.zarr")
        assert grouped.sizes(self.run_whole(folder / "base")) == AFTER

    def append(self, store, **options):
        words = ["--quiet", *self.words, self.second, store]
        return cubes.run(*words, status=None, **options)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_killed_at_the_nth_call(tmp_path, zarr_format):
    scene = Scene(tmp_path, zarr_format)
    assert len(scene.points) > 150
    points = scene.points
    if not cubes.ALL:
        points = random.Random(f"groups {zarr_format}").sample(points, SAMPLE)
    for number, point in enumerate(points):
        store = scene.kill_at(*point)
        assert grouped.sizes(store) in (BEFORE, AFTER), point
        if number % 2:
            cubes.run("driver", "mdimappend", "recover", store, command="gdal")
            assert grouped.sizes(store) in (BEFORE, AFTER), point
            assert cubes.leftovers(store) == [], point
        done = scene.append(store)
        assert done.status == 0, (point, done)
        assert grouped.sizes(store) == AFTER, point
        assert cubes.leftovers(store) == [], point
        shutil.rmtree(store.parent)


def killed_with(scene, wanted):
    """A store whose journal is in that state."""
    for point in scene.points[::4]:
        store = scene.kill_at(*point)
        names = {path.name for path in cubes.sidecar(store).glob("journal/*/*")}
        state = "decision" if "decision" in names else "plan" if "plan" in names else ""
        if state == wanted:
            return store
        shutil.rmtree(store.parent)
    raise AssertionError(f"no call leaves a {wanted}")


@pytest.mark.parametrize("step", ["plan", "decision"])
def test_an_earlier_build_touches_no_journal_of_several_groups(tmp_path, step):
    """It would log what it cannot read. Nor does it go on with such a log."""
    scene = Scene(tmp_path, 3)
    store = killed_with(scene, step)
    before = cubes.tree(store)
    plain = cubes.weather_slices(tmp_path, (1,))[0]
    done = frozen_build.append("--group", "other", plain, store, status=1)
    assert "cannot be followed" in done.message
    assert cubes.tree(store) == before
    assert scene.append(store).status == 0
    before = cubes.tree(store)
    done = frozen_build.append("--group", "other", plain, store, status=1)
    assert "is damaged" in done.message
    assert cubes.tree(store) == before

"""Who reads while others append sees the old or the new cube."""

import dataclasses
import itertools
import threading

import campaign
import cubes
import numpy as np
import pytest
import xarray as xr
from campaign import Rule, State
from faults import Action
from osgeo import gdal


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    return campaign.make_slices(tmp_path_factory.mktemp("slices"))


@dataclasses.dataclass
class Watch(Action):
    """Keeps what there is after each request that changes something."""

    contents: object
    seen: list = dataclasses.field(default_factory=list)
    lock: object = dataclasses.field(default_factory=threading.Lock)

    def answer(self, request, carry_out, stopping):
        if request.method in ("GET", "HEAD"):
            return carry_out()
        with self.lock:
            answer = carry_out()
            self.seen.append(campaign.state_of(self.contents()))
        return answer


@pytest.mark.parametrize("zarr_format", ["3", "2"])
def test_groups_are_of_one_commit(tmp_path, zarr_format):
    """Through the root's consolidated metadata of any instant."""
    slices = campaign.make_grouped_slices(tmp_path)
    options = ("--zarr-format", zarr_format, "--groups")
    check_all_instants(slices, options, ("first",), ("a", "c"))


@pytest.mark.parametrize("zarr_format", ["3", "2"])
@pytest.mark.parametrize(
    ("base", "steps"),
    [
        ((), ("first",)),
        (("first",), ("a", "b", "c")),
        (("first",), ("other", "c")),
    ],
)
def test_documents_and_later_chunks_are_of_one_cube(slices, zarr_format, base, steps):
    """A reader has the consolidated metadata of any instant, and chunks of any later
    one."""
    check_all_instants(slices, ("--zarr-format", zarr_format), base, steps)


def check_all_instants(slices, options, base, steps):
    histories = campaign.histories_of(tuple(slices.items()), *options)
    with campaign.Setting(slices, base, (), options).cube() as cube:
        watch = Watch(cube.contents)
        cube.server.rules = [Rule(watch)]
        for name in steps:
            cube.append(name, status=0)
        cube.server.rules = []
    cuts = [(*base, *steps[:i]) for i in range(len(steps) + 1)]
    roots = {histories.of(cut).root: cut for cut in cuts}
    assert len(roots) == len(cuts)
    good = set()
    for opened, later in itertools.combinations_with_replacement(watch.seen, 2):
        cut = roots[opened.root]
        check_rows(histories.of(cut), later, cut, good)


def check_rows(cube, later, cut, good):
    """The rows that the old documents declare are in the chunks of later."""
    chunks = {**later.orphans, **later.chunks}
    missing = sorted(set(cube.chunks) - set(chunks))
    assert not missing, f"of the cube of {cut} are missing: {missing}"
    changed = [key for key in cube.chunks if chunks[key] != cube.chunks[key]]
    mixture = (cut, *((key, chunks[key]) for key in changed))
    if not changed or mixture in good:
        return
    good.add(mixture)
    mixed = State(cube.documents, {k: chunks[k] for k in cube.chunks}, {}, {}, [], {})
    found = arrays(mixed)
    for name, values in arrays(cube).items():
        assert cubes.same(found[name], values), (cut, name, changed)


def arrays(state):
    """By zarr-python, of objects in memory."""
    import zarr
    from zarr.core.buffer import cpu

    store = zarr.storage.MemoryStore(
        {k: cpu.Buffer.from_bytes(v) for k, v in state.visible.items()}
    )
    group = zarr.open_group(store, mode="r", use_consolidated=True)
    return {
        name: array[...]
        for name, array in group.members(max_depth=None)
        if isinstance(array, zarr.Array)
    }


@pytest.mark.parametrize("zarr_format", ["3", "2"])
def test_readers_in_a_loop_see_old_or_new_cubes(slices, tmp_path, zarr_format):
    options = ("--zarr-format", zarr_format)
    expected = {}
    for days, names in ((3, "first"), (6, "first a"), (8, "first a b")):
        parts = [xr.open_dataset(slices[n], decode_times=False) for n in names.split()]
        expected[days] = np.concatenate([part["air"].values for part in parts])
    with campaign.Setting(slices, ("first",), (), options).cube() as cube:
        cube.server.delay = 0.004
        seen = set()
        process = cube.start("a", "b")
        with campaign.ended_afterwards(process), cube.store.configured():
            for number in itertools.count():
                running = process.poll() is None
                folder = tmp_path / str(number)
                cube.store.download(f"{cube.key}/", folder)
                found = {"xarray": cubes.open_xarray(folder, raw=True)["air"].values}
                gdal.VSICurlClearCache()
                path = f'ZARR:"{cube.store.path(cube.key)}"'
                dataset = gdal.OpenEx(path, gdal.OF_MULTIDIM_RASTER)
                array = dataset.GetRootGroup().OpenMDArray("air")
                found["GDAL"] = array.ReadAsArray()
                for reader, air in found.items():
                    assert cubes.same(air, expected[len(air)]), (reader, len(air))
                    seen.add(len(air))
                if not running:
                    break
            assert process.returncode == 0, campaign.finished(process)
        assert {3, 8} <= seen

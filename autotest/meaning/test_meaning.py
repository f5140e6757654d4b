"""M1: what a reader decodes from a cube is what its slices decode to, or a slice is
refused with a reason. `./dev meaning` plays more, and
MDIMAPPEND_ALL_SCENARIOS=1."""

import collections

import cubes
import pytest
from rounds import play

ROUNDS = 40
SEEDS = 240 if cubes.ALL else 120
# Each has once found something of a kind that those above do not.
FOUND = [269, 313, 314, 331, 332, 334, 336, 339, 399, 427, 494, 566, 725, 961, 30013]


@pytest.mark.parametrize("first", range(0, SEEDS, ROUNDS))
def test_the_cube_means_what_its_slices_do(tmp_path, first):
    counts = collections.Counter()
    for seed in range(first, first + ROUNDS):
        counts += play(seed, tmp_path)
    # Who refuses everything keeps the promise, too.
    assert 2 * counts["accepted"] > counts["refused"], counts
    assert counts["nothing odd: accepted"] > 0, counts
    unplayed = sum(n for name, n in counts.items() if name.startswith("not written"))
    assert unplayed < ROUNDS // 4, counts


@pytest.mark.parametrize("seed", FOUND)
def test_what_was_found_once(tmp_path, seed):
    play(seed, tmp_path)

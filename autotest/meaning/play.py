"""The campaign M1: what a reader decodes from a cube is what its slices decode to, or a
slice is refused with a reason.

A round is drawn from one number, its seed: `./dev meaning --seeds 1000` plays rounds one
after another. What fails is told with its seed, as small as it can be made, and
`./dev meaning --from SEED --seeds 1` plays the same again.
"""

import argparse
import collections
import random
import shutil
import sys
import tempfile
import time

from drawing import ROW_DIM
from rounds import MeaningError, draw, play


def smallest(seed, folder):
    """The failure of a seed with as few arrays and slices as still fail."""
    whole = draw(seed)
    chosen = {"names": list(whole.slices[0]), "numbers": list(range(len(whole.slices)))}

    def failure(**tried):
        try:
            play(seed, folder, **tried)
        except MeaningError as error:
            return error
        return None

    last = failure(**chosen)
    if last is None:
        return None
    for key in ("names", "numbers"):
        for one in list(chosen[key]):
            # A target of others is the first slice; what grows is more than labels.
            if one == ROW_DIM or len(chosen[key]) <= 1 + (key == "names"):
                continue
            if whole.made_by != "the command" and one == 0:
                continue
            tried = chosen | {key: [c for c in chosen[key] if c != one]}
            error = failure(**tried)
            if error is not None and error.kind == last.kind:
                chosen, last = tried, error
    return last


def main():
    parser = argparse.ArgumentParser(prog="./dev meaning", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many")
    parser.add_argument("--from", type=int, dest="first", help="the first of them")
    parser.add_argument("--all", action="store_true", help="go on after a failure")
    words = parser.parse_args()
    first = words.first
    if first is None:
        first = random.SystemRandom().randrange(1_000_000_000)
    folder = tempfile.mkdtemp(prefix="meaning-")
    print(f"from seed {first}", flush=True)
    counts = collections.Counter()
    failures = 0
    began = time.monotonic()
    for seed in range(first, first + words.seeds):
        try:
            counts += play(seed, folder)
        except MeaningError as failure:
            failures += 1
            print(smallest(seed, folder) or failure, flush=True)
            print(f"again: ./dev meaning --from {seed} --seeds 1\n", flush=True)
            if not words.all:
                break
    for name, count in sorted(counts.items()):
        print(f"{count:7} {name}")
    print(f"{failures} failures in {time.monotonic() - began:.0f} s")
    shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Many writers of one target in an object store, whose requests fail now and then: a
serial history, in which each acknowledged slice is once. The oracle is that of races
on local files (races.py).

MDIMAPPEND_RACES: how many rounds.
"""

import os
import random
import shutil

import campaign
import cubes
import pytest
import races
from campaign import Rule, finished
from faults import CutBody, DropRequest, ErrorAfter, LoseResponse, Status
from stores import memory_store

ROUNDS = int(os.environ.get("MDIMAPPEND_RACES", "1"))
FAULTS = [
    Status(500, "InternalError"),
    Status(503, "SlowDown"),
    DropRequest(started=True),
    LoseResponse(started=True),
    LoseResponse(),
    CutBody(),
    ErrorAfter(500, "InternalError"),
]


class Round(races.Round):
    """Draws slices and commands, and checks what it has downloaded."""

    def __init__(self, seed, folder, flavour):
        super().__init__(seed, folder, can_mount=False)
        self.flavour = flavour
        self.size = (6, 8)
        self.labels = self.draw.choice(["text", "none"])
        self.group = ""
        self.exists = True
        self.parts = self.draw.choice([("",), races.SEVERAL])
        self.layout = self.draw_layout()

    def play(self):
        draw = self.draw
        self.make_places()
        self.make_slices(draw.randint(4, 8))
        writers = draw.randint(2, 4)
        numbers = list(range(1, len(self.rows)))
        draw.shuffle(numbers)
        shares = [numbers[i::writers] for i in range(writers)]
        shares.append(draw.sample(numbers, 2))
        with memory_store(self.flavour) as store:
            self.target_uri = store.uri("cube.zarr")
            env = store.environment()
            words = self.words_of(self.first_parts)
            cubes.run("--quiet", *words, *self.words([0]), env=env)
            often = random.Random(self.seed)
            store.server.rules = [
                Rule(fault, predicate=lambda _: often.random() < 0.05 / len(FAULTS))
                for fault in FAULTS
            ]
            shares = [
                (share, draw.choice([self.parts, self.parts, self.first_parts]))
                for share in shares
                if share
            ]
            processes = [
                cubes.start(
                    *("--report", "json", "--slices-per-commit", draw.choice([1, 2])),
                    *self.words_of(parts),
                    *self.words(share),
                    env=env,
                )
                for share, parts in shares
            ]
            done = [finished(process) for process in processes]
            store.server.rules = []
            acknowledged = {(part, 0) for part in self.first_parts}
            for outcome, (share, parts) in zip(done, shares, strict=True):
                assert outcome.status in (0, 1, 3), outcome
                step = races.Step([], "", 0.0, share, parts)
                acknowledged |= self.acknowledged_by(step, outcome)
            words = ("driver", "mdimappend", "recover", "--lock-timeout", "2min")
            cubes.run(*words, self.target_uri, command="gdal", env=env)
            self.check(store, acknowledged)
            words = [*self.words_of(self.parts), *self.words(range(len(self.rows)))]
            cubes.run("--quiet", *words, env=env)
            self.check(store, self.everything())

    def words(self, numbers):
        return [*self.common(), *map(self.slice_path, numbers), self.target_uri]

    def check(self, store, acknowledged):
        shutil.rmtree(self.store.parent)
        store.download("", self.store.parent)
        self.check_cube(acknowledged)

    def check_sidecar(self, log, slices):
        """Fences and late requests leave objects there."""


@pytest.mark.parametrize("flavour", ["s3", "gcs"] if campaign.ALL else ["s3"])
def test_writers_at_once_make_a_serial_history(tmp_path, flavour):
    first = random.SystemRandom().randrange(1_000_000_000)
    for seed in range(first, first + ROUNDS):
        try:
            Round(seed, tmp_path / str(seed), flavour).play()
        except AssertionError as failure:
            pytest.fail(f"seed {seed}: {failure}", pytrace=False)

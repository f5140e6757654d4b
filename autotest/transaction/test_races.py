"""Many processes at once on one target, disturbed in every way (races.py); and what a
writer that is stopped does to others."""

import os
import random
import signal
import time

import cubes
import preload
import pytest
import races

ROUNDS = int(os.environ.get("MDIMAPPEND_RACES", "3"))


@pytest.mark.parametrize("number", range(3))
def test_a_race_leaves_a_serial_history(tmp_path, number):
    """What fails tells how to draw it again."""
    seed = random.SystemRandom().randrange(1_000_000_000)
    for offset in range(ROUNDS):
        try:
            races.play(seed + offset, tmp_path)
        except races.RaceError as failure:
            pytest.fail(
                f"{failure}\nagain: ./dev races --seed {seed + offset} --rounds 1",
                pytrace=False,
            )


def test_the_same_seed_draws_the_same(tmp_path):
    drawn = []
    for attempt in ("a", "b"):
        game = races.Round(7, tmp_path / attempt)
        game.make_places()
        game.draw_steps()
        drawn.append(game.describe().replace(str(tmp_path / attempt), ""))
    assert drawn[0] == drawn[1]


def test_the_oracle_sees_what_is_wrong(tmp_path):
    """A check that never fails proves nothing."""

    def of_root(*numbers):
        return {("", number) for number in numbers}

    game = races.Round(11, tmp_path)
    game.labels, game.exists, game.group, game.zarr_format = "none", True, "", 3
    game.parts = ("",)
    game.consolidated, game.layout = True, ["value:chunk=1x6x8"]
    game.size = (6, 8)
    game.make_places()
    game.make_slices(3)
    words = ["--quiet", *game.common(), *map(game.slice_path, range(3))]
    cubes.run(*words, game.store)
    game.check_cube(of_root(0, 1, 2))
    chunk = game.store / "value" / "c" / "1" / "0" / "0"
    content = chunk.read_bytes()
    chunk.unlink()
    with pytest.raises(races.RaceError, match="rows .* are wrong"):
        game.check_cube(of_root(0, 1, 2))
    chunk.write_bytes(content)
    left = cubes.sidecar(game.store) / "stage" / "left"
    left.mkdir(parents=True)
    with pytest.raises(races.RaceError, match="left in the stage"):
        game.check_cube(of_root(0, 1, 2))
    left.rmdir()
    with pytest.raises(races.RaceError, match="acknowledged, but not in the log"):
        game.check_cube(of_root(0, 1, 2, 3))
    record = cubes.sidecar(game.store) / "log" / "000000000002.json"
    record.write_text(record.read_text().replace("000.nc", "001.nc"))
    record.write_text(record.read_text().replace("001.nc", "002.nc"))
    with pytest.raises(races.RaceError):
        game.check_cube(of_root(0, 1, 2))


@pytest.mark.parametrize(
    "moment", [("open", "/air/c/3"), ("link", "/decision"), ("rename", "zarr.json")]
)
def test_a_stopped_writer_keeps_the_lock_and_ends_well(tmp_path, store, moment):
    """Others give up in time, by whatever name they come, and nobody hangs."""
    slices = cubes.weather_slices(tmp_path, (3, 2, 2))
    cubes.append("--encoding", "air:chunk=1x2x5", slices[0], store)
    link = tmp_path / "link.zarr"
    link.symlink_to(store)
    with preload.stopped_before(*moment, slices[1], store) as process:
        for name in (store, link):
            started = time.monotonic()
            words = ("--lock-timeout", "0.5s", slices[2], name)
            done = cubes.append(*words, status=3)
            assert 0.5 <= time.monotonic() - started < 20
            assert str(process.pid) in done.message
        words = ("driver", "mdimappend", "recover", "--lock-timeout", "0.5s", link)
        cubes.run(*words, command="gdal", status=3)
        words = ("driver", "mdimappend", "status", link)
        assert "locked by" in cubes.run(*words, command="gdal").stdout
        assert cubes.leftovers(store) != []
        waiting = cubes.start("--lock-timeout", "forever", slices[2], link)
        time.sleep(0.3)
        assert waiting.poll() is None
        # A signal waits until it is continued.
        done = preload.go_on(process)
        assert done.status == 0, done
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, (out, err)
    cubes.assert_reads_as(store, cubes.weather(0, 7))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", [("open", "/air/c/3"), ("link", "/decision")])
def test_a_stopped_writer_that_is_interrupted_undoes(tmp_path, store, moment, number):
    slices = cubes.weather_slices(tmp_path, (3, 3))
    cubes.append("--encoding", "air:chunk=1x2x5", slices[0], store)
    before = cubes.tree(store)
    with preload.stopped_before(*moment, slices[1], store) as process:
        process.send_signal(number)
        done = preload.go_on(process)
    if moment[0] == "link":  # Too late: it is decided, and all there.
        assert done.status == 0, done
    else:
        assert done.status == 128 + number, done
        assert cubes.tree(store) == before
    assert cubes.leftovers(store) == []
    cubes.append(slices[1], store)
    cubes.assert_reads_as(store, cubes.weather(0, 6))

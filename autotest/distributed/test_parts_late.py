"""Who comes late does no harm: its lease was taken over, or another one has done the
same meanwhile. And tasks that are tried again."""

import concurrent.futures
import json
import time

import cubes
import parts
import preload
import pytest


class Open:
    """A cube of 3 days (the last chunk partly filled), and a transaction of 4 more in
    three parts."""

    def __init__(self, folder, lease=parts.LEASE):
        self.store = folder / "cube.zarr"
        self.first, *self.slices = parts.weather_files(folder, (3, 1, 2, 1))
        self.offsets = (0, 1, 3)
        parts.call_append(*parts.CHUNKS, self.first, self.store)
        self.before = cubes.tree(self.store)
        self.after = parts.plain(folder, self.first, *self.slices)
        self.other = parts.weather_files(folder, (2,), 3, "other")[0]
        words = ("--like", self.slices[0], "--size", "4", *lease)
        self.token = parts.call("begin", *words, self.store)

    def words(self, number):
        return ["--at", self.offsets[number], self.token, self.slices[number]]

    def write(self, number):
        return parts.verb("write", *self.words(number)).stdout

    def write_all(self):
        return [parts.call("write", *self.words(number)) for number in range(3)]

    def stopped(self, verb, call, part, *words, number=1):
        return preload.stopped_before(
            call,
            part,
            *("driver", "mdimappend", verb, *words),
            number=number,
            command="gdal",
        )

    def take_over(self):
        """Another writer, to which the lease is over, appends days of its own."""
        parts.age_lease(self.store)
        done = cubes.append("--lock-timeout", "0", self.other, self.store)
        assert len(done.report["recovered"]["undone"]) <= 1
        return done.report

    def check_committed(self):
        assert cubes.tree(self.store) == self.after
        assert len(parts.log(self.store)) == 2
        parts.assert_nothing_left(self.store)
        assert not parts.is_leased(self.store)


@pytest.fixture
def opened(tmp_path):
    return Open(tmp_path)


# Zombies


@pytest.mark.parametrize(
    ("call", "part", "number"),
    [
        ("open", "/stage/", 1),
        ("open", "/stage/", 4),
        ("open", "-written", 1),
    ],
)
def test_a_write_that_goes_on_after_the_lease_was_taken_over(
    opened, call, part, number
):
    with opened.stopped("write", call, part, *opened.words(1), number=number) as zombie:
        opened.take_over()
        tree = cubes.tree(opened.store)
        done = preload.go_on(zombie)
    assert done.status == 1, done
    assert done.stdout == ""
    assert "is over" in done.message or "given up" in done.message
    assert cubes.tree(opened.store) == tree
    cubes.append(*parts.weather_files(opened.store.parent, (1,), 5), opened.store)
    parts.assert_nothing_left(opened.store)
    assert cubes.open_xarray(opened.store).sizes["time"] == 6


COMMIT_STOPS = [
    ("open", "/lease/", 1),
    ("open", "/plan", 1),
    ("open", "/stage/", 1),
    ("open", "/manifest", 1),
    ("link", "/decision", 1),
]


@pytest.mark.parametrize(("call", "part", "number"), COMMIT_STOPS)
def test_a_commit_that_goes_on_after_the_lease_was_taken_over(
    opened, call, part, number
):
    receipts = opened.write_all()
    words = (opened.token, *receipts)
    with opened.stopped("commit", call, part, *words, number=number) as zombie:
        opened.take_over()
        tree = cubes.tree(opened.store)
        done = preload.go_on(zombie)
    # The lease was lost: 3. Or what the commit would put together was: 1 or 5.
    assert done.status in (1, 3, 5), done
    assert done.message
    assert cubes.tree(opened.store) == tree
    cubes.append(*parts.weather_files(opened.store.parent, (1,), 5), opened.store)
    parts.assert_nothing_left(opened.store)
    assert cubes.open_xarray(opened.store).sizes["time"] == 6


@pytest.mark.parametrize(
    ("call", "part", "number"),
    [
        ("rename", "cube.zarr/air/c/", 2),
        ("rename", "cube.zarr/air/zarr.json", 1),
        ("rename", "cube.zarr/zarr.json", 1),
        ("open", "/log/", 1),
        ("unlink", "/stage/", 1),
        ("unlink", "/journal/", 1),
    ],
)
def test_a_decided_commit_is_finished_by_whoever_takes_over(
    opened, tmp_path, call, part, number
):
    receipts = opened.write_all()
    words = (opened.token, *receipts)
    day = parts.weather_files(tmp_path, (1,), 7)[0]
    with opened.stopped("commit", call, part, *words, number=number) as zombie:
        parts.age_lease(opened.store)
        cubes.append("--lock-timeout", "0", day, opened.store)
        tree = cubes.tree(opened.store)
        done = preload.go_on(zombie)
    assert done.status == 0, done
    assert cubes.tree(opened.store) == tree
    cubes.run("driver", "mdimappend", "recover", opened.store, command="gdal")
    parts.assert_nothing_left(opened.store)
    assert len(parts.log(opened.store)) == 3
    assert cubes.open_xarray(opened.store).sizes["time"] == 8


@pytest.mark.parametrize(
    ("call", "part", "number"), [*COMMIT_STOPS, ("rename", "cube.zarr/air/c/", 1)]
)
def test_two_commits_at_once_commit_once(opened, call, part, number):
    receipts = opened.write_all()
    words = (opened.token, *receipts)
    with opened.stopped("commit", call, part, *words, number=number) as late:
        parts.commit(*words)
        opened.check_committed()
        done = preload.go_on(late)
    assert done.status == 0, done
    assert cubes.tree(opened.store) == opened.after
    assert len(parts.log(opened.store)) == 2
    assert not parts.is_leased(opened.store)
    day = parts.weather_files(opened.store.parent, (1,), 7)[0]
    cubes.append("--lock-timeout", "0", day, opened.store)
    parts.assert_nothing_left(opened.store)


def test_an_abort_during_a_commit_does_not_take_back_what_is_decided(opened):
    words = (opened.token, *opened.write_all())
    with opened.stopped("commit", "rename", "cube.zarr/air/c/", *words) as late:
        done = parts.verb("abort", opened.token, status=1)
        assert "committed" in done.message
        assert preload.go_on(late).status == 0
    opened.check_committed()


def test_an_abort_during_a_commit_wins_if_it_comes_before_the_decision(opened):
    words = (opened.token, *opened.write_all())
    with opened.stopped("commit", "link", "/decision", *words) as late:
        parts.verb("abort", opened.token)
        done = preload.go_on(late)
    assert done.status == 1
    assert cubes.tree(opened.store) == opened.before
    cubes.append("--lock-timeout", "0", opened.other, opened.store)
    parts.assert_nothing_left(opened.store)


# Tasks that are tried again


def test_the_same_part_written_twice_at_once_counts_once(opened):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        twins = [pool.submit(opened.write, 1) for _ in range(2)]
        one, other = [twin.result() for twin in twins]
    assert one != other
    first, last = opened.write(0), opened.write(2)
    parts.commit(opened.token, first, other, one, last, first)
    opened.check_committed()


def test_the_receipt_of_one_of_two_tries_suffices(opened):
    _, one, other = opened.write(0), opened.write(0), opened.write(1)
    parts.commit(opened.token, one, other, opened.write(2))
    opened.check_committed()


def test_parts_of_the_same_place_with_other_contents_are_refused(opened, tmp_path):
    changed = parts.weather(4, 2)
    changed["air"][0, 0, 0] += 1
    path = cubes.write(changed, tmp_path / "changed.nc")
    receipts = opened.write_all()
    another = parts.write(opened.token, path, at=1)
    done = parts.commit(opened.token, *receipts, another, status=5)
    assert "chunk 2/0/0 is in two of the parts" in done.message
    assert cubes.tree(opened.store) == opened.before
    parts.commit(opened.token, *receipts)
    opened.check_committed()


def test_carried_rows_of_the_same_place_with_other_values_are_refused(opened, tmp_path):
    changed = parts.weather(4, 2)
    changed["orbit"][1] += 1
    path = cubes.write(changed, tmp_path / "changed.nc")
    receipts = opened.write_all()
    another = parts.write(opened.token, path, at=1)
    done = parts.commit(opened.token, *receipts, another, status=5)
    assert "array 'orbit'" in done.message
    assert "in two of the parts" in done.message
    parts.commit(opened.token, *receipts)
    opened.check_committed()


def test_a_missing_part_is_told_and_can_be_written_afterwards(opened):
    receipts = opened.write_all()
    done = parts.commit(opened.token, receipts[0], receipts[2], status=5)
    assert "are in none of the parts whose receipts were given" in done.message
    assert "rows 4 to 6" in done.message
    assert cubes.tree(opened.store) == opened.before
    assert parts.is_leased(opened.store)
    parts.commit(opened.token, *receipts)
    opened.check_committed()


def test_a_dry_run_commits_nothing_and_leaves_all_as_it_is(opened):
    receipts = opened.write_all()
    done = parts.verb("commit", "--dry-run", opened.token, *receipts)
    assert done.stdout.startswith("complete: ")
    assert cubes.tree(opened.store) == opened.before
    parts.verb("commit", "--dry-run", opened.token, *receipts[1:], status=5)
    parts.commit(opened.token, *receipts)
    opened.check_committed()


def test_a_commit_that_is_tried_again_after_its_end_says_the_same(opened, tmp_path):
    receipts = opened.write_all()
    one = json.loads(parts.commit(opened.token, *receipts).stdout)
    other = json.loads(parts.commit(opened.token, *receipts).stdout)
    assert not one["finished"]
    assert other == {**one, "finished": True}
    opened.check_committed()
    # Also when others have appended since.
    cubes.append(*parts.weather_files(tmp_path, (1, 1), 7), opened.store)
    again = json.loads(parts.commit(opened.token, *receipts).stdout)
    assert again == other


def test_after_a_commit_there_is_nothing_to_abort_or_to_write(opened):
    parts.commit(opened.token, *opened.write_all())
    done = parts.verb("abort", opened.token, status=1)
    assert "has been committed" in done.message
    done = parts.verb("write", *opened.words(0), status=1)
    assert "has been committed" in done.message
    opened.check_committed()


def test_after_an_abort_there_is_nothing_to_commit(opened):
    receipts = opened.write_all()
    parts.verb("abort", opened.token)
    assert cubes.tree(opened.store) == opened.before
    parts.assert_nothing_left(opened.store)
    for verb in ("commit", "write", "renew"):
        words = opened.words(0) if verb == "write" else [opened.token]
        done = parts.verb(
            verb, *words, *(receipts if verb == "commit" else []), status=1
        )
        assert "is over" in done.message
    cubes.append("--lock-timeout", "0", opened.other, opened.store)


def test_a_receipt_of_another_transaction_is_refused(opened, tmp_path):
    receipts = opened.write_all()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    strange = Open(elsewhere).write(0)
    done = parts.commit(opened.token, strange, *receipts[1:], status=1)
    assert "is of the transaction" in done.message
    parts.commit(opened.token, *receipts)
    opened.check_committed()


def test_a_part_whose_record_is_gone_has_to_be_written_again(opened):
    receipts = opened.write_all()
    part = json.loads(receipts[1])["part"]
    for path in cubes.sidecar(opened.store).glob(f"stage/*/{part}*"):
        path.unlink()
    done = parts.commit(opened.token, *receipts, status=5)
    assert f"part '{part}' has to be written again" in done.message
    parts.commit(opened.token, receipts[0], opened.write(1), receipts[2])
    opened.check_committed()


def test_a_staged_chunk_that_is_gone_fails_the_commit_before_its_decision(opened):
    receipts = opened.write_all()
    part = json.loads(receipts[1])["part"]
    next(cubes.sidecar(opened.store).glob(f"stage/*/{part}-0-*")).unlink()
    done = parts.commit(opened.token, *receipts, status=1)
    assert "was removed or changed by somebody else" in done.message
    assert cubes.tree(opened.store) == opened.before
    parts.commit(opened.token, receipts[0], opened.write(1), receipts[2])
    opened.check_committed()


# Exclusion


def test_while_a_transaction_is_open_no_one_else_writes(opened):
    now = ("--lock-timeout", "0")
    done = cubes.append(*now, opened.other, opened.store, status=3)
    assert "`unlock` ends it" in done.message.replace("gdal driver mdimappend ", "")
    begin = ("begin", "--like", opened.other, *now, opened.store)
    assert parts.verb(*begin, status=3).message
    assert parts.verb("recover", *now, opened.store, status=3).message
    leased = cubes.append("--lock", "lease", *now, opened.other, opened.store, status=3)
    assert leased.message
    assert cubes.tree(opened.store) == opened.before
    parts.commit(opened.token, *opened.write_all())
    opened.check_committed()


def test_status_tells_of_an_open_transaction_and_changes_nothing(opened):
    sidecar = cubes.tree(cubes.sidecar(opened.store))
    text = parts.verb("status", opened.store).stdout
    assert json.loads(opened.token)["transaction"] in text
    assert cubes.tree(cubes.sidecar(opened.store)) == sidecar


def test_unlock_ends_a_transaction(opened):
    receipts = opened.write_all()
    parts.verb("unlock", opened.store)
    done = parts.commit(opened.token, *receipts, status=1)
    assert "none of it is in the target" in done.message
    report = cubes.append("--lock-timeout", "0", opened.other, opened.store).report
    assert len(report["recovered"]["undone"]) == 1
    parts.assert_nothing_left(opened.store)


def test_a_long_lease_is_over_when_its_claim_is_old_enough(opened):
    receipts = opened.write_all()
    parts.age_lease(opened.store, 3600)
    cubes.append("--lock-timeout", "0", opened.other, opened.store, status=3)
    report = opened.take_over()
    transaction = json.loads(opened.token)["transaction"]
    assert report["recovered"]["undone"] == [transaction]
    done = parts.commit(opened.token, *receipts, status=1)
    assert "none of it is in the target" in done.message
    parts.assert_nothing_left(opened.store)


def test_the_lease_is_that_of_the_command_line_the_settings_or_an_hour(tmp_path):
    (day,) = parts.weather_files(tmp_path, [1])
    settings = tmp_path / "settings.json"
    settings.write_text('{"lease": "5min"}')

    def seconds(name, *options):
        token = parts.begin(tmp_path / f"{name}.zarr", day, *options)
        return json.loads(token)["lease"]["seconds"]

    assert seconds("default") == 3600
    assert seconds("settings", "--settings", settings) == 300
    assert seconds("both", "--settings", settings, "--lease", "2min") == 120


def test_a_short_lease_is_over_by_waiting(tmp_path):
    opened = Open(tmp_path, ("--lease", "1s"))
    receipts = opened.write_all()
    report = cubes.append(opened.other, opened.store).report
    assert len(report["recovered"]["undone"]) == 1
    assert parts.commit(opened.token, *receipts, status=1).message


def test_a_lease_that_nobody_has_taken_over_is_still_good(tmp_path):
    opened = Open(tmp_path, ("--lease", "1s"))
    time.sleep(1.5)
    parts.commit(opened.token, *opened.write_all())
    opened.check_committed()


def test_renew_makes_the_lease_as_long_as_at_the_beginning(opened):
    parts.age_lease(opened.store)
    parts.verb("renew", opened.token)
    cubes.append("--lock-timeout", "0", opened.other, opened.store, status=3)
    parts.commit(opened.token, *opened.write_all())
    opened.check_committed()


def test_a_transaction_begins_where_the_last_one_was_given_up(opened):
    opened.write_all()
    parts.age_lease(opened.store)
    words = (opened.store, opened.slices[0], "--size", "4", "--lock-timeout", "0")
    opened.token = parts.begin(*words, *parts.LEASE)
    parts.commit(opened.token, *opened.write_all())
    opened.check_committed()


def test_what_was_decided_and_failed_is_finished_by_another_commit(opened, tmp_path):
    """A document cannot be replaced for a while."""
    receipts = opened.write_all()
    words = ("driver", "mdimappend", "commit", opened.token, *receipts)
    env = preload.environment(PRELOAD_FAIL="1,cube.zarr/orbit/zarr.json,1")
    done = cubes.run(*words, command="gdal", env=env, status=1)
    assert "is decided" in done.message
    for verb in ("write", "abort"):
        more = opened.words(0) if verb == "write" else [opened.token]
        done = parts.verb(verb, *more, status=1)
        assert "has been decided" in done.message
    report = json.loads(parts.commit(opened.token, *receipts).stdout)
    assert report["finished"]
    opened.check_committed()

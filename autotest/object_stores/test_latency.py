"""What waits for what, when a store is far away: in numbers of requests, not in
seconds, which bench/object_store.py measures.
"""

import cubes

DELAY = 0.1


def sequence(requests):
    """The longest list of requests of which each began after the one before it had
    been answered."""
    chain, free = [], 0.0
    for r in sorted(requests, key=lambda r: r.time_started + r.seconds):
        if r.time_started >= free:
            chain.append(r)
            free = r.time_started + r.seconds
    return chain


def is_chunk(request):
    return request.method == "PUT" and "/air/c/" in request.key


def test_the_rest_of_an_append_is_a_few_round_trips(s3, tmp_path):
    """The lock twice, the consolidated document, arrays' documents, coordinates,
    labels staged; lock and document again, the decision, labels in place, documents
    of data, of labels, consolidated; the log, tidying, the lock."""
    target = s3.path("x/cube.zarr")
    for day in (0, 1):
        path = cubes.write(cubes.weather(day, 1), tmp_path / f"{day}.nc")
        s3.server.delay = DELAY if day else 0.0
        s3.server.clear()
        cubes.run(path, target, env=s3.environment())
    rest = [r for r in s3.server.requests if not is_chunk(r)]
    chain = [f"{r.method} {r.key}" for r in sequence(rest)]
    assert len(chain) <= 15, "\n".join(chain)


def test_more_threads_than_processors_put_at_once(s3, tmp_path):
    """They wait, mostly; GDAL itself would cut their number."""
    path = cubes.write(cubes.weather(0, 1, lat=8, lon=16), tmp_path / "a.nc")
    s3.server.delay = DELAY
    cubes.run(
        *("--num-threads", "12", "--encoding", "air:chunk=1x1x4"),
        *(path, s3.path("x/cube.zarr")),
        env=s3.environment(),
    )
    puts = [r for r in s3.server.requests if is_chunk(r)]
    at_once = max(
        sum(p.time_started <= q.time_started < p.time_started + p.seconds for p in puts)
        for q in puts
    )
    assert 10 <= at_once <= 12

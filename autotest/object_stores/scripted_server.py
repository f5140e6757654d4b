"""An object store on 127.0.0.1 that fails by script, and remembers each request.

It is a store of its own, in memory, or stands in front of a real server. One thread
serves one connection, as long as the client keeps it open.

    with ScriptedServer() as server:
        server.create_bucket("bucket")
        server.rules = [Rule(Status(503, "SlowDown"), method="PUT", times=2)]

As a program, for measurements:

    python3 scripted_server.py --port 9000 --delay 0.005
"""

import argparse
import contextlib
import re
import signal
import socket
import sys
import threading
import time
import traceback

from faults import (
    Action,
    CutBody,
    CutHead,
    Delay,
    DropRequest,
    ErrorAfter,
    Hold,
    HoldAfter,
    HoldBefore,
    LoseResponse,
    Rule,
    Status,
    TearPut,
    WrongETag,
    error_answer,
)
from http_wire import Answer, BrokenMessage, Request, read_request
from memory_store import MemoryStore
from s3_api import S3Api
from upstream import Upstream

__all__ = [
    "Action",
    "CutBody",
    "CutHead",
    "Delay",
    "DropRequest",
    "ErrorAfter",
    "Hold",
    "HoldAfter",
    "HoldBefore",
    "LoseResponse",
    "Request",
    "Rule",
    "ScriptedServer",
    "Status",
    "TearPut",
    "WrongETag",
]


class ScriptedServer:
    """
    upstream            "http://127.0.0.1:PORT" of a real server; None: in memory
    flavour             of the memory store: "s3" or "gcs"
    ignores_conditions  the memory store does not know conditional writes
    secret              of "gcs": what signed requests are signed with; None: whatever
    checksums           of puts are "verified", "ignored" or "refused"
    keeps_folders       listings go on showing folders whose objects are gone
    delay               seconds slept at each request
    record              whether requests are remembered

    Rules are asked in turn. The first that is due decides, except that after a
    pause (Delay, Hold) those behind it are asked, too. Rules behind the one that
    decides do not see, nor count, the request.
    """

    def __init__(
        self,
        upstream=None,
        flavour="s3",
        ignores_conditions=False,
        delay=0.0,
        port=0,
        record=True,
        secret="test",
        checksums="verified",
        keeps_folders=False,
    ):
        self.upstream = upstream
        self.store = MemoryStore(keeps_folders) if upstream is None else None
        self.api = None
        if self.store is not None:
            self.api = S3Api(self.store, flavour, ignores_conditions, secret, checksums)
        self.rules = []
        self.delay = delay
        self.record = record
        self._nth = None
        self._requests = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._sockets = set()
        self._threads = set()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Closes all connections, gives up what is held, and joins the threads."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        while self._threads:
            with contextlib.suppress(KeyError):
                thread = next(iter(self._threads))
                thread.join(10)
                assert not thread.is_alive(), "a connection did not end"
                self._threads.discard(thread)

    # The record.

    @property
    def requests(self):
        """A copy of the record, in the order of arrival."""
        with self._lock:
            return list(self._requests)

    def count(self, method=None, key_regex=None):
        """How many requests there were; the expression is searched in bucket/key."""
        return sum(
            method in (None, request.method)
            and (key_regex is None or bool(re.search(key_regex, request.path)))
            for request in self.requests
        )

    def clear(self):
        """Forgets the requests so far; rules stay."""
        with self._lock:
            self._requests.clear()

    # The script.

    def nth_fault(self, n, action, method=None, key="", predicate=None):
        """From now on the n-th request (0: the next) that matches gets the action,
        once. It replaces the last call's."""
        with self._lock:
            self._nth = Rule(action, method, key, predicate, after=n, times=1)

    @property
    def fault_hit(self):
        """Whether nth_fault's request came."""
        with self._lock:
            return self._nth is not None and self._nth.applied > 0

    def no_faults(self):
        """No rules, no nth_fault, no delay."""
        with self._lock:
            self.rules = []
            self._nth = None
            self.delay = 0.0

    # The store in memory.

    def create_bucket(self, name):
        self.store.create_bucket(name)

    def objects(self, bucket):
        """Contents by key; a copy."""
        return self.store.objects(bucket)

    def put_object(self, bucket, key, data):
        return self.store.put(bucket, key, bytes(data))

    def delete_object(self, bucket, key):
        return self.store.delete(bucket, key)

    def snapshot(self):
        return self.store.snapshot()

    def restore(self, snapshot):
        self.store.restore(snapshot)

    def write_folder(self, bucket, prefix, path):
        self.store.write_folder(bucket, prefix, path)

    # Connections.

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.add(thread)
        thread.start()

    def _accept(self):
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._opened(connection)
            self._start(self._serve, connection)

    def _opened(self, connection):
        with self._lock:
            self._sockets.add(connection)
        # It may have come just after stop() looked.
        if self._stopping.is_set():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, connection):
        reader = connection.makefile("rb")
        real = Upstream(self.upstream, self._opened) if self.upstream else None
        carry_out = (real or self.api).answer
        try:
            while True:
                request = read_request(reader, connection.sendall)
                if request is None:
                    return
                answer = self._answer(request, carry_out)
                if isinstance(answer, bytes):
                    connection.sendall(answer)
                    return
                if answer is None:
                    return
                connection.sendall(answer.to_bytes(request.method))
                if answer.cut_at is not None:
                    return
                if request.headers.get("connection", "").lower() == "close":
                    return
        except (OSError, BrokenMessage, ValueError):
            pass  # The client went away, or is no HTTP client.
        finally:
            self._close(connection, reader, real)

    def _close(self, connection, reader, real):
        with self._lock:
            self._sockets.discard(connection)
            if real is not None:
                self._sockets.discard(real.socket)
        if real is not None:
            real.close()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        reader.close()
        connection.close()
        if not self._stopping.is_set():
            self._threads.discard(threading.current_thread())

    def _answer(self, request, carry_out):
        """An Answer; bytes or None to close the connection after them, or at once."""
        started = time.perf_counter()
        with self._lock:
            if self.record:
                self._requests.append(request)
            actions = self._due(request)
        request.fault = actions[-1] if actions else None
        if self.delay:
            self._stopping.wait(self.delay)

        def go_on(remaining):
            if remaining:
                return remaining[0].answer(
                    request, lambda: go_on(remaining[1:]), self._stopping
                )
            request.carried_out = True
            return carry_out(request)

        try:
            answer = go_on(actions)
        except (OSError, BrokenMessage) as e:
            if self._stopping.is_set():
                return None
            answer = error_answer(request, 502, "BadGateway", str(e))
        except Exception as e:
            # Otherwise the test would wait, or see a fault that nobody scripted.
            traceback.print_exc()
            answer = error_answer(request, 500, "BugInScriptedServer", repr(e))
        if isinstance(answer, Answer):
            request.status = answer.status
            request.answer_bytes = len(answer.body)
        request.seconds = time.perf_counter() - started
        request.body = b""
        request.raw_headers = []
        return answer

    def _due(self, request):
        actions = []
        for rule in [self._nth, *self.rules] if self._nth else list(self.rules):
            if rule.due(request):
                actions.append(rule.action)
                if not rule.action.pauses:
                    break
        return actions


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--bucket", action="append", metavar="NAME")
    parser.add_argument("--flavour", choices=["s3", "gcs"], default="s3")
    parser.add_argument("--ignores-conditions", action="store_true")
    parser.add_argument("--upstream", metavar="URL")
    arguments = parser.parse_args()
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    with ScriptedServer(
        arguments.upstream,
        arguments.flavour,
        arguments.ignores_conditions,
        arguments.delay,
        arguments.port,
        record=False,
        secret=None,
    ) as server:
        if not arguments.upstream:
            for name in arguments.bucket or ["bucket"]:
                server.create_bucket(name)
        print(server.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    sys.exit(main())

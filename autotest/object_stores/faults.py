"""What goes wrong, and for which requests: rules choose, actions do.

An action gets the request and a function that carries it out. It returns an Answer,
or bytes to send before the connection is closed, or None to close it at once.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate

from http_wire import Answer
from s3_xml import error_body


class Action:
    """`pauses`: the request goes on to the rules that follow."""

    pauses = False

    def answer(self, request, carry_out, stopping):
        raise NotImplementedError


@dataclass
class Status(Action):
    """An error that is answered instead of carrying the request out."""

    code: int
    xml_code: str
    message: str = ""
    headers: dict = field(default_factory=dict)

    def answer(self, request, carry_out, stopping):
        return error_answer(
            request, self.code, self.xml_code, self.message, self.headers
        )


@dataclass
class ErrorAfter(Action):
    """The request is carried out; an error is answered all the same."""

    code: int
    xml_code: str
    message: str = ""
    headers: dict = field(default_factory=dict)

    def answer(self, request, carry_out, stopping):
        carry_out()
        return error_answer(
            request, self.code, self.xml_code, self.message, self.headers
        )


@dataclass
class Delay(Action):
    seconds: float
    pauses = True

    def answer(self, request, carry_out, stopping):
        stopping.wait(self.seconds)
        return carry_out()


@dataclass
class Hold(Action):
    """Says that the request is there, and carries it out when it is released: the
    request in flight of a writer that was stopped. The end of the server drops it.

    The client may be gone by then; the request is carried out nevertheless.
    """

    arrived: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    pauses = True

    def answer(self, request, carry_out, stopping):
        self.arrived.set()
        while not self.release.wait(0.02):
            if stopping.is_set():
                return None
        return carry_out()


@dataclass
class HoldAfter(Hold):
    """The same, but carried out first: only the answer waits."""

    pauses = False

    def answer(self, request, carry_out, stopping):
        answer = carry_out()
        return super().answer(request, lambda: answer, stopping)


HoldBefore = Hold


@dataclass
class DropRequest(Action):
    """The connection is closed and nothing is carried out.

    libcurl sends a request again by itself, without telling its caller, if it went
    out over a connection that was used before and nothing came back. With `started`
    an interim answer comes back first, and the caller gets an error.
    """

    started: bool = False

    def answer(self, request, carry_out, stopping):
        return INTERIM if self.started else None


@dataclass
class TearPut(Action):
    """The connection breaks within the body. The store in memory takes what came until
    then for the object, unless it finds by a checksum that it is not whole; a real one
    does what it does. On `started` see DropRequest."""

    fraction: float = 0.5
    started: bool = True
    keys: list = field(default_factory=list)

    def answer(self, request, carry_out, stopping):
        self.keys.append(request.key)
        request.body = request.body[: int(len(request.body) * self.fraction)]
        carry_out()
        return INTERIM if self.started else None


@dataclass
class LoseResponse(Action):
    """The request is carried out, and the connection closed. On `started` see
    DropRequest; without it, libcurl's second request meets what the first one did.
    """

    started: bool = False

    def answer(self, request, carry_out, stopping):
        carry_out()
        return INTERIM if self.started else None


@dataclass
class CutHead(Action):
    """Carried out, and the connection closed after the first line of the answer.
    libcurl calls this a success without headers, without ETag for one."""

    def answer(self, request, carry_out, stopping):
        answer = carry_out()
        if not isinstance(answer, Answer):
            return answer
        return answer.to_bytes(request.method).split(b"\r\n")[0] + b"\r\n"


@dataclass
class CutBody(Action):
    """The connection is closed after this part of the body. Where an answer has no
    body it is lost."""

    fraction: float = 0.5

    def answer(self, request, carry_out, stopping):
        answer = carry_out()
        if not isinstance(answer, Answer):
            return answer
        if not answer.body or request.method == "HEAD":
            return None
        size = len(answer.body)
        answer.cut_at = min(int(size * self.fraction), size - 1)
        return answer


@dataclass
class WrongETag(Action):
    """Carried out, but the version that is answered is nobody's."""

    def answer(self, request, carry_out, stopping):
        answer = carry_out()
        if isinstance(answer, Answer):
            answer.replace_header("etag", '"' + "0" * 32 + '"')
            answer.replace_header("x-goog-generation", "999999999999999")
        return answer


@dataclass
class ClockAhead(Action):
    """By the store's clock it is later than it was when the object was written."""

    seconds: float

    def answer(self, request, carry_out, stopping):
        answer = carry_out()
        if isinstance(answer, Answer):
            now = time.time() + self.seconds
            answer.replace_header("date", formatdate(now, usegmt=True))
        return answer


INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass
class Rule:
    """Applies an action to the requests that match.

    method     None: any
    key        regular expression that is searched in "bucket/key"
    predicate  a further condition on the http_wire.Request (with its body)
    after      so many matches are let through first
    times      so many are hit then; None: all
    """

    action: Action
    method: str | None = None
    key: str = ""
    predicate: Callable | None = None
    after: int = 0
    times: int | None = None
    matched: int = 0
    applied: int = 0

    def due(self, request):
        """Counts the request if it matches. The caller holds a lock."""
        if self.method not in (None, request.method):
            return False
        if self.key and not re.search(self.key, request.path):
            return False
        if self.predicate is not None and not self.predicate(request):
            return False
        self.matched += 1
        if self.matched <= self.after:
            return False
        if self.times is not None and self.applied >= self.times:
            return False
        self.applied += 1
        return True


def error_answer(request, status, code, message="", headers=None):
    body = error_body(code, message, request.path)
    fields = [("Content-Type", "application/xml"), *(headers or {}).items()]
    return Answer(status, fields, b"" if request.method == "HEAD" else body)

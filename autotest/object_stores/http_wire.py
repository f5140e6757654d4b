"""HTTP/1.1 as bytes on a connection: requests in, answers out, and the reverse for a
proxy. No policy here: what a request means is s3_api.py's affair, what goes wrong
with it is faults.py's."""

import http.client
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

REASONS = http.client.responses


class BrokenMessage(Exception):
    """The peer went away in the middle, or does not speak HTTP."""


@dataclass
class Request:
    """One request, as the server keeps it in its record.

    `body` and `raw_headers` are there while the request is carried out, and are
    dropped from the record afterwards.
    """

    method: str
    bucket: str
    key: str
    query: dict
    headers: dict  # names in lower case
    body_bytes: int
    # What was answered; None when the connection was closed without an answer.
    status: int | None = None
    time_started: float = field(default_factory=time.time)
    # Until the answer was ready to be sent.
    seconds: float | None = None
    answer_bytes: int = 0
    carried_out: bool = False
    fault: object = None
    target: str = ""
    body: bytes = field(default=b"", repr=False)
    raw_headers: list = field(default_factory=list, repr=False)

    @property
    def path(self):
        """What rules match: bucket/key, decoded."""
        return f"{self.bucket}/{self.key}"


@dataclass
class Answer:
    status: int
    headers: list = field(default_factory=list)  # of (name, value)
    body: bytes = b""
    # Of an answer to HEAD that came from a real server.
    content_length: int | None = None
    # Bytes of the body after which the connection is closed.
    cut_at: int | None = None

    def header(self, name):
        for known, value in self.headers:
            if known.lower() == name:
                return value
        return None

    def replace_header(self, name, value):
        self.headers = [
            (known, value if known.lower() == name else old)
            for known, old in self.headers
        ]

    def to_bytes(self, method):
        """Head and body in one piece: one send, one packet for small answers."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.status not in (204, 304):
            length = self.content_length
            length = len(self.body) if length is None else length
            lines.append(f"Content-Length: {length}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if method == "HEAD" or self.status in (204, 304):
            return head
        return head + (self.body if self.cut_at is None else self.body[: self.cut_at])


def read_request(reader, send):
    """The next request of a connection; None when the peer closed it.

    `send(bytes)` is needed for the answer to "Expect: 100-continue".
    """
    head = read_head(reader)
    if head is None:
        return None
    line, raw = head
    try:
        method, target, _ = line.split(" ", 2)
    except ValueError:
        raise BrokenMessage(f"not a request: {line!r}") from None
    headers = {name.lower(): value for name, value in raw}
    if headers.get("expect", "").lower() == "100-continue":
        send(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = read_body(reader, headers, until_end=False)
    path, _, query = target.partition("?")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    return Request(
        method,
        bucket,
        key,
        dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        headers,
        len(body),
        target=target,
        body=body,
        raw_headers=raw,
    )


def read_answer(reader, method):
    """The answer of a real server. Interim answers (100) are skipped."""
    while True:
        head = read_head(reader)
        if head is None:
            raise BrokenMessage("the server closed the connection without an answer")
        line, headers = head
        status = int(line.split(" ")[1])
        if status >= 200:
            break
    known = {name.lower(): value for name, value in headers}
    answer = Answer(status, headers)
    if method == "HEAD":
        if "content-length" in known:
            answer.content_length = int(known["content-length"])
    elif status not in (204, 304):
        answer.body = read_body(reader, known, until_end=True)
    keep = known.get("connection", "").lower() != "close"
    return answer, keep and not line.startswith("HTTP/1.0")


def read_head(reader):
    """First line and headers; None at the end of the connection."""
    first = reader.readline(65536)
    while first == b"\r\n":  # Allowed between requests.
        first = reader.readline(65536)
    if not first:
        return None
    headers = []
    while True:
        line = reader.readline(65536)
        if not line.endswith(b"\n"):
            raise BrokenMessage("the head ends in the middle")
        if line in (b"\r\n", b"\n"):
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    return first.decode("latin-1").rstrip("\r\n"), headers


def read_body(reader, headers, until_end):
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return read_chunked(reader)
    if "content-length" in headers:
        length = int(headers["content-length"])
        return read_exactly(reader, length) if length else b""
    return reader.read() if until_end else b""


def read_chunked(reader):
    parts = []
    while True:
        size = int(reader.readline(65536).split(b";")[0] or b"x", 16)
        if size == 0:
            break
        parts.append(read_exactly(reader, size))
        reader.readline(65536)
    while reader.readline(65536).strip():  # Trailers.
        pass
    return b"".join(parts)


def read_exactly(reader, length):
    data = reader.read(length)
    if len(data) != length:
        raise BrokenMessage(f"{len(data)} bytes of a body of {length}")
    return data

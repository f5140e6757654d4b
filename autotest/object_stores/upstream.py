"""Requests passed on to a real server, verbatim: signatures cover the Host header
that the client sent."""

import select
import socket
from urllib.parse import urlsplit

from http_wire import BrokenMessage, read_answer

# Of one connection, not of the message.
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Upstream:
    """The connection of one client's thread to the real server."""

    def __init__(self, url, on_socket):
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.on_socket = on_socket
        self.socket = None
        self.reader = None

    def answer(self, request):
        head = [f"{request.method} {request.target} HTTP/1.1"]
        for name, value in request.raw_headers:
            # Answered already, and chunks were put together.
            if name.lower() not in ("expect", "transfer-encoding"):
                head.append(f"{name}: {value}")
        if request.body and "content-length" not in request.headers:
            head.append(f"Content-Length: {len(request.body)}")
        message = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + request.body
        self.connect()
        self.socket.sendall(message)
        if len(request.body) < int(request.headers.get("content-length", 0)):
            # What is missing was torn off (TearPut), and does not come.
            self.close()
            return None
        try:
            answer, keeps = read_answer(self.reader, request.method)
        except (OSError, BrokenMessage):
            self.close()
            raise
        if not keeps:
            self.close()
        answer.headers = [
            (name, value) for name, value in answer.headers if name.lower() not in HOP
        ]
        return answer

    def connect(self):
        # A connection that the server closed while it was idle is readable. To find
        # out by sending would mean to send twice, and to carry out twice, perhaps.
        if self.socket and select.select([self.socket], [], [], 0)[0]:
            self.close()
        if self.socket is None:
            self.socket = socket.create_connection(self.address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.reader = self.socket.makefile("rb")
            self.on_socket(self.socket)

    def close(self):
        if self.socket is not None:
            self.reader.close()
            self.socket.close()
            self.socket = self.reader = None

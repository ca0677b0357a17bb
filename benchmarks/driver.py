"""A client that costs little: raw sockets, kept alive, one request at a time each."""

import re
import selectors
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.servers import HOST, Server

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TIMEOUT = 10


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the head without its date, the body."""

    status: int
    head: bytes
    body: bytes

    def field(self, name: str) -> str:
        """A header field that is there once."""
        pattern = rf"^{name}: (.*)$".encode()
        found = re.search(pattern, self.head, re.IGNORECASE | re.MULTILINE)
        if found is None:
            raise LookupError(f"no {name} in {self.head!r}")
        return found[1].decode()


@dataclass
class _Connection:
    """A socket and what of the present answer has arrived on it."""

    stream: socket.socket
    buffer: bytes = b""
    missing: int = field(default=-1)
    """Octets of the body that are still to come; -1 while the head is."""


def request(
    method: str, path: str, fields: Sequence[str] = (), body: bytes = b""
) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ask(server: Server, sent: bytes) -> Answer:
    """The answer to one request on a connection of its own."""
    with socket.create_connection((HOST, server.port), _TIMEOUT) as stream:
        stream.sendall(sent)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += _some(stream)
        head, body = received[:end], received[end + 4 :]
        while len(body) < _length(head):
            body += _some(stream)
    lines = head.split(b"\r\n")
    kept = sorted(line for line in lines[1:] if not line.lower().startswith(b"date:"))
    return Answer(int(lines[0].split()[1]), b"\n".join(kept), body)


def load(
    server: Server, requests: Iterator[bytes], count: int, connections: int, status: int
) -> None:
    """Send so many requests over so many connections, each when the last is answered.

    Raises:
        RuntimeError: an answer has another status.
    """
    expected = f"HTTP/1.1 {status} ".encode()
    opened = [_Connection(_connected(server)) for _ in range(connections)]
    unsent, unanswered = count, 0
    with selectors.DefaultSelector() as selector:
        for connection in opened:
            selector.register(connection.stream, selectors.EVENT_READ, connection)
            connection.stream.sendall(next(requests))
            unsent, unanswered = unsent - 1, unanswered + 1
        while unanswered:
            ready = selector.select(_TIMEOUT)
            if not ready:
                raise RuntimeError(f"{server.name} does not answer")
            for key, _ in ready:
                if not _is_answered(key.data, expected):
                    continue
                unanswered -= 1
                if unsent:
                    key.data.stream.sendall(next(requests))
                    unsent, unanswered = unsent - 1, unanswered + 1
    for connection in opened:
        connection.stream.close()


def _is_answered(connection: _Connection, expected: bytes) -> bool:
    """Take what has arrived; whether the answer is complete with it."""
    arrived = _some(connection.stream)
    if connection.missing >= 0:
        connection.missing -= len(arrived)
    else:
        connection.buffer += arrived
        end = connection.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not connection.buffer.startswith(expected):
            raise RuntimeError(f"not {expected!r}: {connection.buffer!r}")
        arrived_body = len(connection.buffer) - end - 4
        connection.missing = _length(connection.buffer[:end]) - arrived_body
    if connection.missing:
        return False
    connection.buffer, connection.missing = b"", -1
    return True


def _connected(server: Server) -> socket.socket:
    stream = socket.create_connection((HOST, server.port), _TIMEOUT)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def _some(stream: socket.socket) -> bytes:
    received = stream.recv(262_144)
    if not received:
        raise RuntimeError("the server closed a connection")
    return received


def _length(head: bytes) -> int:
    found = _LENGTH.search(head)
    return int(found[1]) if found else 0

"""A client whose connection is cut sends the same again, blindly: one effect."""

import json
import socket
import struct
from http.client import HTTPResponse
from itertools import count

import pytest
import requests
from liveserver import head

RESET = struct.pack("ii", 1, 0)
_keys = count(1)


def message(method, path, body, **headers):
    content = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        headers |= {"Content-Length": len(content), "Content-Type": "application/json"}
    return head(method, path, **headers), content


def cuts(head_, content):
    """Where a connection is cut: so many octets sent, so many of the answer read."""
    whole = len(head_) + len(content)
    sent = {
        0,
        1,
        len(head_) // 2,
        len(head_),
        len(head_) + len(content) // 2,
        whole - 1,
    }
    yield from ((each, 0) for each in sorted(sent))
    yield from ((whole, read) for read in (0, 1, 90))


def cut(server, octets, sent, read):
    """Send some octets, read some of the answer, and break the connection."""
    with server.connection() as sock:
        sock.sendall(octets[:sent])
        left = read
        while left > 0 and (part := sock.recv(left)):
            left -= len(part)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def answer_to(server, octets, method):
    """The whole answer; while the first request still runs, it is asked again."""
    while True:
        with server.connection() as sock:
            sock.sendall(octets)
            response = HTTPResponse(sock, method=method)
            response.begin()
            body = response.read()
        if response.status != 409:
            return response.status, body


def version(url):
    """How often something of the collection was written, as its tag tells."""
    tag = requests.get(url, timeout=10).headers["ETag"]
    return int(tag.strip('"').partition("-")[0])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_a_write_that_is_retried_blindly_has_one_effect(server, method):
    collection = f"{server.url}/tasks"
    for place, _ in enumerate(cuts(b"", b"")):
        name = f"{method.lower()}-{place}-{next(_keys)}"
        path = f"/tasks/{name}"
        if method in {"PATCH", "DELETE"}:
            made = requests.put(
                server.url + path, json={"description": "x"}, timeout=10
            )
            assert made.status_code == 201
        body = None if method == "DELETE" else {"description": name}
        target = "/tasks" if method == "POST" else path
        key = {"Idempotency-Key": name}
        parts = message(method, target, body, **key)
        octets = b"".join(parts)
        sent, read = [*cuts(*parts)][place]
        before = version(collection)
        cut(server, octets, sent, read)
        status, text = answer_to(server, octets, method)
        again, text_again = answer_to(server, octets, method)
        assert (status, text) == (again, text_again)
        assert status == {"PUT": 201, "PATCH": 200, "DELETE": 204, "POST": 201}[method]
        assert version(collection) - before == 1, (sent, read)

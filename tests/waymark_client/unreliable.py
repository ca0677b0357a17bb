"""A real HTTP server that keeps a list of tasks, and fails as it is told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = {
    "_links": {
        "self": {"href": "/"},
        "tasks": {"href": "/tasks"},
        "service-desc": {"href": "/description"},
    }
}
DESCRIPTION = {"parameters": [{"name": "Idempotency-Key", "in": "header"}]}


class Unreliable:
    """Tasks by path, each with its version; `failures` happen beside that.

    A failure is a method with "cut before", "cut after" or "cut within" the answer, or
    with a status and header fields; each happens once, in their order.
    """

    def __init__(self, *failures, keeps_keys=True):
        self.failures = list(failures)
        self.keeps_keys = keeps_keys
        self.made = []
        self.asked = []
        self.peers = set()
        self.versions = {"/tasks/1": 1}
        self.answers = {}
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (Handler,), {"shop": self})
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def failure(self, method):
        """What is to fail now, or None."""
        if self.failures and self.failures[0][0] == method:
            return self.failures.pop(0)[1:]
        return None

    def done(self, method, path, headers, body):
        """Status, fields and document of the answer, once the work is done."""
        if method == "POST":
            return self._made(headers.get("Idempotency-Key"), body)
        if path in self.versions:
            return self._kept(method, path, headers)
        document = {"/": ROOT, "/description": DESCRIPTION}.get(path, {})
        if path == "/description" and not self.keeps_keys:
            document = {}
        return 200, {}, document

    def _made(self, key, body):
        if self.keeps_keys and key in self.answers:
            return self.answers[key]
        self.made.append(json.loads(body))
        self.answers[key] = 201, {}, {"count": len(self.made)}
        return self.answers[key]

    def _kept(self, method, path, headers):
        etag = f'"{self.versions[path]}"'
        if headers.get("If-Match", etag) != etag:
            return 412, {}, {"title": "Somebody was faster"}
        self.versions[path] += method != "GET"
        return 200, {"ETag": f'"{self.versions[path]}"'}, {}


class Handler(BaseHTTPRequestHandler):
    """One connection to the server `shop`."""

    shop: Unreliable
    protocol_version = "HTTP/1.1"

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.shop.asked.append(f"{self.command} {self.path}")
        self.shop.peers.add(self.client_address)
        failure = self.shop.failure(self.command)
        if failure == ("cut before",):
            self.close_connection = True
        elif failure and isinstance(failure[0], int):
            self._send(*failure, {"title": "Later"})
        else:
            self._work(body, failure)

    def _work(self, body, failure):
        told = self.shop.done(self.command, self.path, self.headers, body)
        if failure == ("cut after",):
            self.close_connection = True
            return
        missing = 10 if failure == ("cut within",) else 0
        self._send(*told, missing)

    def _send(self, status, fields, document, missing=0):
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/hal+json")
        self.send_header("Content-Length", str(len(content) + missing))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = bool(missing)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_):
        pass

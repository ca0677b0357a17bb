"""A test client that holds every answer against what is promised for all of them."""

import json
import re
from typing import Any

from falcon.testing import Result, TestClient

from tests.recorder import record

SEVERAL = frozenset({"curies", "related", "alternate", "item"})
"""The relations that a document always holds as a list (contract, section 3)."""

_PROBLEM_TYPES = (
    "application/problem+json",
    "application/problem+xml",
    "text/html; charset=utf-8",
)


class Client(TestClient):
    """Falcon's client; each answer it gets is checked by `check_answer`."""

    def __init__(self, app: Any, client_address: str | None = None) -> None:
        super().__init__(app)
        self.extras = {"client": [client_address, 80]} if client_address else {}

    def simulate_request(self, *args: Any, **kwargs: Any) -> Result:
        kwargs.setdefault("host", "localhost")
        kwargs["extras"] = {**self.extras, **(kwargs.get("extras") or {})}
        answer = super().simulate_request(*args, **kwargs)
        method = kwargs.get("method") or (args[0] if args else "GET")
        check_answer(answer, method)
        path = kwargs["extras"].get("path") or kwargs.get("path") or args[1]
        mount = kwargs["extras"].get("root_path", "")
        record(method, path.removeprefix(mount), answer, kwargs.get("body"))
        return answer

    def get(self, path, **headers):
        return self.simulate_get(path, headers=_names(headers))

    def post(self, path, body=None, **headers):
        return self.simulate_post(path, json=body, headers=_names(headers))

    def put(self, path, body=None, **headers):
        return self.simulate_put(path, json=body, headers=_names(headers))

    def patch(self, path, body=None, **headers):
        return self.simulate_patch(path, json=body, headers=_names(headers))

    def delete(self, path, **headers):
        return self.simulate_delete(path, headers=_names(headers))

    def send(self, method, path, body, content_type, **headers):
        """A request whose body is given as bytes or text."""
        fields = {"Content-Type": content_type, **_names(headers)}
        return self.simulate_request(method, path, body=body, headers=fields)


def check_answer(answer: Result, method: str = "GET") -> None:
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers
    if answer.status_code in {204, 304}:
        assert not answer.content
    if "etag" in headers:
        assert re.fullmatch(r'"[0-9]+-[a-z0-9-]+"', headers["etag"])
    if "link" in headers:
        assert len(headers["link"]) <= 4096
        assert "{" not in headers["link"]
    if answer.status_code == 200 and method in {"GET", "HEAD"}:
        assert "Accept" in headers["vary"]
        assert headers["cache-control"]
    is_health = headers.get("content-type") == "application/health+json"
    if answer.status_code >= 400 and not is_health:
        check_problem(answer, method)


def check_problem(answer: Result, method: str) -> None:
    assert answer.headers["content-type"] in _PROBLEM_TYPES
    assert answer.headers["cache-control"] == "no-store"
    assert answer.status_code != 500
    if method == "HEAD" or answer.headers["content-type"] != _PROBLEM_TYPES[0]:
        return
    problem = json.loads(answer.text)
    assert problem["status"] == answer.status_code
    assert problem["type"].startswith("/problems/")
    assert problem["title"]
    assert problem["detail"]
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", problem["instance"])
    assert "Traceback" not in answer.text


def _names(headers):
    """Python's names as those of header fields: `if_match` is `If-Match`."""
    return {name.replace("_", "-"): value for name, value in headers.items()}

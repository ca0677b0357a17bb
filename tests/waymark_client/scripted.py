"""A server of a few lines for the client to talk to, which notes what it was asked."""

import json
from typing import Any

import httpx2

from waymark_client import AsyncWaymark, Retries, Waymark

ROOT = "http://shop.example/api/"
AT_ONCE = Retries(first_wait=0, chance=lambda: 0.0)


class Scripted:
    """Answers by `"GET /path"`: each with the next of its answers, the last for ever.

    An answer is a response, an exception to raise, or a function of the request.
    """

    def __init__(self, answers: dict[str, Any]):
        self._answers = {
            key: list(told) if isinstance(told, list) else [told]
            for key, told in answers.items()
        }
        self.requests: list[httpx2.Request] = []

    def change(self, key, told):
        """Answer so from now on."""
        self._answers[key] = [told]

    def __call__(self, request):
        self.requests.append(request)
        key = f"{request.method} {request.url.raw_path.decode()}"
        waiting = self._answers.get(key)
        if not waiting:
            return httpx2.Response(404, json={"title": f"no {key}"})
        told = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(told, Exception):
            raise told
        return told(request) if callable(told) else again(told)

    async def later(self, request):
        """The same for an asynchronous client."""
        return self(request)

    @property
    def asked(self):
        """Method and path of each request."""
        return [f"{each.method} {each.url.raw_path.decode()}" for each in self.requests]


def again(response):
    """A fresh copy: a response can be read once."""
    return httpx2.Response(
        response.status_code, headers=response.headers, content=response.content
    )


def hal(document, status=200, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    headers = {"content-type": "application/hal+json", **named}
    return httpx2.Response(status, headers=headers, content=json.dumps(document))


def broken():
    """An answer that says it is JSON, and is not."""
    headers = {"content-type": "application/json"}
    return httpx2.Response(200, headers=headers, content=b"{")


def links(**targets):
    """The `_links` of a document; two underscores are a colon."""
    told = {
        rel.replace("__", ":"): {"href": to} if isinstance(to, str) else to
        for rel, to in targets.items()
    }
    return {"_links": told}


def client_of(server, root=ROOT, **options):
    options.setdefault("retries", AT_ONCE)
    return Waymark(root, transport=httpx2.MockTransport(server), **options)


def async_client_of(server, root=ROOT, **options):
    options.setdefault("retries", AT_ONCE)
    return AsyncWaymark(root, transport=httpx2.MockTransport(server.later), **options)

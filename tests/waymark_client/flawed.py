"""A small bookshop that is flawless, and the flaws that it can be given one by one."""

import json
from urllib.parse import parse_qsl

import httpx2

HAL = "application/hal+json"
FORMS = "application/prs.hal-forms+json"
PROBLEM = "application/problem+json"
CURIES = [{"name": "wm", "href": "/rels/{rel}", "templated": True}]
NEW_BOOK = {
    "title": "New book",
    "method": "POST",
    "target": "/books",
    "contentType": "application/x-www-form-urlencoded",
    "properties": [
        {"name": "title", "required": True, "regex": "[a-z0-9]+", "maxLength": 9},
        {"name": "kind", "required": True, "options": {"inline": ["novel"]}},
        {"name": "pages", "type": "number", "required": True, "min": 1},
    ],
}


def documents():
    """The documents of the shop by path, each with its media type."""
    pages = {}
    for number in (1, 2):
        told = {"self": {"href": f"/books?page={number}"}, "up": {"href": "/"}}
        other = {1: ("next", 2), 2: ("prev", 1)}[number]
        told[other[0]] = {"href": f"/books?page={other[1]}"}
        own = {"self": {"href": f"/b/{number}"}}
        item = {"title": f"Book {number}", "_links": own}
        pages[f"/books?page={number}"] = (
            HAL,
            {
                "_links": told,
                "_embedded": {"item": [item]},
                "_templates": {"default": NEW_BOOK},
            },
        )
        pages[f"/b/{number}"] = HAL, item
    root = {
        "self": {"href": "/"},
        "curies": CURIES,
        "wm:books": {"href": "/books?page=1"},
        "search": {"href": "/books{?page}", "templated": True},
        "describedby": {"href": "http://elsewhere.example/shop"},
        "alternate": [{"href": "/text", "type": "text/plain"}],
    }
    pages["/books"] = pages["/books?page=1"]
    rels = {"_links": {"self": {"href": "/rels/books"}}, "name": "wm:books"}
    return {
        "/": (HAL, {"_links": root}),
        "/rels/books": (HAL, rels),
        "/text": ("text/plain; charset=utf-8", "A shop."),
        **pages,
    }


class Shop:
    """The shop; `change` alters its documents, `spoil` what it is about to answer.

    `spoil` gets the request and the answer as status, fields and octets, and
    gives them back.
    """

    def __init__(self, change=None, spoil=None):
        self.documents = documents()
        self._spoil = spoil
        if change:
            change(self.documents)

    def __call__(self, request):
        status, fields, body = self._answer(request)
        if self._spoil:
            status, fields, body = self._spoil(request, status, fields, body)
        fields.setdefault("date", "Sat, 21 Nov 2026 20:00:00 GMT")
        if request.method == "HEAD":
            fields.setdefault("content-length", str(len(body)))
            body = b""
        return httpx2.Response(status, headers=fields, content=body)

    def _answer(self, request):
        path = request.url.raw_path.decode()
        found = self.documents.get(path)
        if found is None:
            return problem(404)
        if request.method == "OPTIONS":
            return 204, {"allow": "GET, HEAD, OPTIONS, POST"}, b""
        if request.method == "POST":
            return self._take(request)
        return conditional(request, *formatted(request, *found))

    def _take(self, request):
        values = dict(parse_qsl(request.content.decode()))
        is_good = values.get("kind") == "novel" and values["title"].isalnum()
        return (201, {"location": "/b/1"}, b"") if is_good else problem(400)


def formatted(request, kind, document):
    """The representation that Accept asks for: 200, or 406."""
    accept = request.headers.get("accept", "*/*")
    if "x-nothing" in accept:
        return problem(406)
    if kind == HAL and "text/html" in accept:
        kind, text = "text/html; charset=utf-8", f"<p>{document.get('title')}</p>"
    else:
        is_text = isinstance(document, str | bytes)
        text = document if is_text else json.dumps(document)
    fields = {
        "content-type": kind,
        "vary": "Accept",
        "cache-control": "no-cache",
        "etag": f'"1-{kind[5:9]}"',
    }
    return 200, fields, text if isinstance(text, bytes) else text.encode()


def conditional(request, status, fields, body):
    """The same, or a 304."""
    etag = fields.get("etag")
    if status == 200 and request.headers.get("if-none-match") == etag:
        kept = {name: fields[name] for name in ("etag", "vary", "cache-control")}
        return 304, kept, b""
    return status, fields, body


def problem(status, **more):
    told = {"type": "about:blank", "title": "No", "status": status, **more}
    fields = {"content-type": PROBLEM, "cache-control": "no-store"}
    return status, fields, json.dumps(told).encode()

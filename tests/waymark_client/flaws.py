"""The flaws that a shop can be given, and what `waymark check` finds in it."""

import httpx2

from tests.waymark_client.flawed import NEW_BOOK
from tests.waymark_client.scripted import AT_ONCE
from waymark_client import Waymark
from waymark_client.checking.crawler import Bounds, crawled

ROOT = "http://shop.example/"
WRITING = Bounds(is_writing=True)


def findings(shop, bounds=WRITING):
    transport = httpx2.MockTransport(shop)
    options = {"transport": transport, "cache": None, "retries": AT_ONCE}
    with Waymark(ROOT, user=("ada", "lace"), **options) as client:
        return list(crawled(client, bounds).findings.values())


def links(change):
    """A flaw in the links of the root."""

    def flaw(documents):
        change(documents["/"][1]["_links"])

    return {"change": flaw}


def linked(rel, href="/nowhere", **more):
    return links(lambda told: told.update({rel: {"href": href, **more}}))


def at(path, **members):
    """A flaw in a document: members that are otherwise, or None to leave one out."""

    def flaw(documents):
        _, document = documents[path]
        document.update(members)
        for name in [name for name, value in members.items() if value is None]:
            del document[name]

    return {"change": flaw}


def page(number, **told):
    """A flaw in the links of a page."""

    def flaw(documents):
        document = documents[f"/books?page={number}"][1]
        document["_links"].update({name: {"href": to} for name, to in told.items()})

    return {"change": flaw}


def spoiled(method, status, change):
    """A flaw of the answers to a method that have the status."""

    def spoil(request, was, fields, body):
        if request.method == method and was == status:
            return change(was, dict(fields), body)
        return was, fields, body

    return {"spoil": spoil}


def field(name, value, method="GET", status=200):
    def change(was, fields, body):
        without = {key: each for key, each in fields.items() if key != name}
        return was, without | ({name: value} if value else {}), body

    return spoiled(method, status, change)


def form(**told):
    """A flaw in the form of both pages."""

    def flaw(documents):
        for number in (1, 2):
            document = documents[f"/books?page={number}"][1]
            document["_templates"] = {"default": {**NEW_BOOK, **told}}

    return {"change": flaw}


def noting(asked):
    """A server that notes the requests."""

    def spoil(request, status, fields, body):
        asked.append(f"{request.method} {request.url.raw_path.decode()}")
        return status, fields, body

    return spoil


def refusing(has):
    """A server that cuts off each request of which that is so."""

    def spoil(request, status, fields, body):
        if has(request):
            raise httpx2.ReadError("cut")
        return status, fields, body

    return spoil

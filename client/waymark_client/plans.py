"""What can be done with documents and forms, as plans that any driver runs."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from waymark_client.documents import BoundForm, Document, Start
from waymark_client.errors import Interrupted, NoSuchLink, NotReadable, StaleDocument
from waymark_client.exchange import Failure, Found, More, Plan, Request, Stream, Walk
from waymark_client.forms import URLENCODED, Option, options_of, pairs_of
from waymark_client.links import Link, joined
from waymark_client.sending import ACCEPT, answer, opened
from waymark_client.templates import require_known, variables_of

D = TypeVar("D", bound=Document)
Body = Mapping[str, Any]

_MERGE_PATCH = "application/merge-patch+json"
_JSON = "application/json"
_NDJSON = "application/x-ndjson"
_GUARDED = frozenset({"PUT", "PATCH", "DELETE"})


def read(here: D, uri: str = "", /, **headers: str) -> Plan[D]:
    """The document at the URI, which may be relative; itself without one."""
    request = Request("GET", joined(here.uri, uri)).with_headers(**headers)
    return type(here).of(here, (yield from answer(here.session, request)))


def refresh(here: D, /) -> Plan[D]:
    """The document as it is now: the server is asked, whatever the cache holds."""
    return (yield from read(here, cache_control="no-cache"))


def follow(here: D, /, *way: str | Link, **variables: Any) -> Plan[D]:
    """The document where the relations lead, one after the other.

    What is embedded is used before a request is made. Variables fill in the templated
    links on the way.

    Raises:
        NoSuchLink: a document on the way does not lead there.
        TemplateFault: a variable is missing, or no link has it.
    """
    used: list[str] = []
    for left, each in zip(range(len(way) - 1, -1, -1), way, strict=True):
        inside = None if _is_to_fill_in(here, each, variables) else _inside(here, each)
        there = inside or _link(here, each)
        if isinstance(there, Link) and there.is_templated:
            used.append(there.href)
        if not left:
            require_known(variables, used)
        if isinstance(there, Link):
            there = yield from read(here, there.uri(variables), **_accepting(there))
        here = there
    return here


def _is_to_fill_in(here: Document, rel: str | Link, variables: Body) -> bool:
    """Whether the variables are for this link, whatever is embedded."""
    links = here.links.get(rel, ()) if isinstance(rel, str) else ()
    known = {name for link in links for name in variables_of(link.href)}
    return bool(known & set(variables))


def _inside(here: D, rel: str | Link) -> D | None:
    """The first document embedded under the relation."""
    found = here.embedded(rel) if isinstance(rel, str) else None
    if found is not None and not found and rel not in here.links:
        raise NoSuchLink(f"nothing is embedded as {rel!r}")
    return found[0] if found else None


def _link(here: Document, rel: str | Link) -> Link:
    return rel if isinstance(rel, Link) else here.links.one(rel)


def _accepting(link: Link) -> dict[str, str]:
    """The field that asks for what the link says is there."""
    is_plain = link.type is None or link.type.partition(";")[0].strip() in ACCEPT
    return {} if is_plain else {"accept": f"{link.type}, */*;q=0.1"}


def go(here: D, rel: str | Link, /) -> Plan[D]:
    """The document where one relation leads."""
    return (yield from follow(here, rel))


def pages(here: D, /) -> Walk[D]:
    """This page and all that `next` leads to, each once."""
    seen: set[str] = set()
    # Some servers give all pages the self of the first.
    while (place := here.response.uri if here.response else here.uri) not in seen:
        seen.add(place)
        yield Found(here)
        if "next" not in here.links:
            return
        here = yield from read(here, here.links.one("next").uri())


def items(here: D, rel: str | None = None, /) -> Walk[D]:
    """All that the collection holds, page by page: embedded, or else linked to.

    Without a relation it is `item`, or the only list that is embedded.
    """
    walk = pages(here)
    outcome = None
    while True:
        try:
            step = walk.send(outcome)
        except StopIteration:
            return
        outcome = None
        if isinstance(step, Found):
            yield from _items_of(step.value, rel)
        else:
            outcome = yield step


def _items_of(page: D, rel: str | None) -> Walk[D]:
    wanted = rel or page.item_rel
    if wanted is None:
        return
    inside = page.embedded(wanted)
    if inside is not None:
        for each in inside:
            yield Found(each)
        return
    for link in page.links.get(wanted, ()):
        found = yield from read(page, link.uri())
        yield Found(found)


def stream(here: D, /, **headers: str) -> Walk[D]:
    """The rows of the collection, as they come, out of one answer in NDJSON.

    Raises:
        NotReadable: the server has no such form of it.
        Interrupted: the answer was cut off; what came before has been given.
    """
    kinds = [link for link in here.links.get("alternate", ()) if link.type == _NDJSON]
    uri = kinds[0].uri() if kinds else here.uri
    request = Request("GET", uri).with_headers(accept=_NDJSON, **headers)
    answered = yield from opened(here.session, request)
    if answered.head.media_type != _NDJSON:
        raise NotReadable(f"{uri} is no {_NDJSON}")
    rest, count = b"", 0
    while part := (yield from _part(request, answered)):
        *lines, rest = (rest + part).split(b"\n")
        for line in filter(None, lines):
            row = _row(here, line, uri)
            if row.uri == here.uri:
                _require_whole(row, count)
                return
            yield Found(row)
            count += 1
    if rest.strip():
        yield Found(_row(here, rest, uri))


def _part(request: Request, answered: Stream) -> Plan[bytes]:
    part = yield More(answered)
    if isinstance(part, Failure):
        raise Interrupted(request, part)
    return part if isinstance(part, bytes) else b""


def _row(here: D, line: bytes, uri: str) -> D:
    try:
        told = json.loads(line)
    except ValueError as ex:
        raise NotReadable(f"{uri}: a line is no JSON") from ex
    links = here.links
    return type(here)(here, told if isinstance(told, dict) else {}, uri, None, links)


def _require_whole(end: Document, count: int) -> None:
    """Let pass a stream whose last line, the collection itself, counts as many rows."""
    told = end.state.get("count", count)
    if told != count:
        raise NotReadable(f"{end.uri}: {told} rows were sent, and {count} came")


def post(
    here: D, body: Body | None = None, /, *, prefer: str | None = None, **members: Any
) -> Plan[D]:
    """The document that a POST of the members makes; sent again, it is done once."""
    sent = _json_request("POST", here.uri, {**(body or {}), **members}, _JSON)
    return (yield from _written(here, sent, prefer))


def put(
    here: D, body: Body | None = None, /, *, prefer: str | None = None, **members: Any
) -> Plan[D]:
    """The document once the members have replaced it, if it is still as read."""
    sent = _json_request("PUT", here.uri, {**(body or {}), **members}, _JSON)
    return (yield from _written(here, sent, prefer))


def patch(
    here: D, body: Body | None = None, /, *, prefer: str | None = None, **members: Any
) -> Plan[D]:
    """The document with the members changed (a merge patch), if it is still as read."""
    taken = (
        here.response.headers.get("accept-patch", _MERGE_PATCH) if here.response else ""
    )
    kind = _JSON if taken and _MERGE_PATCH not in taken else _MERGE_PATCH
    sent = _json_request("PATCH", here.uri, {**(body or {}), **members}, kind)
    return (yield from _written(here, sent, prefer))


def delete(here: Document, /) -> Plan[None]:
    """Remove the resource, if it is still as read."""
    request = yield from _guarded(here, Request("DELETE", here.uri))
    yield from answer(here.session, request)


def submit(
    form: BoundForm[D],
    body: Body | None = None,
    /,
    *,
    prefer: str | None = None,
    **values: Any,
) -> Plan[D]:
    """The answer to the form, filled in with the values; the rest stays as it shows.

    A form that changes the document itself is sent only if it is still as read.

    Raises:
        InvalidForm: the values break what the form tells; nothing was sent.
    """
    template, here = form.template, form.here
    filled = template.filled({**(body or {}), **values})
    target = here.target_of(template)
    pairs = urlencode(pairs_of(template, filled))
    if template.method == "GET":
        return (yield from read(here, target + ("?" + pairs) * bool(pairs)))
    if template.method == "DELETE":
        sent = Request("DELETE", target)
    elif template.content_type == URLENCODED:
        headers = {"Content-Type": URLENCODED}
        sent = Request(template.method, target, headers, pairs.encode())
    else:
        sent = _json_request(template.method, target, filled, template.content_type)
    return (yield from _written(here, sent, prefer))


def options(
    form: BoundForm[D], name: str, /, **variables: Any
) -> Plan[tuple[Option, ...]]:
    """What can be chosen for the field, found where the form says.

    The variables (`q` for a search) fill in the link, if it is a template.
    """
    field = form.fields[name]
    link = form.here.source_of(field)
    if link is None:
        return field.options
    page = yield from follow(form.here, link, **variables)
    rel = page.item_rel
    found = page.embedded(rel) if rel else None
    entries = [each.state for each in found or ()]
    return options_of(entries or page.state.get("options"), field.told["options"])


def _json_request(method: str, uri: str, body: Body, kind: str) -> Request:
    return Request(method, uri, {"Content-Type": kind}, json.dumps(body).encode())


def _written(here: D, request: Request, prefer: str | None) -> Plan[D]:
    if prefer:
        request = request.with_headers(prefer=prefer)
    if request.method in _GUARDED and request.uri == here.uri:
        request = yield from _guarded(here, request)
    return type(here).of(here, (yield from answer(here.session, request)))


def _guarded(here: Document, request: Request) -> Plan[Request]:
    """The request on condition that the document is as it was read.

    An embedded document has no ETag: it is read, and must be what was embedded.
    """
    etag = here.etag
    if here.response is None:
        now = yield from refresh(here)
        changed = [
            name
            for name, value in here.state.items()
            if name in now.state and now.state[name] != value
        ]
        if changed:
            raise StaleDocument(
                f"{here.uri}: {', '.join(changed)} changed since it was read"
            )
        etag = now.etag
    return request.with_headers(if_match=etag) if etag else request


def begin(start: Start[D], /) -> Plan[D]:
    """The document at the URI that the client knows."""
    return (yield from read_from(start, start.session.root))


def read_from(start: Start[D], uri: str, /) -> Plan[D]:
    """The document at a URI that is known from elsewhere."""
    request = Request("GET", joined(start.session.root, uri))
    response = yield from answer(start.session, request)
    return start.document_class.of(start, response)


def follow_from(start: Start[D], /, *way: str, **variables: Any) -> Plan[D]:
    """The document where the relations lead, beginning at the root."""
    root = yield from begin(start)
    return (yield from follow(root, *way, **variables))


def go_from(start: Start[D], rel: str, /) -> Plan[D]:
    """The document where one relation of the root leads."""
    return (yield from follow_from(start, rel))

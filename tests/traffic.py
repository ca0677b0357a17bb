"""Requests that meet every answer of the description: of each operation each status."""

import asyncio
import json
import re
from itertools import count
from urllib.parse import urlencode

from falcon.testing import ASGIConductor

from api.descriptions.faults import conflicts
from api.documents import KINDS
from api.operations.health import DRAINING
from api.uris import PATHS
from tests.recorder import Recorder
from tests.shop import body_of, collection_path, href, kind_named, lineitem, make

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_NAMES = {path: name for name, path in PATHS.items()}
_SECOND = "/customers/{customer}/orders/{order}"
_DESCRIBED = {"rel": "books", "slug": "in-use", "schema": "book"}
_STALE = '"999999-json"'
_numbers = count(1)


class Traffic:
    """Lets operations answer with a status, and notes what they answer.

    Each status comes about in the same way everywhere, except for conflicts. What must
    be there before is made by the client that asks, or by the `maker`.
    """

    def __init__(self, client, description, maker=None):
        self.asking = client
        self.client = maker or client
        self.recorder = Recorder(description)
        self._places = {}

    def provoke(self, path, method, status):
        """Send a request to the path that is to be answered with the status."""
        return getattr(self, f"_send_{status}")(path, method.upper())

    def send(self, uri, method, body=None, **headers):
        """The answer to a request, held against the description."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, dict | list):
            fields.setdefault("Content-Type", _JSON)
            body = json.dumps(body)
        answer = self.asking.simulate_request(method, uri, body=body, headers=fields)
        self.recorder.check(method, uri, answer)
        return answer

    def place(self, path):
        """Where something stands that is not removed."""
        if path not in self._places:
            self._places[path] = self.fresh(path)
        return self._places[path]

    def fresh(self, path):
        """Where something stands that was newly made."""
        kind, is_page = noun_of(path)
        if kind is None:
            return filled(path, _DESCRIBED)
        if "{" not in path:
            return path
        if is_page:
            return self.below(path, collection_path(self.client, kind))
        return self.below(path, make(self.client, kind).headers["location"])

    def below(self, path, uri):
        """The URI, or the second one below its customer, as the path says."""
        if not path.startswith(_SECOND):
            return uri
        order = self.client.get(re.match(r"/orders/\d+", uri)[0]).json
        return href(order, "wm:customer") + uri

    def to_make(self, path, method):
        """Where something can be made by the method, and the body to make it."""
        kind, is_page = noun_of(path)
        body = body_of(kind)
        if is_page:
            if not kind.model.numbered:
                body[kind.model.key] = f"new-{next(_numbers)}"
            return self.place(path), body
        if kind.is_single:
            if kind.parent is None:
                self.client.delete(path)
                return path, body
            return self.below(path, collection_path(self.client, kind)), body
        if not kind.model.numbered and method in {"PUT", "POST"}:
            return filled(path, {kind.name: f"new-{next(_numbers)}"}), body
        return self.place(path), body

    def _send_200(self, path, method):
        uri = self.place(path)
        if method in {"GET", "HEAD"}:
            return self.send(uri, method)
        # The first PUT of a configuration makes it.
        self.client.put(uri, self._body(uri, method))
        return self.send(uri, method, self._body(uri, method))

    def _body(self, uri, method):
        """What changes nothing at the URI."""
        if method == "DELETE":
            return None
        return {} if method == "PATCH" else self.client.get(uri).json

    def _send_201(self, path, method):
        uri, body = self.to_make(path, method)
        return self.send(uri, method, body)

    def _send_204(self, path, method):
        if method == "OPTIONS":
            return self.send(self.place(path), method)
        uri = self.fresh(path)
        return self.send(uri, method, self._body(uri, method), prefer="return=minimal")

    def _send_303(self, path, method):
        if method == "POST":
            uri, body = self.to_make(path, method)
        else:
            uri = self.fresh(path)
            state = self.client.get(uri).json
            kind, _ = noun_of(path)
            body = {name: state[name] for name in kind.schema.load_fields}
        fields = as_form({**body, "_method": method})
        headers = {"Content-Type": _FORM, "Accept": "text/html"}
        answer = self.client.simulate_post(uri, body=fields, headers=headers)
        self.recorder.check(method, uri, answer)
        return answer

    def _send_304(self, path, method):
        return self.send(self.place(path), method, if_none_match="*")

    def _send_400(self, path, method):
        if method == "OPTIONS":
            return self._send_without_a_host(self.place(path), method)
        return self.send(f"{self.place(path)}?nope=1", method)

    def _send_without_a_host(self, uri, method):
        answer = self.client.simulate_request(method, uri, extras={"headers": []})
        self.recorder.check(method, uri, answer)
        return answer

    def _send_403(self, path, method):
        return self.send(nowhere(path), method, sec_fetch_site="cross-site")

    def _send_404(self, path, method):
        kind, _ = noun_of(path)
        has_body = kind is not None and method in {"POST", "PUT"}
        body = body_of(kind) if has_body else self._body("", "PATCH")
        return self.send(nowhere(path), method, body)

    def _send_406(self, path, method):
        return self.send(nowhere(path), method, accept="image/png")

    def _send_412(self, path, method):
        uri = self.place(path)
        if method == "POST":
            return self.send(
                uri, method, self.to_make(path, method)[1], if_match=_STALE
            )
        body = self._body(uri, method) if method in {"PUT", "PATCH"} else None
        return self.send(uri, method, body, if_match=_STALE)

    def _send_413(self, path, method):
        text = " " * (1024 * 1024 + 1)
        return self.send(self.place(path), method, text, content_type=_JSON)

    def _send_414(self, path, method):
        return self.send(f"{nowhere(path)}?{'x' * 2049}", method)

    def _send_415(self, path, method):
        return self.send(self.place(path), method, "{}", content_type="image/png")

    def _send_421(self, path, method):
        uri = nowhere(path)
        answer = self.asking.simulate_request(method, uri, host="elsewhere.example")
        self.recorder.check(method, uri, answer)
        return answer

    def _send_422(self, path, method):
        uri, body = self._to_write(path, method)
        key = f"key-{next(_numbers)}"
        self.send(uri, method, body, idempotency_key=key)
        return self.send(uri, method, {"other": 1}, idempotency_key=key)

    def _to_write(self, path, method):
        """Where something can be written by the method, and the body to do it."""
        kind, _ = noun_of(path)
        if method == "POST" or (kind.is_offered and method == "PUT"):
            return self.to_make(path, method)
        uri = self.fresh(path)
        return uri, self._body(uri, method)

    def _send_428(self, path, method):
        kind, _ = noun_of(path)
        if kind.is_offered:
            return self._send_201(path, method)
        uri = self.fresh(path)
        body = self._body(uri, "PUT")
        if kind.is_single:
            self.client.put(uri, body)
        return self.send(uri, method, {} if method == "PATCH" else body)

    def _send_431(self, path, method):
        return self.send(nowhere(path), method, x_long="x" * 17_000)

    def _send_503(self, path, method):
        DRAINING.has_begun = True
        try:
            return self.send(path, method)
        finally:
            DRAINING.has_begun = False

    def _send_409(self, path, method):
        sending = {
            "PATCH": self._send_a_patch_that_does_not_fit,
            "PUT": self._send_what_may_not_be,
            "DELETE": self._send_removal_of_what_is_needed,
        }
        self._send_twice_at_once(path, method)
        kind, _ = noun_of(path)
        if method != "POST" and [*conflicts(kind, method)]:
            return sending[method](path, method)
        return None

    def _send_twice_at_once(self, path, method):
        """The same request with the same key: the second one while the first runs."""
        uri, body = self._to_write(path, method)
        headers = {"Idempotency-Key": f"key-{next(_numbers)}"}

        async def both():
            async with ASGIConductor(self.client.app) as conductor:
                sending = (
                    conductor.simulate_request(
                        method, uri, json=body, headers=headers, host="localhost"
                    )
                    for _ in range(2)
                )
                return await asyncio.gather(*sending)

        for answer in asyncio.run(both()):
            self.recorder.check(method, uri, answer)
        return answer

    def _send_a_patch_that_does_not_fit(self, path, method):
        patch = json.dumps([{"op": "test", "path": "/created", "value": "never"}])
        media_type = "application/json-patch+json"
        return self.send(self.place(path), method, patch, content_type=media_type)

    def _send_what_may_not_be(self, path, method):
        """A value that stands elsewhere, or what the order's status does not allow."""
        kind, _ = noun_of(path)
        if kind.is_offered:
            uri = self.below(path, make(self.client, kind).headers["location"])
            self.client.put(uri, {})
            return self.send(self._passed(uri), method, {})
        if kind.is_part:
            uri = self.fresh(path)
            body = self._body(uri, method)
            self._place_order(uri)
            return self.send(uri, method, body)
        one, other = self.fresh(path), self.client.get(self.fresh(path)).json
        body = {name: other[name] for name in kind.schema.load_fields}
        return self.send(one, method, body)

    def _passed(self, step):
        """The cancellation of a draft: it can't happen."""
        draft = make(self.client, kind_named("order")).headers["location"]
        uri = re.sub(r"/orders/\d+", draft, step)
        if step.startswith("/customers"):
            uri = self.below(_SECOND, uri.partition(draft)[1] + uri.partition(draft)[2])
        return uri

    def _place_order(self, uri):
        order = re.search(r"/orders/\d+", uri)[0]
        assert self.client.put(f"{order}/placement", {}).status_code == 201

    def _send_removal_of_what_is_needed(self, path, method):
        kind, _ = noun_of(path)
        uri = self.fresh(path)
        if kind.is_part or kind.name == "order":
            if not kind.is_part:
                order = re.search(r"/orders/\d+", uri)[0]
                lineitem(self.client, self.client.get(order).json)
            self._place_order(uri)
            return self.send(uri, method)
        number = int(uri.rpartition("/")[2])
        for user in KINDS:
            for member, model in user.model.references.items():
                if model is kind.model and user.name == "order":
                    self.client.post(f"{uri}/orders", {})
                elif model is kind.model:
                    make(self.client, user, **{member: number})
        return self.send(uri, method)


def noun_of(path):
    """The noun that a path belongs to, if any, and whether it is a collection."""
    name = _NAMES.get(path) or _NAMES[path.removeprefix("/customers/{customer}")]
    for kind in KINDS:
        if name == kind.name:
            return kind, False
        if name in {kind.plural, kind.opened_at}:
            return kind, True
    return None, False


def filled(path, values):
    """The path with its keys filled in."""
    return re.sub(r"\{(\w+)\}", lambda key: values[key[1]], path)


def nowhere(path):
    """The path with keys that nothing has."""
    return re.sub(
        r"\{(\w+)\}",
        lambda key: "-" if key[1] in {"task", "item"} else "999999",
        path,
    )


def as_form(members):
    """Members as a form sends them."""
    fields = []
    for name, value in members.items():
        if isinstance(value, list):
            fields += [(name, each) for each in value]
        elif isinstance(value, bool | dict):
            fields.append((name, json.dumps(value)))
        elif value is not None:
            fields.append((name, str(value)))
    return urlencode(fields)

"""Holds answers against the service's own OpenAPI description, and notes them."""

import json
import re
import tempfile
from functools import lru_cache
from urllib.parse import parse_qs, unquote

import jsonschema_rs
from falcon.testing import TestClient

from api.app import create_app
from api.roles import ANYONE
from api.settings import Settings
from api.uris import FIXED_PATHS, SUFFIXES

DEFAULT = frozenset({408, 500, 501, 503})
"""The statuses that `default` stands for."""
_ROLES = frozenset({401, 403, 429})
"""What only who has a role can meet, so that an open service does not describe it."""
_UNTOLD = frozenset({"content-type", "content-length", "date"})
_SET = frozenset({"ratelimit", "ratelimit-policy", "server-timing"})
"""Header fields that only settings bring about."""
_WHOLE = "urn:description"


class Recorder:
    """One description, and which of its operations were met with which status."""

    def __init__(self, description):
        self.description = description
        self.met = set()
        self._registry = jsonschema_rs.Registry([(_WHOLE, description)])
        self._validators = {}
        self._good = set()
        # A path without keys goes before one whose keys would fit it too.
        self._paths = [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path)
            for path in sorted(description["paths"], key=lambda path: path.count("{"))
        ]

    def documented(self):
        """Every path, method and status that the description tells."""
        for path, item in self.description["paths"].items():
            for method, operation in item.items():
                for status in operation["responses"]:
                    yield path, method, status

    def check(self, method, path, answer):
        """Make sure that the answer is one that the description promises."""
        template = self.template_of(path)
        if template is None:
            return
        operation = self.description["paths"][template].get(method.lower())
        if operation is None:
            assert answer.status_code >= 400, (method, path)
            return
        status = answer.status_code
        told = operation["responses"].get(str(status))
        if told is None and status in DEFAULT | _ROLES:
            told = operation["responses"]["default"]
        assert told is not None, (method, template, status, answer.text[:300])
        self.met.add((template, method.lower(), str(status)))
        self._check_fields(self.resolved(told), method, answer)

    def template_of(self, path):
        """The path's template among those of the description, or None."""
        path = unquote(path.partition("?")[0])
        if path not in FIXED_PATHS and path.endswith(SUFFIXES):
            path = path.rpartition(".")[0]
        fitting = (path_ for pattern, path_ in self._paths if pattern.fullmatch(path))
        return next(fitting, None)

    def _check_fields(self, told, method, answer):
        declared = {name.lower(): each for name, each in told["headers"].items()}
        for name, value in answer.headers.items():
            # What pages of other sites may do is the business of browsers.
            if name in _SET:
                continue
            if name not in _UNTOLD and not name.startswith("access-control-"):
                assert name in declared, (name, value)
                self._check_value(self.resolved(declared[name])["schema"], value)
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if media_type:
            assert media_type in told["content"], (media_type, list(told["content"]))
        else:
            assert not answer.content
        if media_type.endswith("json") and "ndjson" not in media_type:
            self._check_json(told["content"][media_type]["schema"], method, answer)

    def _check_json(self, schema, method, answer):
        if method == "HEAD":
            return
        validator = self.validator(schema)
        key = (id(validator), answer.content)
        if key not in self._good:
            value = json.loads(answer.content)
            faults = [
                f"{each.instance_path}: {each}" for each in validator.iter_errors(value)
            ]
            assert not faults, (faults[:3], answer.text[:1000])
            self._good.add(key)

    def _check_value(self, schema, value):
        key = (id(schema), value)
        if key not in self._good:
            if schema.get("type") == "integer":
                value = int(value)
            assert self.validator(schema).is_valid(value), (schema, value)
            self._good.add(key)

    def validator(self, schema):
        """What judges values by a schema of the description."""
        # It is a part of the description, which lives as long as this.
        found = self._validators.get(id(schema))
        if found is None:
            text = json.dumps(schema).replace('"#/', f'"{_WHOLE}#/')
            found = self._validators[id(schema)] = jsonschema_rs.Draft202012Validator(
                json.loads(text), registry=self._registry, validate_formats=True
            )
        return found

    def resolved(self, told):
        """What is told, or what it refers to."""
        while "$ref" in told:
            found = self.description
            for step in told["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            told = found
        return told


async def anyone(_req):
    """Whoever asks may do everything."""
    return ANYONE


@lru_cache(maxsize=3)
def recorder(*, is_strict=False, auth="open"):
    """The recorder of a service where every change must be conditional, or need not."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{folder}/none.db",
            access_log=False,
            require_if_match=is_strict,
            auth=auth,
        )
        app = create_app(settings, anyone)
        answer = TestClient(app).simulate_get("/openapi.json", host="localhost")
    return Recorder(answer.json)


def record(method, path, answer, body=None):
    """Hold the answer against the description; a form may mean another method."""
    is_guarded = "Authorization" in answer.headers.get("vary", "")
    found = recorder(
        is_strict=answer.status_code == 428, auth="token" if is_guarded else "open"
    )
    text = body.decode("latin-1") if isinstance(body, bytes) else body
    if method == "POST" and isinstance(text, str) and "_method=" in text:
        meant = parse_qs(text).get("_method", [method])[-1]
        operation = found.description["paths"].get(found.template_of(path) or "", {})
        method = meant if meant.lower() in operation else method
    found.check(method, path, answer)

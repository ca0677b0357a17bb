"""What a client sent as a noun's members, checked against its schema."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from marshmallow import ValidationError

from api.errors import Fault, InvalidBody
from api.hypermedia.document import JsonValue, is_same
from schemas.base import REQUIRED, NounSchema

_HYPERMEDIA = {"_links", "_embedded", "_templates"}


@dataclass(frozen=True, slots=True)
class Draft:
    """Loaded values; the server's own members that were sent back; what was left out.

    `missing` are members that are required unless something stands there already.
    """

    values: dict[str, Any]
    fixed: Mapping[str, JsonValue]
    missing: frozenset[str] = frozenset()

    def for_new(self) -> dict[str, Any]:
        """The values of something that does not exist yet.

        Raises:
            InvalidBody: a member is missing, or is the server's to set.
        """
        faults = [
            Fault("The server sets this member.", "fixed", pointer=f"/{name}")
            for name in self.fixed
        ]
        faults += [_required(name) for name in sorted(self.missing)]
        if faults:
            raise _invalid(faults)
        return self.values

    def for_present(self, present: Mapping[str, JsonValue]) -> dict[str, Any]:
        """The values that replace the present members.

        Raises:
            InvalidBody: a member that only the server sets was changed.
        """
        faults = [
            Fault(f"It is {present[name]!r} and stays so.", "fixed", pointer=f"/{name}")
            for name, value in self.fixed.items()
            if not is_same(value, present[name])
        ]
        if faults:
            raise _invalid(faults)
        return {**self.values, **{name: present[name] for name in self.missing}}


def draft_of(
    schema: NounSchema,
    members: Mapping[str, JsonValue],
    *,
    keeps: frozenset[str] = frozenset(),
    key: tuple[str, str] | None = None,
) -> Draft:
    """The members as a draft; those in `keeps` may be missing.

    `key` is the name and value of the key that the path gives, if it does.

    Raises:
        InvalidBody: members are unknown, missing or wrong; names them all.
    """
    sent = {name: value for name, value in members.items() if name not in _HYPERMEDIA}
    owned = {name: sent.pop(name) for name in schema.owned & sent.keys()}
    fixed = {name: value for name, value in owned.items() if name in schema.fixed}
    if key is not None:
        sent.setdefault(*key)
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    try:
        values = schema.load(sent, partial=tuple(keeps))
    except ValidationError as ex:
        faults += _faults(ex.messages, schema)
    if key is not None and sent[key[0]] != key[1]:
        faults.append(Fault(f"It is {key[1]!r} here.", "fixed", pointer=f"/{key[0]}"))
    if faults:
        raise _invalid(faults)
    return Draft(values, fixed, keeps - values.keys())


def _faults(messages: Any, schema: NounSchema, pointer: str = "") -> Iterator[Fault]:
    """The faults of marshmallow's errors, which are nested as the body is."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            step = str(name).replace("~", "~0").replace("/", "~1")
            yield from _faults(inner, schema, f"{pointer}/{step}")
        return
    for message in messages:
        code = getattr(message, "code", "invalid")
        detail = str(message)
        if code == "unknown":
            detail += _meant(pointer.removeprefix("/"), schema)
        yield Fault(detail, code, pointer=pointer)


def _meant(name: str, schema: NounSchema) -> str:
    near = get_close_matches(name, schema.load_fields, n=1)
    if near:
        return f" Did you mean {near[0]!r}?"
    known = ", ".join(schema.load_fields)
    return f" There are {known}." if known else " None is taken here."


def _required(name: str) -> Fault:
    return Fault(str(REQUIRED), REQUIRED.code, pointer=f"/{name}")


def _invalid(faults: list[Fault]) -> InvalidBody:
    named = ", ".join(fault.pointer or "" for fault in faults)
    return InvalidBody(f"These members are wrong: {named}.", faults=faults)

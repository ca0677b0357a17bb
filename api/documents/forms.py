"""Forms from the declarations that the service runs on: schemas, rules and roles.

A form sends each value as text (`application/x-www-form-urlencoded`), so that a client
needs to know no types: yes and no are `true` and `false`, a list has a text a line, a
blank field is one that is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from marshmallow import fields, missing

from api.documents import KINDS, children_of
from api.documents.kind import Kind
from api.hypermedia.document import (
    Difference,
    Field,
    Form,
    JsonValue,
    Member,
    Option,
    Source,
)
from api.models.base import Known
from api.roles import Rights
from api.storage.query import DEFAULT_LIMIT, LARGEST_LIMIT
from api.uris import Uris
from schemas.limits import Limits, limits_of

_TYPES: Mapping[Member, str] = {Member.NUMBER: "number", Member.TIME: "date"}
_TRUTH = (Option("yes", "true"), Option("no", "false"))
_KIND_OF = {kind.model: kind for kind in KINDS}
_encode = msgspec.json.Encoder().encode


class Forms:
    """Makes the forms of documents below one mount prefix, for one sort of callers.

    All that does not depend on a row is made once.
    """

    def __init__(self, uris: Uris, rights: Rights) -> None:
        self._uris = uris
        self._rights = rights
        self._fields = {kind: tuple(self._fields_of(kind)) for kind in KINDS}
        self._searches = {
            kind: tuple(_search_fields(kind)) for kind in KINDS if not kind.is_single
        }

    def of_member(self, kind: Kind, row: Any, methods: Sequence[str]) -> list[Form]:
        """What may be done with one of the noun by the methods, and made inside it."""
        href = self._uris.href(kind.name, *kind.keys_of(row))
        forms = [*self._of_steps(kind, row)]
        forms += self._of_children(kind, row)
        if "PUT" in methods:
            edited = self._with_values(kind, row)
            if edited is not None:
                # To replace is the likeliest where nothing else moves a thing on.
                title = f"Edit the {kind.label}"
                forms.insert(0, Form("edit", title, "PUT", href, edited, href))
        if "PATCH" in methods:
            optional = tuple(
                msgspec.structs.replace(each, is_required=False, value=None)
                for each in self._own(kind)
            )
            title = f"Change some of the {kind.label}"
            forms.append(Form("change", title, "PATCH", href, optional, href))
        if "DELETE" in methods:
            word = "Reset" if kind.is_single else "Delete"
            title, back = f"{word} the {kind.label}", self._left(kind, row)
            forms.append(Form("delete", title, "DELETE", href, back=back))
        return forms

    def of_collection(
        self, kind: Kind, keys: Sequence[Any], methods: Sequence[str]
    ) -> list[Form]:
        """What may be added to a collection, and how to search it."""
        href = self._uris.href(kind.opened_at if keys else kind.plural, *keys)
        forms = [self._creation(kind, href)] if "POST" in methods else []
        return [*forms, self.search(kind, href)]

    def of_root(self, kind: Kind) -> list[Form]:
        """How to search the noun that the root searches."""
        return [self.search(kind, self._uris.href(kind.plural))]

    def search(self, kind: Kind, href: str) -> Form:
        """The form that searches the noun's collection at the href."""
        title = f"Search {kind.label_of_many}"
        return Form("search", title, "GET", href, self._searches[kind])

    def sent(
        self,
        kind: Kind,
        method: str,
        href: str,
        values: Mapping[str, str],
        back: str | None,
    ) -> Form:
        """The form of a request that was sent with the values, to be sent again."""
        own = self._fields[kind] if method == "POST" else self._own(kind)
        title = f"Correct the {kind.label}"
        if method == "DELETE":
            own, title = (), f"Delete the {kind.label} as it is now"
        return Form(
            "again",
            title,
            method,
            href,
            tuple(
                msgspec.structs.replace(each, value=values.get(each.name))
                for each in own
            ),
            back,
        )

    def differences(
        self, kind: Kind, row: Any, values: Mapping[str, str]
    ) -> Iterator[Difference]:
        """The members that the values would make otherwise than the row has them."""
        state = kind.dump(row)
        for each in self._own(kind):
            present = _written(state[each.name], kind.shape.members[each.name]) or ""
            wanted = values.get(each.name, present)
            if wanted.replace("\r\n", "\n") != present:
                yield Difference(each.prompt, wanted, present)

    def _left(self, kind: Kind, row: Any) -> str:
        """Where one stands whose row is gone: at the whole, or among the others."""
        keys = kind.keys_of(row)
        if kind.is_single:
            return self._uris.href(kind.name, *keys)
        if kind.is_part and kind.parent is not None:
            return self._uris.href(kind.parent.name, *keys[:-1])
        return self._uris.href(kind.plural, *keys[:-1])

    def _creation(self, kind: Kind, href: str, back: str | None = None) -> Form:
        title = f"New {kind.label}"
        return Form(kind.name, title, "POST", href, self._fields[kind], back)

    def _of_children(self, kind: Kind, row: Any) -> Iterator[Form]:
        """What may be added to the collections inside of the row."""
        for child in children_of(kind):
            is_open = not child.is_single and child.model.is_open(
                "POST", Known(parent=row)
            )
            if is_open and self._rights.may("POST", child.access):
                keys = kind.keys_of(row)
                href = self._uris.href(child.opened_at, *keys)
                # Who fills a whole wants to see it grow.
                back = self._uris.href(kind.name, *keys) if child.is_part else None
                yield self._creation(child, href, back)

    def _of_steps(self, kind: Kind, row: Any) -> Iterator[Form]:
        """What may happen to the row next."""
        offered = kind.offers(row) if kind.offers else ()
        for child in children_of(kind):
            if child.name in offered and self._rights.may("PUT", child.access):
                keys = kind.keys_of(row)
                href = self._uris.href(child.name, *keys)
                only = child.only_values(row) if child.only_values else {}
                own = tuple(
                    msgspec.structs.replace(
                        each,
                        value=only[each.name],
                        options=(Option(only[each.name], only[each.name]),),
                    )
                    if each.name in only
                    else each
                    for each in self._fields[child]
                )
                title, back = (
                    child.act or child.label,
                    self._uris.href(kind.name, *keys),
                )
                yield Form(child.name, title, "PUT", href, own, back)

    def _own(self, kind: Kind) -> tuple[Field, ...]:
        """The fields of something that stands: all but its key."""
        return tuple(each for each in self._fields[kind] if each.name != kind.model.key)

    def _with_values(self, kind: Kind, row: Any) -> tuple[Field, ...] | None:
        """The fields with the row's values; None where a form could not carry them."""
        state = kind.dump(row)
        filled = []
        for each in self._own(kind):
            value = state[each.name]
            text = _written(value, kind.shape.members[each.name])
            # Browsers send every line break alike, and a list has a text a line.
            is_torn = each.several and any("\n" in one for one in value)
            if is_torn or (text and "\r" in text):
                return None
            filled.append(msgspec.structs.replace(each, value=text))
        return tuple(filled)

    def _fields_of(self, kind: Kind) -> Iterator[Field]:
        for name, bound in kind.schema.load_fields.items():
            target = kind.model.references.get(name)
            source = None
            if target is not None:
                found = _KIND_OF[target]
                asked = "q" if target.fulltext else f"{target.heading}.contains"
                href = f"{self._uris.template(found.plural)}{{?{asked}}}"
                source = Source(href, target.key, target.heading)
            yield _field(kind, name, bound, source)


def _field(
    kind: Kind, name: str, bound: fields.Field[Any], source: Source | None
) -> Field:
    limits, member = limits_of(bound), kind.shape.members[name]
    several = member is Member.TEXTS
    prompt = prompt_of(name)
    return Field(
        name=name,
        prompt=f"{prompt} (one a line)" if several else prompt,
        type="email" if limits.is_email else _TYPES.get(member, "text"),
        is_required=bound.required,
        pattern=None if limits.pattern is None else f"^(?:{limits.pattern})$",
        low=limits.low,
        high=limits.high,
        step=1 if member is Member.NUMBER else None,
        # The bounds of a list's texts are those of each line.
        shortest=None if several else limits.shortest,
        longest=None if several else limits.longest,
        placeholder=limits.example,
        options=_options(member, limits),
        source=source,
        several=several,
        value=_default(bound, member),
    )


def _options(member: Member, limits: Limits) -> tuple[Option, ...]:
    if member is Member.BOOLEAN:
        return _TRUTH
    return tuple(Option(each, each) for each in limits.choices)


def _default(bound: fields.Field[Any], member: Member) -> str | None:
    if bound.required or bound.load_default is missing or callable(bound.load_default):
        return None
    return _written(bound.load_default, member)


def _written(value: JsonValue, member: Member) -> str | None:
    """How the value is written into a field; None where there is none."""
    if member is Member.FREE:
        return _encode(value).decode()
    if value is None:
        return None
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def prompt_of(name: str) -> str:
    """What people call a member."""
    return name.replace("_", " ").capitalize()


def _search_fields(kind: Kind) -> Iterable[Field]:
    """Full text, filters by equality, order and length of a page."""
    if kind.model.fulltext:
        yield Field(name="q", prompt="Words", type="search")
    for name, member in kind.shape.members.items():
        if member is not Member.FREE:
            bound = kind.schema.fields[name]
            is_time = member is Member.TIME
            yield Field(
                name=f"{name}.gte" if is_time else name,
                prompt=f"{prompt_of(name)} since" if is_time else prompt_of(name),
                type=_TYPES.get(member, "text"),
                pattern=r"^(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,2})?$"
                if member is Member.MONEY
                else None,
                options=_options(member, limits_of(bound)),
            )
    sorts = [
        Option(f"{prompt_of(name)}{', descending' * bool(sign)}", f"{sign}{name}")
        for name in kind.shape.members
        if kind.model.is_sortable(name)
        for sign in ("", "-")
    ]
    yield Field(name="sort", prompt="Order", options=tuple(sorts))
    yield Field(
        name="limit",
        prompt="Rows on a page",
        type="number",
        low=1,
        high=LARGEST_LIMIT,
        step=1,
        value=str(DEFAULT_LIMIT),
    )

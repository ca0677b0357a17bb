"""One HAL document: its state, links, embedded documents and forms."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

from waymark_client.errors import NoSuchForm, NotReadable
from waymark_client.exchange import Response, is_json
from waymark_client.forms import DOES, Field, Template
from waymark_client.link_header import links_in
from waymark_client.links import Json, Link, Links, is_link, joined, link_of
from waymark_client.sending import Session

_RESERVED = frozenset({"_links", "_embedded", "_templates"})


class Bound:
    """Something whose plans a driver runs."""

    driver: Any
    session: Session


class Document(Bound):
    """What a server told of one resource, whole or embedded in another document."""

    # Whoever iterates wants `items()`; `[0]`, `[1]` and so on are no relations.
    __iter__ = None

    def __init__(
        self,
        source: Bound,
        told: Json,
        uri: str,
        response: Response | None = None,
        outer: Links | None = None,
    ) -> None:
        self.driver = source.driver
        self.session = source.session
        self.response = response
        self.told: Json = told
        self.links = Links(told.get("_links"), uri, outer)
        own = self.links.get("self")
        self.uri = own[0].uri() if own and not own[0].is_templated else uri
        if response:
            self.links.added(list(_links_of_header(response)))

    @classmethod
    def of(cls, source: Bound, response: Response) -> Self:
        """The document in the response; without one in JSON it has links of the header.

        Raises:
            NotReadable: the body is no JSON although it says so.
        """
        told: object = {}
        if is_json(response) and response.body:
            try:
                told = json.loads(response.body)
            except ValueError as ex:
                raise NotReadable(f"{response.uri}: the body is no JSON") from ex
        uri = response.uri
        if not response.body and "location" in response.headers:
            uri = joined(uri, response.headers["location"])
        return cls(source, told if isinstance(told, dict) else {}, uri, response)

    @property
    def state(self) -> dict[str, Any]:
        """The members of the resource itself."""
        return {
            name: value for name, value in self.told.items() if name not in _RESERVED
        }

    @property
    def text(self) -> str:
        """The body as it came; empty for an embedded document."""
        return self.response.body.decode(errors="replace") if self.response else ""

    @property
    def etag(self) -> str | None:
        """The version that was read; None for an embedded document."""
        return self.response.headers.get("etag") if self.response else None

    @property
    def templates(self) -> tuple[Template, ...]:
        """The requests that may be made now."""
        told = self.told.get("_templates")
        entries = told if isinstance(told, dict) else {}
        return tuple(
            Template(name, each)
            for name, each in entries.items()
            if isinstance(each, dict)
        )

    @property
    def embedded_rels(self) -> tuple[str, ...]:
        """The relations under which documents are embedded."""
        return tuple(self._embedded_told)

    def embedded(self, rel: str) -> tuple[Self, ...] | None:
        """The documents embedded under the relation; None if there is no such list."""
        known = self._embedded_told
        name = next(
            (each for each in known if rel in {each, self.links.meaning(each)}), None
        )
        if name is None:
            return None
        told = known[name]
        several = told if isinstance(told, list) else [told]
        return tuple(
            type(self)(self, each, self.uri, None, self.links)
            for each in several
            if isinstance(each, dict)
        )

    @property
    def _embedded_told(self) -> Mapping[str, Any]:
        told = self.told.get("_embedded")
        return told if isinstance(told, dict) else {}

    @property
    def item_rel(self) -> str | None:
        """The relation of what a collection holds: `item`, or the only list."""
        if "item" in self._embedded_told or "item" in self.links:
            return "item"
        lists = [
            rel for rel, told in self._embedded_told.items() if isinstance(told, list)
        ]
        return lists[0] if len(lists) == 1 else None

    def template(self, name: str | None = None) -> Template:
        """The form of that name; without one the default form, or else the first.

        A name is the form's key; or else a relation, for the form that is sent where it
        leads; or else `new`, `edit`, `change`, `delete` or `search`, for the form that
        does so to this very document: with POST, PUT, PATCH, DELETE or GET.

        Raises:
            NoSuchForm: nothing of the kind is offered now, or several are.
        """
        known = {each.name: each for each in self.templates}
        if name is None:
            found = [known["default"]] if "default" in known else [*known.values()][:1]
        elif name in known:
            found = [known[name]]
        else:
            found = self._sent_where(name) or self._doing(name)
        if len(found) == 1:
            return found[0]
        those = ", ".join(
            f"{each.name} ({each.title})" for each in found or known.values()
        )
        much = "several forms are" if found else "no form"
        raise NoSuchForm(f"{much} {name or 'default'!r}: there are {those or 'none'}")

    def _sent_where(self, rel: str) -> list[Template]:
        links = [each for each in self.links.get(rel, ()) if not each.is_templated]
        places = {_place(each.uri()) for each in links}
        return [
            each for each in self.templates if _place(self.target_of(each)) in places
        ]

    def _doing(self, word: str) -> list[Template]:
        return [
            each
            for each in self.templates
            if each.method == DOES.get(word)
            and _place(self.target_of(each)) == _place(self.uri)
        ]

    def target_of(self, template: Template) -> str:
        """The absolute URI where the form is sent."""
        return joined(self.uri, template.target or "")

    def source_of(self, field: Field) -> Link | None:
        """The link to what can be chosen for the field, where it stands elsewhere."""
        told = field.source
        return link_of("options", told, self.uri) if told and "href" in told else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.uri}>"


D_co = TypeVar("D_co", bound=Document, covariant=True)


class BoundForm(Bound, Generic[D_co]):
    """A form of a document, to be filled in and sent."""

    def __init__(self, here: D_co, template: Template) -> None:
        self.driver = here.driver
        self.session = here.session
        self.here = here
        self.template = template

    @property
    def fields(self) -> dict[str, Field]:
        """The members that may be sent, by name."""
        return {each.name: each for each in self.template.fields}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.template.name}: {self.template.title}>"


class Start(Bound, Generic[D_co]):
    """Where a client begins: it knows one URI, and nothing has been read yet."""

    document_class: type[D_co]


def _place(uri: str) -> str:
    """The URI without its query: a page is of its collection."""
    return uri.partition("?")[0]


def _links_of_header(response: Response) -> Iterator[Link]:
    for rel, href, parameters in links_in(response.headers.get("link", "")):
        told = {**parameters, "href": href}
        if is_link(told):
            yield link_of(rel, told, response.uri)

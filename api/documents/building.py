"""Documents from stored rows: members, pages and the root, with all their links."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from api.documents import KINDS, children_of
from api.documents.forms import Forms
from api.documents.kind import Kind, Linker
from api.hypermedia import relations
from api.hypermedia.document import (
    NOTHING,
    Document,
    Link,
    Links,
    Member,
    Row,
    Shape,
    Site,
)
from api.roles import EVERYTHING, Rights
from api.storage.counters import Count
from api.storage.cursors import encode_cursor
from api.storage.pages import EMBEDDED_LIMIT, Page, Total, position_behind
from api.storage.query import (
    END,
    START,
    CollectionQuery,
    MemberQuery,
    Position,
)
from api.uris import Uris, encode_query

_EVERYTHING = MemberQuery()
_COUNTED = Shape(
    {"total": Member.NUMBER, "total_kind": Member.TEXT, "count": Member.NUMBER}
)
_UNCOUNTED = Shape({"count": Member.NUMBER})
_PAGING = ("sort", "limit", "cursor", "fields")
_STREAMED = (relations.SELF, relations.UP, relations.SEARCH, relations.ALTERNATE)
PAGE = "page"
EXCERPT = "excerpt"
ROOT = "root"
"""What names the schemas of pages, of documents with some members, of the root."""


class Builder:
    """Makes documents whose links stand below one mount prefix.

    `suffixes` gives the media type that each suffix of a path asks for, `streams` that
    of those which only collections have; documents offer what the `rights` allow. What
    documents of a noun share is made once, so a builder should be kept.
    """

    def __init__(
        self,
        uris: Uris,
        suffixes: Mapping[str, str],
        streams: Mapping[str, str],
        rights: Rights = EVERYTHING,
    ) -> None:
        self.uris = uris
        self.forms = Forms(uris, rights)
        self._site = site_of(uris)
        self._rights = rights
        self._suffixes = tuple(suffixes.items())
        self._streams = tuple(streams.items())
        self._curies = [curie(uris)]
        self._makers = {kind: uris.maker(kind.name) for kind in KINDS}
        self._linkers = {kind: self._linker(kind) for kind in KINDS}
        self._searches = {kind: _search_variables(kind) for kind in KINDS}

    def with_rights(self, rights: Rights) -> "Builder":
        """The same for callers who may do something else."""
        suffixes, streams = dict(self._suffixes), dict(self._streams)
        return Builder(self.uris, suffixes, streams, rights)

    def member(
        self, kind: Kind, row: Any, query: MemberQuery = _EVERYTHING
    ) -> Document:
        """One of the noun; the query may keep some members only, and always the key."""
        state = kind.dump(row)
        links = self._linkers[kind](row)
        shape = shape_of(kind, query)
        if shape is kind.shape:
            return Document(state, shape, links, site=self._site)
        state = {name: state[name] for name in shape.members}
        links = {**links, relations.DESCRIBEDBY: self.schema(f"{kind.slug}-{EXCERPT}")}
        return Document(state, shape, links, site=self._site)

    def page(
        self,
        kind: Kind,
        keys: Sequence[Any],
        query: CollectionQuery,
        page: Page,
        total: Total | None,
    ) -> Document:
        """A page of the collection at the keys; without a total it is not told."""
        name = kind.opened_at if keys else kind.plural
        path = self.uris.href(name, *keys)
        members = self.members(kind, page.rows, query.member)
        state: dict[str, Any] = {}
        if total is not None:
            state["total"] = total.number
            state["total_kind"] = "exact" if total.is_exact else "at_least"
        state["count"] = len(members)
        return Document(
            state,
            _UNCOUNTED if total is None else _COUNTED,
            self._page_links(kind, keys, path, query, page),
            {relations.ITEM: members},
            site=self._site,
            inner=shape_of(kind, query.member),
        )

    def embedded_page(
        self, kind: Kind, keys: Sequence[Any], rows: Sequence[Any], count: Count
    ) -> Document:
        """The beginning of a nested collection, to stand inside its parent.

        `rows` holds one more than is shown where there is a next page.
        """
        shown = rows[:EMBEDDED_LIMIT]
        path = self.uris.href(kind.opened_at, *keys)
        links: Links = {
            relations.SELF: Link(path),
            relations.DESCRIBEDBY: self.schema(f"{kind.slug}-{PAGE}"),
        }
        if len(rows) > EMBEDDED_LIMIT:
            behind = position_behind(kind.model, shown[-1])
            cursor = encode_cursor(kind.model, CollectionQuery().selection, behind)
            links[relations.NEXT] = Link(path + encode_query([("cursor", cursor)]))
        state: dict[str, Any] = {
            "total": count.total,
            "total_kind": "exact",
            "count": len(shown),
        }
        members = self.members(kind, shown)
        return Document(state, _COUNTED, links, {relations.ITEM: members})

    def root(self) -> Document:
        """Where every walk begins: links to each collection and to one of each noun."""
        uris = self.uris
        links: Links = {
            relations.SELF: Link(uris.href("root")),
            relations.CURIES: self._curies,
            relations.DESCRIBEDBY: self.schema(ROOT),
        }
        seen = [kind for kind in KINDS if self._rights.may("GET", kind.access)]
        for kind in seen:
            if kind.stands_alone:
                name = kind.name if kind.is_single else kind.plural
                links[kind.relation] = Link(uris.href(name))
        for kind in _top_level(seen):
            template = uris.template(kind.plural) + f"/{{{kind.model.key}}}"
            links[kind.member_relation] = Link(template, templated=True)
        searched = next(kind for kind in _top_level(KINDS) if kind.model.fulltext)
        forms = self.forms.of_root(searched)
        links[relations.SEARCH] = Link(
            uris.template(searched.plural) + "{?q}", templated=True
        )
        return Document({}, NOTHING, links, forms=tuple(forms), site=self._site)

    def described(
        self, path: str, state: Mapping[str, Any], shape: Shape, schema: str
    ) -> Document:
        """A description at the path; the schema of the name describes it in turn."""
        links: Links = {
            relations.SELF: Link(path),
            relations.UP: Link(self.uris.href("root")),
            relations.ALTERNATE: self._alternates(path),
            relations.DESCRIBEDBY: self.schema(schema),
        }
        return Document(state, shape, links, site=self._site)

    def schema(self, name: str) -> Link:
        """The link to the JSON Schema of the name."""
        return Link(self.uris.href("schema", name))

    def members(
        self, kind: Kind, rows: Sequence[Any], query: MemberQuery = _EVERYTHING
    ) -> list[Document]:
        """Several of the noun, in the order of the rows."""
        if query.fields is not None:
            return [self.member(kind, row, query) for row in rows]
        dump, shape, link = kind.dump, kind.shape, self._linkers[kind]
        return [Document(dump(row), shape, link(row)) for row in rows]

    def rows(
        self, kind: Kind, rows: Sequence[Any], query: MemberQuery = _EVERYTHING
    ) -> list[Row]:
        """What a stream tells of several of the noun, in the order of the rows."""
        dump, own, keys = kind.dump, self._makers[kind], itemgetter(*kind.key_places)
        if query.fields is None:
            return [(own(keys(row)), dump(row)) for row in rows]
        names = shape_of(kind, query).members
        return [
            (own(keys(row)), {name: state[name] for name in names})
            for row in rows
            for state in (dump(row),)
        ]

    def stream_links(
        self, kind: Kind, keys: Sequence[Any], query: CollectionQuery
    ) -> Links:
        """The links of all that the query asks for, which has no pages."""
        path = self.uris.href(kind.opened_at if keys else kind.plural, *keys)
        links = self._page_links(kind, keys, path, query, Page((), None, None))
        return {rel: links[rel] for rel in _STREAMED}

    def _page_links(
        self,
        kind: Kind,
        keys: Sequence[Any],
        path: str,
        query: CollectionQuery,
        page: Page,
    ) -> Links:
        given = path + encode_query(list(query.parameters))
        mark = "&" if query.parameters else "?"

        def at(position: Position) -> Link:
            cursor = encode_cursor(kind.model, query.selection, position)
            return Link(f"{given}{mark}cursor={cursor}")

        first = Link(given)
        is_first = query.position == START
        links: Links = {
            relations.SELF: first if is_first else at(query.position),
            relations.FIRST: first,
        }
        if page.before is not None:
            links[relations.PREV] = at(page.before)
        if page.behind is not None:
            links[relations.NEXT] = at(page.behind)
        links[relations.LAST] = at(END)
        links[relations.UP] = self._up(kind, keys)
        links[relations.SEARCH] = Link(path + self._searches[kind], templated=True)
        own = links[relations.SELF]
        asked = own.href.removeprefix(path) if isinstance(own, Link) else ""
        alternates = self._alternates(path, asked)
        if not query.member.embed:
            # Nothing stands inside of what is streamed.
            alternates += _offered(self._streams, path, asked)
        links[relations.ALTERNATE] = alternates
        links[relations.DESCRIBEDBY] = self.schema(f"{kind.slug}-{PAGE}")
        return links

    def _up(self, kind: Kind, keys: Sequence[Any]) -> Link:
        if kind.parent is None or not keys:
            return Link(self.uris.href("root"))
        return Link(self.uris.href(kind.parent.name, *keys))

    def _alternates(self, path: str, query: str = "") -> list[Link]:
        return _offered(self._suffixes, path, query)

    def _linker(self, kind: Kind) -> Linker:
        """A function from a row to all its links, compiled once for the noun.

        A page has some hundred links; building them by loops takes twice the time.
        """
        uris = self.uris
        keys = [f"row[{place}]" for place in kind.key_places]
        names: dict[str, Any] = {
            "Link": Link,
            "curies": self._curies,
            "described": self.schema(kind.slug),
            "own": uris.maker(kind.name),
            "particular": kind.linker(uris) if kind.linker else None,
        }
        links = ["'self': Link(href)", *self._upward(kind, keys, names)]
        nested = children_of(kind)
        if nested:
            links.append("'curies': curies")
        for child in nested:
            if not child.is_offered:
                ending = self._ending(child)
                links.append(f"{child.relation!r}: Link(href + {ending!r})")
        if kind.offers:
            names["offered"] = self._offering(kind)
            links.append("**offered(row, href)")
        if kind.linker:
            links.append("**particular(row)")
        alternates = [
            f"Link(href + {suffix!r}, False, {media_type!r})"
            for suffix, media_type in self._suffixes
        ]
        links.append(f"'alternate': [{', '.join(alternates)}]")
        links.append("'describedby': described")
        source = (
            f"def link(row):\n  href = own(({''.join(f'{key}, ' for key in keys)}))\n"
            f"  return {{{', '.join(links)}}}\n"
        )
        # The source holds names of our own declarations only.
        exec(source, names)  # noqa: S102
        link: Linker = names["link"]
        return link

    def _upward(
        self, kind: Kind, keys: Sequence[str], names: dict[str, Any]
    ) -> Iterator[str]:
        """The sources of the links to what a row is part of, and the names in them."""
        uris = self.uris
        if kind.parent is None or kind.stands_alone:
            shared = "up" if kind.is_single else "collection"
            path = "root" if kind.is_single else kind.plural
            names["shared"] = Link(uris.href(path))
            yield f"{shared!r}: shared"
            return
        above = ", ".join(keys if kind.is_single else keys[:-1])
        names["above"] = uris.maker(kind.parent.name)
        if not kind.is_single:
            names["among"] = uris.maker(kind.plural)
            yield f"'collection': Link(among(({above},)))"
        yield f"'up': Link(above(({above},)))"

    def _ending(self, child: Kind) -> str:
        """What the path of a nested noun adds to the path of its parent."""
        parent: Any = child.parent
        template = self.uris.template(child.opened_at)
        return template.removeprefix(self.uris.template(parent.name))

    def _offering(self, kind: Kind) -> Callable[[Any, str], Links]:
        """A function from a row and its href to the links that it offers now."""
        offers: Any = kind.offers
        endings = {
            child.name: (child.relation, self._ending(child))
            for child in children_of(kind)
            if child.is_offered and self._rights.may("PUT", child.access)
        }

        def offered(row: Any, href: str) -> Links:
            return {
                endings[name][0]: Link(href + endings[name][1])
                for name in offers(row)
                if name in endings
            }

        return offered


def site_of(uris: Uris) -> Site:
    """Where pages for people find what all of them share."""
    return Site(uris.href("root"), uris.href("stylesheet"), uris.href("script"))


def curie(uris: Uris) -> Link:
    """The link that tells where our own relations are described."""
    return Link(uris.template("relation"), templated=True, name=relations.PREFIX)


def shape_of(kind: Kind, query: MemberQuery) -> Shape:
    """The shape of one of the noun, of which the query may keep some members only."""
    return kind.shape if query.fields is None else _sparse(kind, query.fields)


def _offered(suffixes: Iterable[tuple[str, str]], path: str, query: str) -> list[Link]:
    return [
        Link(path + suffix + query, type=media_type) for suffix, media_type in suffixes
    ]


def _top_level(kinds: Iterable[Kind]) -> Iterable[Kind]:
    return (kind for kind in kinds if kind.stands_alone and not kind.is_single)


def _search_variables(kind: Kind) -> str:
    """The template of a collection's query: full text, filters by equality, paging."""
    names = ["q"] if kind.model.fulltext else []
    names += [
        name for name, member in kind.shape.members.items() if member is not Member.FREE
    ]
    return f"{{?{','.join([*names, *_PAGING])}}}"


@lru_cache(maxsize=1024)
def _sparse(kind: Kind, names: frozenset[str]) -> Shape:
    return kind.shape.only(names | {kind.model.key})

"""Links of HAL: one or many for a relation, absolute or relative, or templated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import urljoin, urlsplit

from waymark_client.errors import NoSuchLink, NotReadable, WaymarkError
from waymark_client.templates import EXPRESSION, expand

Json = Mapping[str, Any]
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Link:
    """Where a document leads; `base` is what a relative href is resolved against."""

    rel: str
    href: str
    base: str
    is_templated: bool = False
    type: str | None = None
    title: str | None = None
    name: str | None = None
    profile: str | None = None
    hreflang: str | None = None
    deprecation: str | None = None

    def uri(self, variables: Mapping[str, object] | None = None) -> str:
        """The absolute URI, a template expanded.

        Raises:
            TemplateFault: a variable of the path is missing.
        """
        href = expand(self.href, variables or {}) if self.is_templated else self.href
        return joined(self.base, href)


class Links(Mapping[str, tuple[Link, ...]]):
    """The links of one document by relation, and what its short relations mean."""

    def __init__(self, told: object, base: str, outer: "Links | None" = None) -> None:
        entries = told if isinstance(told, dict) else {}
        self._base = base
        self._by_rel = {
            rel: found
            for rel, target in entries.items()
            if (found := tuple(self._read(rel, target)))
        }
        self.curies: dict[str, Link] = dict(outer.curies) if outer else {}
        for each in self._by_rel.get("curies", ()):
            if each.name:
                self.curies[each.name] = each

    def __getitem__(self, rel: str) -> tuple[Link, ...]:
        """The links of the relation, found by its short name or its full URI.

        Raises:
            NoSuchLink: the document does not lead there.
        """
        for each in (rel, *(own for own in self._by_rel if self.meaning(own) == rel)):
            if each in self._by_rel:
                return self._by_rel[each]
        raise NoSuchLink(f"no link {rel!r}: there are {', '.join(self._by_rel)}")

    def __contains__(self, rel: object) -> bool:
        return rel in self._by_rel or any(
            self.meaning(own) == rel for own in self._by_rel
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_rel)

    def __len__(self) -> int:
        return len(self._by_rel)

    def one(self, rel: str, name: str | None = None) -> Link:
        """The first link of the relation, one that is not deprecated if possible.

        Raises:
            NoSuchLink: there is none, or none of that name.
        """
        found = [each for each in self[rel] if name in {None, each.name}]
        if not found:
            raise NoSuchLink(f"no link {rel!r} is named {name!r}")
        return min(found, key=lambda each: each.deprecation is not None)

    def meaning(self, rel: str) -> str:
        """The full URI of a short relation; any other relation as it is."""
        prefix, colon, reference = rel.partition(":")
        if not colon or prefix not in self.curies:
            return rel
        try:
            return self.curies[prefix].uri({"rel": reference})
        except WaymarkError:
            # A curie with other variables than `rel` gives nothing a meaning.
            return rel

    def is_resolved(self, rel: str) -> bool:
        """Whether the relation is registered, a URI, or a short one with a meaning."""
        prefix, colon, _ = rel.partition(":")
        return not colon or prefix in self.curies or "//" in rel

    def added(self, links: "list[Link]") -> None:
        """Take in links told elsewhere, of relations that the body does not tell."""
        own = set(self._by_rel)
        for each in links:
            if each.rel not in own:
                self._by_rel[each.rel] = (*self._by_rel.get(each.rel, ()), each)

    def _read(self, rel: str, target: object) -> Iterator[Link]:
        for each in target if isinstance(target, list) else [target]:
            told = {"href": each} if isinstance(each, str) else each
            if is_link(told):
                yield link_of(rel, told, self._base)


def is_link(told: object) -> TypeGuard[Json]:
    """Whether it is a link object whose href is a reference or a template."""
    if not isinstance(told, dict) or not isinstance(told.get("href"), str):
        return False
    try:
        origin_of(EXPRESSION.sub("", told["href"]))
    except ValueError:
        return False
    return True


def joined(base: str, reference: str) -> str:
    """The absolute URI of the reference.

    Raises:
        NotReadable: it is none, as `http://[a/`.
    """
    try:
        return urljoin(base, reference)
    except ValueError as ex:
        raise NotReadable(f"{reference} is no URI: {ex}") from ex


def link_of(rel: str, told: Json, base: str) -> Link:
    """The link that a link object tells."""
    names = ("type", "title", "name", "profile", "hreflang", "deprecation")
    texts = {name: told[name] for name in names if isinstance(told.get(name), str)}
    return Link(rel, told["href"], base, told.get("templated") is True, **texts)


def origin_of(uri: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: two URIs with the same are one server's."""
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)

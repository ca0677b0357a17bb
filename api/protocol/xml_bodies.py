"""Bodies in HAL's XML: what we write can be sent back, links and all.

Expat parses; a document type and with it every entity is refused, so that nothing can
be fetched or blown up. Depth and number of elements are limited while reading.
"""

from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from api.errors import MalformedBody
from api.hypermedia.document import JsonValue, Member, Shape
from api.protocol.json_bodies import DEEPEST, parse_json, require_kept
from api.protocol.text_bodies import converted

_MOST_ELEMENTS = 20_000
_NOT_MEMBERS = {"link", "resource"}


@dataclass(slots=True)
class _Element:
    """An element with all that stands in it."""

    name: str
    attributes: dict[str, str]
    children: "list[_Element]" = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts)


class _Tree:
    """Builds elements from the parser's events."""

    root: _Element
    """The outermost element; expat refuses a document that has none."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        # A free value of depth 32 stands in the resource and in its member.
        if len(self._open) > DEEPEST + 2:
            raise MalformedBody(f"The body may be nested {DEEPEST} levels deep.")
        if self._count > _MOST_ELEMENTS:
            raise MalformedBody(f"The body may have {_MOST_ELEMENTS:,} elements.")
        element = _Element(name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)


def parse_xml(text: bytes, shape: Shape) -> JsonValue:
    """The members of a `resource` element.

    Raises:
        MalformedBody: it is no such XML; names the place or the member.
    """
    root = _parsed(text)
    if root.name != "resource":
        raise MalformedBody(f"The root element is {root.name!r}, not 'resource'.")
    members: dict[str, JsonValue] = {}
    for element in _children(root):
        if element.name in _NOT_MEMBERS and element.name not in shape.members:
            continue
        if element.name in members:
            raise MalformedBody(f"The element {element.name!r} stands twice.")
        kind = shape.members.get(element.name, Member.TEXT)
        members[element.name] = _value(element, kind)
    require_kept(members)
    return members


def _parsed(text: bytes) -> _Element:
    tree = _Tree()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(text, True)  # noqa: FBT003 - expat takes no keywords
    except (expat.ExpatError, ValueError, LookupError) as ex:
        raise MalformedBody(f"The body is no XML: {ex}.") from ex
    return tree.root


def _refuse_doctype(*_: Any) -> NoReturn:
    raise MalformedBody("A document type is refused.")


def _value(element: _Element, kind: Member) -> JsonValue:
    if element.attributes.get("null") == "true":
        _require_empty(element)
        return None
    if kind is Member.FREE:
        return _free(element)
    if kind is Member.TEXTS:
        return _texts(element)
    return converted(_plain(element), kind)


def _children(element: _Element, name: str | None = None) -> list[_Element]:
    """The elements inside, which have the name, if one is given, and no text around."""
    if element.text.strip():
        raise MalformedBody(f"The element {element.name!r} may hold elements only.")
    for each in element.children:
        if name is not None and each.name != name:
            raise MalformedBody(f"In {element.name!r} only {name!r} may stand.")
    return element.children


def _require_empty(element: _Element) -> None:
    if element.children or element.text.strip():
        raise MalformedBody(f"The element {element.name!r} is null and must be empty.")


def _texts(element: _Element) -> JsonValue:
    return [_plain(each) for each in _children(element, "item")]


def _plain(element: _Element) -> str:
    if element.children:
        raise MalformedBody(f"The element {element.name!r} may hold text only.")
    return element.text


def _free(element: _Element) -> JsonValue:
    """A JSON value from the `type` of each of its parts; text, where there is none."""
    kind = element.attributes.get("type", "string")
    if kind == "object":
        return _members(element)
    if kind == "array":
        return [_free(each) for each in _children(element, "item")]
    if kind == "null":
        _require_empty(element)
        return None
    if kind == "string":
        return _plain(element)
    value = parse_json(_plain(element).strip().encode()) if kind in _SCALARS else None
    if type(value) not in _SCALARS.get(kind, ()):
        raise MalformedBody(f"{element.text[:40]!r} is no {kind}.")
    return value


_SCALARS: dict[str, tuple[type, ...]] = {"number": (int, float), "boolean": (bool,)}


def _members(element: _Element) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {}
    for each in _children(element, "member"):
        name = each.attributes.get("name")
        if name is None or name in members:
            raise MalformedBody("Each member of an object has a name of its own.")
        members[name] = _free(each)
    return members

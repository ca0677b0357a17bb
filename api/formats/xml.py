"""HAL's XML variant, and problem+xml (RFC 9457, appendix B).

What JSON carries, XML carries: `self` is the resource's `href`, null is an attribute,
and a free JSON value tells the type of each part. For each shape a writer is compiled
once, since a page has thousands of members.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from api.hypermedia.document import (
    UNCARRIED,
    Document,
    JsonValue,
    Link,
    Links,
    Member,
    Problem,
    Shape,
)

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPECIAL = re.compile('[&<>"\r\n\t]')
_PROBLEM_NAMESPACE = "urn:ietf:rfc:7807"


def escaped(text: str) -> str:
    """The text as element content; a carriage return survives the parser."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text.replace("\r", "&#13;") if "\r" in text else text


def quoted(text: str) -> str:
    """The text as the value of an attribute in double quotes; white space survives."""
    if _SPECIAL.search(text) is None:
        return text
    text = escaped(text).replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\t", "&#9;")


def render_xml(document: Document) -> bytes:
    """The document as HAL's XML in UTF-8."""
    parts = [_DECLARATION]
    _write_resource(document, "", parts)
    return "".join(parts).encode()


def render_problem(problem: Problem) -> bytes:
    """The problem in the namespace of its RFC; list entries are `i` elements."""
    parts = [_DECLARATION, f'<problem xmlns="{_PROBLEM_NAMESPACE}">']
    parts += [_problem_member(name, each) for name, each in problem.members.items()]
    _write_links(problem.links, parts)
    parts.append("</problem>")
    return "".join(parts).encode()


def _write_resource(document: Document, rel: str, parts: list[str]) -> None:
    href = document.href
    parts.append("<resource")
    if rel:
        parts.append(f' rel="{rel}"')
    if href is not None:
        parts.append(f' href="{_attribute(href)}"')
    parts.append(">")
    _write_links(document.links, parts)
    parts.append(_state_writer(document.shape)(document.state))
    for relation, embedded in document.embedded.items():
        for each in embedded if isinstance(embedded, list) else [embedded]:
            _write_resource(each, relation, parts)
    parts.append("</resource>")


def _write_links(links: Links, parts: list[str]) -> None:
    for rel, target in links.items():
        if rel == "self":
            continue
        if isinstance(target, list):
            parts.extend([_link(rel, each) for each in target])
        else:
            parts.append(_link(rel, target))


def _link(rel: str, link: Link) -> str:
    text = f'<link rel="{rel}" href="{_attribute(link.href)}"'
    if link.type is not None:
        text += f' type="{link.type}"'
    if link.title is not None:
        text += f' title="{quoted(link.title)}"'
    if link.templated:
        text += ' templated="true"'
    if link.name is not None:
        text += f' name="{quoted(link.name)}"'
    return text + "/>"


def _attribute(href: str) -> str:
    # An href holds no white space and no quotes; only `&` of a query needs care.
    # Media types of links are ours, and need none at all.
    return href.replace("&", "&amp;") if "&" in href else href


@lru_cache(maxsize=1024)
def _state_writer(shape: Shape) -> Callable[[Mapping[str, JsonValue]], str]:
    parts = [_member_source(name, kind) for name, kind in shape.members.items()]
    # The source holds nothing but names of members, which are identifiers.
    source = f"lambda state: ''.join(({', '.join(parts)}{',' * bool(parts)}))"
    writer: Callable[[Mapping[str, JsonValue]], str] = eval(source, dict(_NAMES))  # noqa: S307 - compiled once from our own declarations
    return writer


def _member_source(name: str, kind: Member) -> str:
    if not name.isidentifier():
        raise ValueError(f"{name!r} can't be an XML element")
    if kind is Member.FREE:
        return f"free('<{name}', '{name}', state['{name}'])"
    null = f'<{name} null="true"/>'
    content = f"'<{name}>' + {_CONTENT[kind]} + '</{name}>'"
    return f"{null!r} if (value := state['{name}']) is None else {content}"


def _texts(values: list[str]) -> str:
    return "".join([f"<item>{escaped(value)}</item>" for value in values])


def _free(start: str, name: str, value: JsonValue) -> str:
    """A JSON value with the type of each of its parts, opened by `start`."""
    if value is None:
        return f'{start} type="null"/>'
    if isinstance(value, bool):
        kind, content = "boolean", _TRUTH[value]
    elif isinstance(value, str):
        kind, content = "string", escaped(value)
    elif isinstance(value, int | float):
        kind, content = "number", str(value)
    elif isinstance(value, list):
        kind = "array"
        content = "".join(_free("<item", "item", each) for each in value)
    else:
        kind = "object"
        content = "".join(
            _free(f'<member name="{quoted(key)}"', "member", each)
            for key, each in value.items()
        )
    return f'{start} type="{kind}">{content}</{name}>'


def _problem_member(name: str, value: JsonValue) -> str:
    if isinstance(value, list):
        return (
            f"<{name}>{''.join(_problem_member('i', each) for each in value)}</{name}>"
        )
    if isinstance(value, dict):
        members = "".join(_problem_member(key, each) for key, each in value.items())
        return f"<{name}>{members}</{name}>"
    # A problem may name what was refused, even what XML has no way to carry.
    text = UNCARRIED.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return f"<{name}>{escaped(text)}</{name}>"


_TRUTH = {True: "true", False: "false"}
_CONTENT = {
    Member.TEXT: "text(value)",
    Member.TIME: "value",
    Member.MONEY: "value",
    Member.NUMBER: "str(value)",
    Member.BOOLEAN: "truth[value]",
    Member.TEXTS: "texts(value)",
}
_NAMES = {"text": escaped, "texts": _texts, "free": _free, "truth": _TRUTH}

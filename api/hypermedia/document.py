"""The neutral document: state, links, embedded documents and forms.

Documents are made once and written by any format; they know no media type.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import msgspec

JsonValue: TypeAlias = (
    "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
)

UNCARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""The characters that no document holds, since not every format can carry them."""


def is_same(one: object, other: object) -> bool:
    """Whether two JSON values are the same; to JSON, unlike Python, 1 is not true."""
    return msgspec.json.encode(one) == msgspec.json.encode(other)


# Links hold texts only, and a page has hundreds, so no collector need look at them.
class Link(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A typed link (RFC 8288) with HAL's properties; `href` may be a URI template."""

    href: str
    templated: bool = False
    type: str | None = None
    name: str | None = None
    title: str | None = None


Links: TypeAlias = dict[str, Link | list[Link]]
"""Links by relation; a list where there can be several, even if there is one."""

Row: TypeAlias = tuple[str, Mapping[str, JsonValue]]
"""Where a member of a collection stands, and its state: what a stream tells of it."""


class Member(Enum):
    """What a member of a document's state holds, for formats that must be told."""

    TEXT = "text"
    TIME = "time"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    TEXTS = "texts"
    FREE = "free"


@dataclass(frozen=True, eq=False)
class Shape:
    """The names and kinds of the members that a state has, in their order.

    Shapes are made once and compared by identity, so formats can keep what they
    compiled for one.
    """

    members: Mapping[str, Member]

    def only(self, names: frozenset[str]) -> "Shape":
        """The shape with just the named members."""
        return Shape(
            {name: self.members[name] for name in self.members if name in names}
        )


NOTHING = Shape({})


class Option(msgspec.Struct, frozen=True):
    """A value to choose, and what it is called."""

    prompt: str
    value: str


class Source(msgspec.Struct, frozen=True):
    """Where values to choose are found: a collection that can be searched.

    `href` is a URI template; each document there has its value in the member `value`
    and its name in the member `prompt`.
    """

    href: str
    value: str
    prompt: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a form: what it is called, what it may be, what it is now.

    `type` is one of the types of HTML's inputs. `pattern` describes the whole value, in
    ECMAScript's terms. Of a field that is `several` each line is a value. `value` is
    how the present value is written, None where there is none; blank means the same.
    """

    name: str
    prompt: str
    type: str = "text"
    is_required: bool = False
    pattern: str | None = None
    low: int | None = None
    high: int | None = None
    step: int | None = None
    shortest: int | None = None
    longest: int | None = None
    placeholder: str | None = None
    options: tuple[Option, ...] = ()
    source: Source | None = None
    several: bool = False
    value: str | None = None


class Form(msgspec.Struct, frozen=True):
    """A request that the client may send now: its method, its target, its values.

    `back` is where people want to be afterwards; None is at what was made.
    """

    name: str
    title: str
    method: str
    href: str
    fields: tuple[Field, ...] = ()
    back: str | None = None


class Site(msgspec.Struct, frozen=True):
    """Where a page for people finds what all pages share, as hrefs."""

    home: str
    stylesheet: str
    script: str


class Document(msgspec.Struct):
    """A resource's state and what a client can do from here.

    `embedded` holds documents by relation, a list where there can be several. `forms`
    has the likeliest first; only formats that can show them ask for them. `etag` is
    the tag to send back with a change, if there can be one. `site` is for formats that
    people read. `inner` is the shape of what a collection embeds, even if that is
    nothing.
    """

    state: Mapping[str, JsonValue]
    shape: Shape
    links: Links
    embedded: dict[str, "Document | list[Document]"] = {}
    forms: tuple[Form, ...] = ()
    etag: str = ""
    site: Site | None = None
    inner: Shape | None = None

    @property
    def href(self) -> str | None:
        """Where the document itself stands, if it says so."""
        link = self.links.get("self")
        return link.href if isinstance(link, Link) else None


class Difference(msgspec.Struct, frozen=True):
    """A member that is wanted otherwise than it is now; both as they are written."""

    prompt: str
    wanted: str
    present: str


class Problem(msgspec.Struct):
    """A problem (RFC 9457): its members, and the links to ways out.

    Formats that people fill forms in show the form that was sent again, with the faults
    beside its fields, and where somebody else was faster, what differs. `etag` is what
    the form is to send along.
    """

    members: Mapping[str, JsonValue]
    links: Links
    form: Form | None = None
    etag: str = ""
    differences: tuple[Difference, ...] = ()
    site: Site | None = None

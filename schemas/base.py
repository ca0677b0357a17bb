"""Fields and the schema that all nouns share.

Values are checked strictly: `"3"` is no number, `1` is no truth. Each message carries a
code, so that a program can tell faults apart without reading English.
"""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from api.errors import BodyTooLarge
from api.hypermedia.document import UNCARRIED

LARGEST_INTEGER = 2**53 - 1
"""The largest whole number that every JSON client keeps exactly (RFC 8259, 6)."""


class Message(str):
    """The text of a fault together with its code."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, text: str, code: str) -> "Message":
        """The text, knowing its code."""
        message = super().__new__(cls, text)
        message.code = code
        return message

    def format(self, *args: object, **kwargs: object) -> "Message":
        """The filled-in text with the same code; marshmallow fills messages in."""
        return Message(super().format(*args, **kwargs), self.code)


REQUIRED = Message("This member is required.", "required")
NOT_NULL = Message("This member may not be null.", "null")
UNKNOWN = Message("There is no member of this name.", "unknown")
CONTROL_CHARACTER = Message(
    "Control characters, lone surrogates, U+FFFE and U+FFFF are refused.", "character"
)

_COMMON = {"required": REQUIRED, "null": NOT_NULL}


def messages(invalid: str) -> dict[str, Any]:
    """The messages of a field whose wrong values are told by `invalid`."""
    return {**_COMMON, "invalid": Message(invalid, "type")}


def is_carried(text: str) -> bool:
    """Whether JSON, XML and the database can all carry every character of the text."""
    return UNCARRIED.search(text) is None


def only_one(value: Any) -> Any:
    """The value, or the one in a list of just one, as some forms send a choice."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def length(*, at_most: int, at_least: int = 0) -> validate.Length:
    """A validator of a text's length in characters, both bounds included."""
    wrong = Message("The length must be from {min} to {max} characters.", "length")
    return validate.Length(at_least, at_most, error=wrong)


def between(low: int, high: int = LARGEST_INTEGER) -> validate.Range:
    """A validator of a number's bounds, both included."""
    wrong = Message("The number must be from {min} to {max}.", "range")
    return validate.Range(low, high, error=wrong)


class Text(fields.Field[str]):
    """Text in Unicode's normal form C, without what XML or the database can't carry."""

    default_error_messages = messages("A string is expected.")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if not is_carried(value):
            raise ValidationError(CONTROL_CHARACTER)
        return unicodedata.normalize("NFC", value)


def optional_text(at_most: int) -> Text:
    """A text of so many characters that may be left out, or null."""
    return Text(allow_none=True, load_default=None, validate=length(at_most=at_most))


class Whole(fields.Integer):
    """A whole number; JSON's `3.0` and `"3"` are none."""

    default_error_messages = messages("A whole number is expected.")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Flag(fields.Field[bool]):
    """A truth value: `true` or `false` and nothing like it."""

    default_error_messages = messages("true or false is expected.")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        value = only_one(value)
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Reference(Whole):
    """The id of something else, of which there must be one."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        return super()._deserialize(only_one(value), *args, **kwargs)


class Texts(fields.List[str]):
    """A list of texts, none of them twice."""

    default_error_messages = messages("A list of strings is expected.")
    repeated: ClassVar[Message] = Message("The same text stands twice.", "repeated")

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        texts: list[Any] = super()._deserialize(value, *args, **kwargs)
        if len(set(texts)) < len(texts):
            raise ValidationError(self.repeated)
        return texts


class Free(fields.Field[Any]):
    """Any JSON value, kept as it came; its JSON has at most `octets` octets in UTF-8.

    Raises:
        BodyTooLarge: it has more.
    """

    default_error_messages = messages("Any value is expected.")

    def __init__(self, *, octets: int, **options: Any) -> None:
        super().__init__(**options)
        self.octets = octets

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if len(msgspec.json.encode(value)) > self.octets:
            raise BodyTooLarge(f"The value may have up to {self.octets:,} octets.")
        return value


class Rating(fields.Field[float]):
    """The mean of ratings with one decimal; computed, so never taken from a client."""


class Timestamp(fields.Field[str]):
    """An RFC 3339 time in UTC, ending in `Z`; set by the server."""


class NounSchema(Schema):
    """The schema of a noun: which members there are, and whose they are.

    `fixed` members are the server's and must come back unchanged (`id`, keys,
    `created`); other members that can't be loaded are computed and ignored on input.
    `example` has values that tell more than those of any other noun would.
    """

    fixed: ClassVar[frozenset[str]] = frozenset({"id", "created"})
    example: ClassVar[Mapping[str, Any]] = {}
    error_messages = {"unknown": UNKNOWN}  # noqa: RUF012 - as marshmallow has it

    class Meta:
        """What is not declared is refused."""

        unknown = RAISE

    created = Timestamp(dump_only=True)
    updated = Timestamp(dump_only=True)

    @property
    def owned(self) -> frozenset[str]:
        """The members that only the server sets."""
        return frozenset(self.dump_fields.keys() - self.load_fields.keys())


Dumper: TypeAlias = Callable[[Any], dict[str, Any]]
_AS_STORED = (Text, Whole, Flag, Texts, Free, Rating, Timestamp)


def shown_fields(schema: Schema) -> dict[str, fields.Field[Any]]:
    """The fields that are dumped, in the order in which clients see them."""
    bound = dict(schema.dump_fields)
    stamps = {name: bound.pop(name) for name in ("created", "updated") if name in bound}
    return bound | stamps


def compiled_dumper(schema: Schema, columns: Mapping[str, int]) -> Dumper:
    """A function from a row to what `schema.dump` would give, some 20 times faster.

    `columns` tells at which index of the row a member's value stands. A field whose
    class is not one of ours keeps its own `_serialize`.
    """
    shown = shown_fields(schema)
    wanted = {name: columns[name] for name in shown}
    width = max(columns.values()) + 1
    by_index = {index: f"value{index}" for index in wanted.values()}
    targets = ", ".join(by_index.get(index, "_") for index in range(width))
    names: dict[str, Any] = {}
    parts = []
    for name, bound in shown.items():
        value = by_index[wanted[name]]
        if not isinstance(bound, _AS_STORED):
            names[f"write_{name}"] = bound._serialize  # noqa: SLF001 - what Schema.dump calls
            value = f"write_{name}({value}, {name!r}, None)"
        parts.append(f"{bound.data_key or name!r}: {value}")
    # The source is made of our own declarations only, once, when the service starts.
    source = f"def dump(row):\n  {targets}, *_ = row\n  return {{{', '.join(parts)}}}\n"
    exec(source, names)  # noqa: S102
    dump: Dumper = names["dump"]
    return dump

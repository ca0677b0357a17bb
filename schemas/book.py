"""Books: what a client may send and gets back."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, validate

from schemas.base import (
    Message,
    NounSchema,
    Rating,
    Text,
    Texts,
    Whole,
    between,
    length,
    optional_text,
)
from schemas.formatted import Language, Patterned


class Isbn(Patterned):
    """An ISBN-10 or ISBN-13 with a right check digit, kept without its hyphens."""

    pattern = r"(?:97[89][ \-]?)?(?:[0-9][ \-]?){9}[0-9Xx]"
    format = "isbn"
    example = "978-0-306-40615-7"
    wrong = Message(
        "An ISBN of 10 or 13 digits with a right check digit is expected.", "isbn"
    )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        written = super()._deserialize(value, *args, **kwargs)
        digits = written.replace("-", "").replace(" ", "").upper()
        if not (is_isbn_10(digits) or is_isbn_13(digits)):
            raise ValidationError(self.wrong)
        return digits


def is_isbn_10(digits: str) -> bool:
    """Whether the text is an ISBN-10: nine digits and a check digit, perhaps X."""
    if re.fullmatch(r"[0-9]{9}[0-9X]", digits) is None:
        return False
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return (
        sum(
            weight * value
            for weight, value in zip(range(10, 0, -1), values, strict=True)
        )
        % 11
        == 0
    )


def is_isbn_13(digits: str) -> bool:
    """Whether the text is an ISBN-13 of Bookland: 978 or 979 and a check digit."""
    if re.fullmatch(r"97[89][0-9]{10}", digits) is None:
        return False
    return (
        sum((3 if place % 2 else 1) * int(digit) for place, digit in enumerate(digits))
        % 10
        == 0
    )


class BookSchema(NounSchema):
    """A book of the catalogue."""

    example: ClassVar[Mapping[str, Any]] = {
        "title": "Moby-Dick; or, The Whale",
        "author": "Herman Melville",
        "isbn": "9780142437247",
        "published": 1851,
        "publisher": "Harper & Brothers",
        "pages": 635,
        "subjects": ["Whaling", "Sea stories"],
        "description": "A captain hunts a white whale.",
        "gutenberg_id": 2701,
        "reviews": 2,
    }

    id = Whole(dump_only=True)
    title = Text(required=True, validate=length(at_least=1, at_most=1000))
    author = Text(required=True, validate=length(at_least=1, at_most=500))
    isbn = Isbn(allow_none=True, load_default=None)
    published = Whole(allow_none=True, load_default=None, validate=between(-4000, 9999))
    language = Language(allow_none=True, load_default=None)
    publisher = optional_text(500)
    pages = Whole(allow_none=True, load_default=None, validate=between(1, 1_000_000))
    subjects = Texts(
        Text(validate=length(at_least=1, at_most=1000)),
        load_default=list,
        validate=validate.Length(
            max=200, error=Message("At most {max} subjects are kept.", "length")
        ),
    )
    description = optional_text(20_000)
    gutenberg_id = Whole(allow_none=True, load_default=None, validate=between(1))
    rating = Rating(dump_only=True)
    reviews = Whole(dump_only=True)

"""Texts of a certain form: keys, amounts, addresses, codes.

Patterns are those of whole texts, and are valid in ECMAScript too, also under its `v`
flag, which HTML's `pattern` uses: a form can tell them as they are.
"""

import re
from decimal import Decimal
from typing import Any, ClassVar

import pycountry
from marshmallow import ValidationError, validate

from api.uris import SUFFIXES
from schemas.base import Message, Text, length, messages, only_one


class Patterned(Text):
    """A text that a pattern describes; a `format` names what else must hold."""

    pattern: ClassVar[str]
    format: ClassVar[str | None] = None
    example: ClassVar[str]
    wrong: ClassVar[Message]

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if not self.fits(text):
            raise ValidationError(self.wrong)
        return text

    @classmethod
    def fits(cls, text: str) -> bool:
        """Whether the whole text is as the pattern says."""
        return re.fullmatch(cls.pattern, text, re.ASCII) is not None


class Key(Patterned):
    """The id or key that a client chose: it stands in a path as it is."""

    pattern = (
        rf"(?!.*(?:{'|'.join(re.escape(each) for each in SUFFIXES)})$)"
        r"[A-Za-z0-9][A-Za-z0-9._~\-]{0,127}"
    )
    example = "a-key"
    wrong = Message(
        "A letter or digit, then up to 127 of A-Z a-z 0-9 . _ ~ - are expected, "
        f"not ending in {', '.join(SUFFIXES)}.",
        "key",
    )


class Money(Patterned):
    """An amount as a decimal text with at most two places, such as `"12.90"`."""

    pattern = r"(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,2})?"
    example = "12.90"
    wrong = Message('An amount such as "12.90" is expected.', "type")
    default_error_messages = messages(str(wrong))

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return f"{Decimal(super()._deserialize(value, *args, **kwargs)):.2f}"


class Email(Patterned):
    """An e-mail address as HTML's `email` inputs define it, with a domain of two parts.

    See the HTML standard, "valid email address".
    """

    pattern = (
        r"[a-zA-Z0-9.!#$%&'*+\/=?^_\x60\{\|\}~\-]+"
        r"@[a-zA-Z0-9](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?"
        r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?)+"
    )
    example = "ada@example.org"
    wrong = Message("An e-mail address is expected.", "email")

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=length(at_most=254), **options)


class Language(Patterned):
    """A language by its tag (RFC 5646, section 2.1), without grandfathered tags.

    No tag that is in use has so many subtags of a kind as are taken here (section 4.4).
    """

    pattern = (
        r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?"
        r"(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3})){0,8}"
        r"(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8}){1,8}){0,4}"
        r"(?:-x(?:-[A-Za-z0-9]{1,8}){1,8})?"
    )
    example = "en"
    wrong = Message("A language tag of BCP 47 is expected.", "language")


class Choice(Text):
    """One of a few texts; a list of just one is taken too, as some forms send it."""

    def __init__(
        self, *choices: str, wrong: Message | None = None, **options: Any
    ) -> None:
        wrong = wrong or Message(f"One of {', '.join(choices)} is expected.", "choice")
        super().__init__(validate=validate.OneOf(choices, error=wrong), **options)
        self.choices = choices

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return super()._deserialize(only_one(value), *args, **kwargs)


class Currency(Choice):
    """A currency by its code of ISO 4217, in capitals."""

    def __init__(self, **options: Any) -> None:
        wrong = Message("A currency of ISO 4217 such as EUR is expected.", "currency")
        super().__init__(*CURRENCIES, wrong=wrong, **options)


class Country(Choice):
    """A country by its code of ISO 3166-1 alpha-2, in capitals."""

    def __init__(self, **options: Any) -> None:
        wrong = Message("A country of ISO 3166-1 such as DE is expected.", "country")
        super().__init__(*COUNTRIES, wrong=wrong, **options)


CURRENCIES = tuple(sorted(each.alpha_3 for each in pycountry.currencies))
COUNTRIES = tuple(sorted(each.alpha_2 for each in pycountry.countries))

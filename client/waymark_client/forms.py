"""Templates of HAL-FORMS: what may be sent, and what is wrong with values.

The checks are those that the template tells; what it does not tell is the server's.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from waymark_client.errors import Fault, InvalidForm

URLENCODED = "application/x-www-form-urlencoded"
DOES = {
    "new": "POST",
    "edit": "PUT",
    "change": "PATCH",
    "delete": "DELETE",
    "search": "GET",
}
"""What a form does to the document where it stands, by its method."""
_JSON = "application/json"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values to choose from, and what it is called."""

    prompt: str
    value: Any


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a form, with the limits that the template tells."""

    name: str
    told: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        """What people call it."""
        return str(self.told.get("prompt") or self.name)

    @property
    def type(self) -> str:
        """One of HTML's types of inputs."""
        return str(self.told.get("type") or "text")

    @property
    def is_required(self) -> bool:
        """Whether a value must be given."""
        return self.told.get("required") is True

    @property
    def is_read_only(self) -> bool:
        """Whether the value must stay as it is."""
        return self.told.get("readOnly") is True

    @property
    def value(self) -> Any:
        """The present value, or None."""
        chosen = self._options_told.get("selectedValues")
        if isinstance(chosen, list) and not self.takes_several:
            chosen = next(iter(chosen), None)
        return self.told.get("value", chosen)

    @property
    def options(self) -> tuple[Option, ...]:
        """What to choose from, where the template itself tells it."""
        return options_of(self._options_told.get("inline"), self._options_told)

    @property
    def source(self) -> Mapping[str, Any] | None:
        """The link to what can be chosen, where it stands elsewhere."""
        link = self._options_told.get("link")
        return link if isinstance(link, dict) else None

    @property
    def takes_several(self) -> bool:
        """Whether more than one of the options may be chosen."""
        return bool(self.options) and self._options_told.get("maxItems") != 1

    @property
    def _options_told(self) -> Mapping[str, Any]:
        told = self.told.get("options")
        return told if isinstance(told, dict) else {}

    def faults(self, value: Any) -> Iterator[Fault]:
        """What is wrong with the value; None stands for no value."""
        if value is None or value == "":
            if self.is_required:
                yield self._fault("required", "a value is required")
            return
        if self.is_read_only and value != self.value:
            yield self._fault("readOnly", "the value can't be changed")
        several = value if isinstance(value, list | tuple) else [value]
        for each in several:
            yield from self._faults_of_one(each)

    def _faults_of_one(self, value: Any) -> Iterator[Fault]:
        if self.options and str(value) not in {
            str(each.value) for each in self.options
        }:
            those = ", ".join(str(each.value) for each in self.options)
            yield self._fault("options", f"{value!r} is none of {those}")
        yield from self._faults_of_text(str(value))
        if self.type in {"number", "range"}:
            yield from self._faults_of_number(str(value))
        elif self.type == "date" and not _is_date(str(value)):
            yield self._fault("type", f"{value!r} is no date as 2026-11-21")
        elif self.type == "email" and not _EMAIL.fullmatch(str(value)):
            yield self._fault("type", f"{value!r} is no address of mail")

    def _faults_of_text(self, text: str) -> Iterator[Fault]:
        shortest, longest = self.told.get("minLength"), self.told.get("maxLength")
        if isinstance(shortest, int) and len(text) < shortest:
            yield self._fault("minLength", f"at least {shortest} characters")
        if isinstance(longest, int) and len(text) > longest:
            yield self._fault("maxLength", f"at most {longest} characters")
        regex = self.told.get("regex")
        if regex and _fits(regex, text) is False:
            yield self._fault("regex", f"{text!r} does not match {regex}")

    def _faults_of_number(self, text: str) -> Iterator[Fault]:
        number = _number(text)
        if number is None:
            yield self._fault("type", f"{text!r} is no number")
            return
        low, high, step = (
            _number(str(self.told.get(each))) for each in ("min", "max", "step")
        )
        if low is not None and number < low:
            yield self._fault("min", f"at least {low}")
        if high is not None and number > high:
            yield self._fault("max", f"at most {high}")
        if step and (number - (low or 0)) % step:
            yield self._fault("step", f"in steps of {step} from {low or 0}")

    def _fault(self, code: str, detail: str) -> Fault:
        return Fault(detail, pointer=f"/{self.name}", code=code)


@dataclass(frozen=True, slots=True)
class Template:
    """One request that may be made now."""

    name: str
    told: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What it does, for people."""
        return str(self.told.get("title") or self.name)

    @property
    def method(self) -> str:
        """The method in capitals; GET where none is told."""
        return str(self.told.get("method") or "GET").upper()

    @property
    def target(self) -> str | None:
        """Where it goes; None for the document itself."""
        target = self.told.get("target")
        return target if isinstance(target, str) else None

    @property
    def content_type(self) -> str:
        """The media type of what is sent; JSON where none is told, or another one."""
        told = str(self.told.get("contentType"))
        is_known = told == URLENCODED or told.endswith(("/json", "+json"))
        return told if is_known else _JSON

    @property
    def fields(self) -> tuple[Field, ...]:
        """The members that may be sent."""
        told = self.told.get("properties")
        entries = told if isinstance(told, list) else []
        return tuple(
            Field(each["name"], each)
            for each in entries
            if isinstance(each, dict) and isinstance(each.get("name"), str)
        )

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values to send: those given, and for the rest what the form shows.

        Raises:
            InvalidForm: they break what the template tells; carries every fault.
        """
        known = [each.name for each in self.fields]
        faults = [
            Fault(
                f"the form has no such field: {', '.join(known) or 'it has none'}",
                f"/{name}",
            )
            for name in given
            if name not in known
        ]
        values: dict[str, Any] = {}
        for each in self.fields:
            value = given.get(each.name, _present(each, self.content_type))
            faults.extend(each.faults(value))
            if value is not None and value != "":
                values[each.name] = value
        if faults:
            raise InvalidForm(faults)
        return values


def options_of(entries: object, told: Mapping[str, Any]) -> tuple[Option, ...]:
    """Options from a list of texts or of objects, as `options` says what they hold."""
    prompt = told.get("promptField") or "prompt"
    value = told.get("valueField") or "value"
    found = []
    for each in entries if isinstance(entries, list) else []:
        if isinstance(each, dict):
            found.append(
                Option(str(each.get(prompt, each.get(value))), each.get(value))
            )
        else:
            found.append(Option(str(each), each))
    return tuple(found)


def pairs_of(template: Template, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The values as a form sends them: as texts, a choice of several repeated.

    A list that is no choice has an element a line, as a text field shows it.
    """
    several = {each.name for each in template.fields if each.takes_several}
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, list | tuple) and name in several:
            pairs += [(name, _text(each)) for each in value]
        else:
            pairs.append((name, _text(value)))
    return pairs


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "\n".join(_text(each) for each in value)
    return str(value)


def _present(field: Field, content_type: str) -> Any:
    """What the form shows, which is text, as JSON has it."""
    value = field.value
    if content_type == URLENCODED or not isinstance(value, str):
        return value
    if field.type == "number" and re.fullmatch(r"-?\d+", value):
        return int(value)
    return value


def _fits(regex: str, text: str) -> bool | None:
    """Whether the whole text matches, as in ECMAScript; None if Python can't tell."""
    try:
        return re.fullmatch(regex, text, re.ASCII) is not None
    except re.error:
        return None


def _number(text: str) -> Decimal | None:
    """The number that the text is, exactly; None if it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

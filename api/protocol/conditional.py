"""Entity tags and conditional requests (RFC 9110, sections 8.8 and 13).

A tag is `"<version>-<variant>"`. A read compares the whole tag; a write compares the
version alone, so that a tag got in one format is good for a write in another.
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

import msgspec

from api.errors import BadRequest, Fault, PreconditionRequired, VersionMismatch
from api.protocol.request import ApiRequest

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)|\s*,')
# What stands for the bare star; no tag can be that, for a tag has no blank.
_ANY = " *"
_FIELDS = (
    b"if-match",
    b"if-none-match",
    b"if-unmodified-since",
    b"if-modified-since",
)
Tags = frozenset[str]


class State(msgspec.Struct, frozen=True):
    """What conditions are compared with: a version, and when it was written.

    A resource that does not exist has no state.
    """

    version: int
    updated: str | None = None


class Conditions(msgspec.Struct, frozen=True):
    """The conditions of a request; None where there is none of a sort.

    Tags are without quotes; weak ones are left out of `match`, since they never match
    there (RFC 9110, section 13.1.1).
    """

    match: Tags | None = None
    none_match: Tags | None = None
    unmodified_since: datetime | None = None
    modified_since: datetime | None = None

    def is_fresh(self, state: State, variant: str) -> bool:
        """Whether the client has this representation already, so that a 304 is enough.

        Raises:
            VersionMismatch: `If-Match` or `If-Unmodified-Since` does not hold.
        """
        tag, updated = f"{state.version}-{variant}", state.updated
        self._require_match(tag, updated)
        if self.none_match is not None:
            return _ANY in self.none_match or tag in self.none_match
        if self.modified_since is not None and updated is not None:
            return _moment(updated) <= self.modified_since
        return False

    def require_for_write(self, state: State | None, *, obligatory: bool) -> None:
        """Let a write go on only if all conditions hold for the present state.

        Raises:
            VersionMismatch: one does not.
            PreconditionRequired: there is none, and the settings want one.
        """
        if state is None:
            if self.match is not None:
                raise VersionMismatch(
                    "There is nothing here that If-Match could match.", is_there=False
                )
            return
        if self.none_match is not None and _holds(self.none_match, state.version):
            raise VersionMismatch(
                "It exists already."
                if _ANY in self.none_match
                else "If-None-Match names the present version."
            )
        if self.match is not None and not _holds(self.match, state.version):
            raise VersionMismatch("It was changed since the version in If-Match.")
        if self.match is None:
            self._require_unmodified(state.updated)
            if obligatory:
                raise PreconditionRequired(
                    "This server wants If-Match on every change."
                )

    def by_tag(self) -> "Conditions":
        """The conditions without If-Modified-Since, for what has no date of its own."""
        return msgspec.structs.replace(self, modified_since=None)

    def for_creation(self) -> "Conditions":
        """The conditions without If-None-Match, for nothing is there to match it."""
        return msgspec.structs.replace(self, none_match=None)

    def _require_match(self, tag: str, updated: str | None) -> None:
        if self.match is None:
            self._require_unmodified(updated)
        elif _ANY not in self.match and tag not in self.match:
            raise VersionMismatch("The representation has another tag than If-Match.")

    def _require_unmodified(self, updated: str | None) -> None:
        limit = self.unmodified_since
        if limit is not None and updated is not None and _moment(updated) > limit:
            raise VersionMismatch("It was changed after If-Unmodified-Since.")


NO_CONDITIONS = Conditions()


def conditions_of(req: ApiRequest) -> Conditions:
    """The conditions of the request; dates that can't be read are no conditions.

    Raises:
        BadRequest: an entity tag is malformed, a tag without quotes for instance.
    """
    fields = req.fields
    if fields.keys().isdisjoint(_FIELDS):
        return NO_CONDITIONS
    return _conditions(*[fields.get(name) for name in _FIELDS])


@lru_cache(maxsize=4096)
def _conditions(*values: bytes | None) -> Conditions:
    match, none_match, unmodified, modified = [
        None if value is None else value.decode("latin-1") for value in values
    ]
    return Conditions(
        _tags("If-Match", match, keep_weak=False),
        _tags("If-None-Match", none_match, keep_weak=True),
        _http_date(unmodified),
        _http_date(modified),
    )


def etag(version: int, tag: str) -> str:
    """The strong entity tag of a version in a representation."""
    return f'"{version}-{tag}"'


@lru_cache(maxsize=8192)
def http_date(timestamp: str) -> str:
    """A stored time as the date of a header, in whole seconds."""
    return format_datetime(_moment(timestamp), usegmt=True)


def _holds(tags: Tags, version: int) -> bool:
    return _ANY in tags or any(tag.partition("-")[0] == str(version) for tag in tags)


def _tags(name: str, header: str | None, *, keep_weak: bool) -> Tags | None:
    if header is None:
        return None
    if header.strip() == "*":
        return frozenset((_ANY,))
    found, end = set(), 0
    while end < len(header):
        tag = _TAG.match(header, end)
        if tag is None:
            raise BadRequest(
                f"{name}: {header} is no list of entity tags.",
                faults=[
                    Fault('Tags stand in quotes: "7-json".', "etag", parameter=name)
                ],
            )
        if tag[2] is not None and (keep_weak or tag[1] is None):
            found.add(tag[2])
        end = tag.end()
    return frozenset(found)


def _http_date(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        found = parsedate_to_datetime(header)
        return (
            found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        )
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=8192)
def _moment(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp).replace(microsecond=0)

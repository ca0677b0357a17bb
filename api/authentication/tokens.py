"""API tokens: how they are made and recognised, and who shows one.

A token is `waymark_`, 256 random bits and a checksum. By its form scanners find tokens
that were published, and a mistyped one is refused without asking the database.
"""

import asyncio
import hashlib
import logging
import re
import secrets
import string
import zlib
from hmac import compare_digest

from api.errors import InvalidToken, Unavailable
from api.models.base import now
from api.roles import Caller
from api.storage.engine import Storage
from api.storage.tokens import FoundToken, find_token, note_use

_PREFIX = "waymark_"
_FORM = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{43}}[0-9A-Za-z]{{6}}")
_CHECKSUM_LENGTH = 6
_SHOWN_LENGTH = len(_PREFIX) + 4
_DAY_LENGTH = len("2026-01-31")
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase

_log = logging.getLogger("waymark.authentication")


def new_token() -> str:
    """A token that nobody can guess."""
    text = _PREFIX + secrets.token_urlsafe(32)
    return text + _checksum(text)


def is_well_formed(token: str) -> bool:
    """Whether the text is a token by its form and its checksum."""
    if not _FORM.fullmatch(token):
        return False
    return _checksum(token[:-_CHECKSUM_LENGTH]) == token[-_CHECKSUM_LENGTH:]


def digest_of(token: str) -> str:
    """The SHA-256 of the token in hexadecimal, by which it is kept and found.

    So many random bits need no salt and no slow hash.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def beginning_of(token: str) -> str:
    """The first characters, by which an operator recognises the token."""
    return token[:_SHOWN_LENGTH]


class Tokens:
    """Tells who shows a token, and notes in the background on which day."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._noting: dict[int, asyncio.Task[None]] = {}

    async def caller_of(self, token: str) -> Caller:
        """Who shows the token.

        Raises:
            InvalidToken: it is malformed, unknown, expired or revoked; not told which.
            Unavailable: the database can't be read now.
        """
        found = await self._find(token) if is_well_formed(token) else None
        if found is None:
            raise InvalidToken("The token is malformed, unknown, expired or revoked.")
        self._note_use(found)
        return found.caller

    async def _find(self, token: str) -> FoundToken | None:
        digest = digest_of(token)
        found = await self._storage.read(find_token, digest, now())
        if found is None or not compare_digest(found.digest, digest):
            return None
        return found

    def _note_use(self, found: FoundToken) -> None:
        """Note the day, unless it is known or just being written."""
        day = now()[:_DAY_LENGTH]
        if found.id in self._noting or (found.used or "") >= day:
            return
        task = asyncio.create_task(self._write_use(found.id, day))
        self._noting[found.id] = task
        task.add_done_callback(lambda _: self._noting.pop(found.id))

    async def _write_use(self, number: int, day: str) -> None:
        try:
            await self._storage.write(note_use, number, day)
        except Unavailable:
            _log.warning("the use of token %d could not be noted", number)


def _checksum(text: str) -> str:
    """The CRC-32 of the text as six digits of base 62."""
    number = zlib.crc32(text.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits

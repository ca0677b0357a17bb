"""Callers who show a JWT (RFC 7519) of the issuer that the settings name (RFC 9068).

What RFC 8725 warns of is impossible here: algorithms are fixed, each goes with one type
of key, and nothing that the token itself says about keys is followed.
"""

import logging
from typing import Any

import jwt

from api.authentication.issuer_keys import ALGORITHMS, IssuerKeys, keys_at
from api.errors import InvalidToken
from api.roles import GRANTED, Caller, Role
from api.settings import Settings

_log = logging.getLogger("waymark.authentication")

LARGEST_TOKEN = 8192
LONGEST_NAME = 200
LARGEST_ID = 2**63 - 1
LEEWAY = 30
"""For how many seconds our clock may differ from the issuer's."""


class JwtVerifier:
    """Tells by a token who its bearer is."""

    def __init__(self, settings: Settings, keys: IssuerKeys | None = None) -> None:
        """`keys` are the issuer's if they shall not come from where `settings` say."""
        self._settings = settings
        self._type = _type_name(settings.jwt_type)
        self._keys = keys or keys_at(settings.jwt_jwks)

    async def warm(self) -> None:
        """Read the issuer's keys, so that no request has to wait for them."""
        await self._keys.renew()

    async def caller_of(self, token: str) -> Caller:
        """The bearer: name, role, and the customer for whom alone they stand, if any.

        Raises:
            InvalidToken: a rule is broken; only that the time is over is told.
            Unavailable: the keys of the issuer could never be read.
        """
        header = self._header(token)
        key = await self._keys.find(header["alg"], header.get("kid"))
        if key is None:
            raise _refusal("no key, or not one alone, fits")
        claims = self._claims(token, key)
        return Caller(self._role(claims), _name(claims), self._customer(claims))

    def _header(self, token: str) -> dict[str, Any]:
        """The header, which nothing has proved yet."""
        if len(token) > LARGEST_TOKEN or not token.isascii():
            raise _refusal("too long, or not ASCII")
        try:
            # The claims are read below, and only once: PyJWT looks at each character.
            header = jwt.get_unverified_header(token.partition(".")[0] + "..")
        except jwt.PyJWTError as ex:
            raise _refusal(type(ex).__name__) from None
        if "crit" in header:
            raise _refusal("crit")
        # A list, since what stands there may be of a type that a table can't look up.
        if header.get("alg") not in list(ALGORITHMS):
            raise _refusal("alg")
        kind = header.get("typ")
        if not isinstance(kind, str) or _type_name(kind) != self._type:
            raise _refusal("typ")
        return header

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        """What the issuer says, proved and in time."""
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise InvalidToken("The token has expired.") from None
        except jwt.PyJWTError as ex:
            raise _refusal(type(ex).__name__) from None
        for name in ("exp", "nbf", "iat"):
            # PyJWT takes texts and booleans for numbers.
            if type(claims.get(name, 0)) not in {int, float}:
                raise _refusal(name)
        return claims

    def _role(self, claims: dict[str, Any]) -> Role:
        told = claims.get(self._settings.jwt_role_claim)
        names = told if isinstance(told, list) else [told]
        known = [role for role in GRANTED if role in names]
        if not known or not all(isinstance(each, str) for each in names):
            raise _refusal("role")
        return max(known, key=lambda role: role.rank)

    def _customer(self, claims: dict[str, Any]) -> int | None:
        if self._settings.jwt_customer_claim not in claims:
            return None
        customer = claims[self._settings.jwt_customer_claim]
        # A boolean is an int, too.
        if type(customer) is not int or not 0 < customer <= LARGEST_ID:
            raise _refusal("customer")
        return customer


def _name(claims: dict[str, Any]) -> str:
    name: str = claims["sub"]
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise _refusal("sub")
    return name


def _type_name(kind: str) -> str:
    """A `typ` as it is compared (RFC 7515, section 4.1.9)."""
    return kind.lower().removeprefix("application/")


def _refusal(rule: str) -> InvalidToken:
    """The error that names no rule; the log does, to an operator who wants to know."""
    _log.debug("a token was refused: %s", rule)
    return InvalidToken("The token is not valid.")

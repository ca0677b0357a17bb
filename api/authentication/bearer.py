"""Who asks, by the token in `Authorization: Bearer` (RFC 6750, section 2.1)."""

import re
from collections.abc import Awaitable, Callable

from api.errors import InvalidToken
from api.protocol.request import ApiRequest
from api.roles import Caller

Verify = Callable[[str], Awaitable[Caller]]
"""A function from a token to its bearer; raises InvalidToken."""

# RFC 6750's b64token, and no token of ours or of an issuer is as long.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")


class Bearer:
    """Tells who asks by a token; who shows none is `nobody`, whoever that is."""

    def __init__(self, verify: Verify, nobody: Caller) -> None:
        self._verify = verify
        self._nobody = nobody

    async def __call__(self, req: ApiRequest) -> Caller:
        """Who sends the request.

        Raises:
            InvalidToken: the token that it carries is not valid.
        """
        header = req.fields.get(b"authorization")
        if header is None:
            return self._nobody
        scheme, _, token = header.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return self._nobody
        token = token.strip(" ")
        if not _TOKEN.fullmatch(token):
            raise InvalidToken("What the Authorization header carries is no token.")
        return await self._verify(token)

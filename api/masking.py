"""What may be shown of a URL: all but its passwords."""

import re
from urllib.parse import unquote

_PARAMETER = re.compile(r"(?<=[?&])([^=&\s]+)=([^&\s]+)")
# Up to the last one: a password may hold what ought to be percent-encoded.
_PASSWORD = re.compile(r"(?<=://)([^:/@?]*):(\S+)@")


def masked(text: str) -> str:
    """The text without the passwords of URLs."""
    return _PARAMETER.sub(_masked_parameter, _PASSWORD.sub(r"\1:***@", text))


def _masked_parameter(found: re.Match[str]) -> str:
    is_secret = "pass" in unquote(found[1]).lower()
    return f"{found[1]}=***" if is_secret else found[0]

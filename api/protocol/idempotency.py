"""Writes that can be retried (draft-ietf-httpapi-idempotency-key-header)."""

from dataclasses import dataclass
from hashlib import sha256

from api.errors import BadRequest, Fault, KeyReused
from api.protocol.headers import parameters, unquoted
from api.protocol.request import ApiRequest
from api.storage.receipts import Receipt

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request's key in its scope (method, path, caller), and what it asks for."""

    key: str
    fingerprint: str

    def require_same(self, receipt: Receipt) -> None:
        """Make sure that the receipt answers this very request.

        Raises:
            KeyReused: the key was used with another body.
        """
        if receipt.fingerprint != self.fingerprint:
            raise KeyReused("This key was used for a request with another body.")


def keyed_request(req: ApiRequest, body: bytes) -> KeyedRequest | None:
    """The request with its key, or None where it has none.

    Raises:
        BadRequest: the key is empty, too long or holds what is not printable ASCII.
    """
    header = req.get_header(HEADER)
    if header is None:
        return None
    key = unquoted(header.strip())
    if not key or len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise BadRequest(
            f"{HEADER} must be 1 to {LONGEST_KEY} printable ASCII characters.",
            faults=[Fault("It is no usable key.", "key", parameter=HEADER)],
        )
    caller = req.caller
    scope = "\n".join((req.method, req.path, caller.name or "", caller.tag, key))
    media_type, _ = parameters(req.content_type or "")
    # Without a body its media type says nothing.
    content = media_type.lower().encode() + b"\n" + body if body else b""
    return KeyedRequest(sha256(scope.encode()).hexdigest(), sha256(content).hexdigest())

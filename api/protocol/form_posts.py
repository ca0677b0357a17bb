"""HTML's forms, which know GET and POST only, as the requests that they mean.

A form tells the method in `_method`, the tag for If-Match in `_etag`, and where to go
afterwards in `_back`; the other fields are the body. Only who reads HTML is taken for
a browser, so nobody else's POST ever turns into something else.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from api.errors import Fault, InvalidBody
from api.formats.html_forms import BACK, ETAG, METHOD
from api.protocol.text_bodies import form_fields

_PATH = re.compile(r"/(?![/\\])[!-~]{0,2000}")
_METHODS = ("POST", "PUT", "PATCH", "DELETE")


class FormPost(msgspec.Struct, frozen=True):
    """A form that was sent: what it means, and what was typed into it.

    `back` is a path of ours, or None where what was made is to be shown.
    """

    method: str
    etag: str | None
    back: str | None
    values: Mapping[str, str]
    body: bytes


def read_form_post(body: bytes) -> FormPost:
    """What a form of an HTML page means.

    Raises:
        MalformedBody: it is no form in UTF-8.
        InvalidBody: it names a method that forms can't stand for.
    """
    fields = form_fields(body)
    hidden = {name: value for name, value in fields if name in _HIDDEN}
    typed = [(name, value) for name, value in fields if name not in _HIDDEN]
    method = hidden.get(METHOD, "POST")
    if method not in _METHODS:
        detail = f"One of {', '.join(_METHODS)} is expected."
        fault = Fault(detail, "choice", pointer=f"/{METHOD}")
        raise InvalidBody("The form means no method of ours.", faults=[fault])
    back = hidden.get(BACK)
    return FormPost(
        method,
        hidden.get(ETAG) or None,
        back if back and _is_path(back) else None,
        dict(typed),
        urlencode(typed).encode(),
    )


_HIDDEN = frozenset({METHOD, ETAG, BACK})


def _is_path(text: str) -> bool:
    """Whether the text can be an href of ours, so that a browser stays here."""
    return _PATH.fullmatch(text) is not None

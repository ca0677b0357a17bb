"""What can be wrong with a service, and the answer that shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from waymark_client.documents import Bound, Document
from waymark_client.exchange import Request, Response

RULES: Mapping[str, str] = {
    "dead-link": "A link leads to nothing, to a failure or to no answer.",
    "server-failure": "The server fails.",
    "missing-self": "A document has no self link.",
    "templated-self": "A self link is a template.",
    "unstable-self": "The self link of a document leads to one with another self.",
    "malformed-link": "A link has no href, or is neither an object nor a list of them.",
    "malformed-template": "A templated link is no URI template of RFC 6570.",
    "undeclared-template": "An href holds braces and is not said to be templated.",
    "empty-template": "A link is said to be templated and has no variables.",
    "unresolved-curie": "A short relation has no curie that gives it a meaning.",
    "malformed-curie": "A curie has no name, or no {rel} in its href.",
    "foreign-host": "A link leads to another host.",
    "link-type": "What a link leads to is not of the type that the link tells.",
    "link-header": "The Link header tells other targets than the body.",
    "malformed-body": "The body is not what its media type says.",
    "media-type": "A HAL document is sent under a type that is none of HAL's.",
    "missing-vary": "Formats are negotiated, and Vary does not name Accept.",
    "shared-answer": "What a credential got may be kept and shown to others.",
    "shared-etag": "Two formats with different bodies have the same strong ETag.",
    "malformed-etag": "An ETag is not in quotes.",
    "ignored-etag": "A GET on condition of the present ETag is not answered with 304.",
    "not-modified": "A 304 has other fields than the GET has.",
    "head-differs": "HEAD is not answered as GET is.",
    "pages-do-not-meet": "The prev of the next page does not lead back.",
    "pages-overlap": "The same item stands on two pages.",
    "endless-pages": "The next page of a page is that page.",
    "embedded-differs": "What is embedded is not what its self link leads to.",
    "no-problem": "A refusal is not a problem document (RFC 9457).",
    "problem-status": "A problem tells another status than its answer has.",
    "missing-challenge": "A 401 without WWW-Authenticate.",
    "http": "A specification of HTTP is not kept to (found by httplint).",
    "dead-form": "A form's target does not exist, or has not its method.",
    "malformed-form": "A form tells what HAL-FORMS does not allow.",
    "form-refused": "A form is refused although it was filled in as it says.",
}
NOT_TRIED = "not-tried"
"""No rule: something could not be tried, and would else be taken for good."""
_EXCERPT = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, with the request and the answer that show it."""

    rule: str
    message: str
    request: Request
    response: Response | None = None

    @property
    def where(self) -> str:
        """The URI that was asked."""
        return self.request.uri

    def evidence(self) -> dict[str, Any]:
        """The exchange, without a credential, the body cut short."""
        shown: dict[str, Any] = {
            "method": self.request.method,
            "uri": self.request.uri,
            "accept": self.request.headers.get("Accept"),
        }
        if self.response is not None:
            body = self.response.body[:_EXCERPT].decode(errors="replace")
            shown["status"] = self.response.status
            shown["fields"] = dict(self.response.headers)
            shown["body"] = body
        return shown


@dataclass(frozen=True, slots=True)
class Visit:
    """One answer on the way: what was asked, what led there, and the document."""

    source: Bound
    request: Request
    response: Response
    rel: str = "self"
    kind: str | None = None
    document: Document | None = None

    def fault(self, rule: str, message: str) -> Finding:
        """A finding that this answer shows."""
        return Finding(rule, message, self.request, self.response)

    def untried(self, message: str) -> Finding:
        """What this answer offers, and could not be tried."""
        return Finding(NOT_TRIED, message, self.request, self.response)

    def beside(self, request: Request, response: Response) -> "Visit":
        """Another answer, looked at beside this one."""
        return Visit(self.source, request, response)


def documents_in(document: Document) -> Iterator[Document]:
    """The document and all that is embedded in it, at any depth."""
    yield document
    for rel in document.embedded_rels:
        for each in document.embedded(rel) or ():
            yield from documents_in(each)

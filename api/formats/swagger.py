"""The page that shows the OpenAPI description to people: swagger-ui, served from here.

All that it loads comes from this service, and its policy lets nothing else in.
"""

from api.formats import HTML, Format
from api.formats.html_parts import new_page, put, written
from api.hypermedia import relations
from api.hypermedia.document import Document, Link

START = "start"
"""The member that tells where the script stands which starts the page."""
HEADER = "header"
"""The member that tells where the style of what stands above it stands."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


def render_page(document: Document) -> bytes:
    """The page that shows what `service-desc` leads to, in UTF-8."""
    site, described = document.site, document.links[relations.SERVICE_DESC]
    page, body, _header = new_page("How to ask", site)
    if site is not None and isinstance(described, Link):
        told = {"rel": relations.SERVICE_DESC, "href": described.href}
        put(page[0], "link", told)
        header = {"rel": "stylesheet", "href": str(document.state[HEADER])}
        put(page[0], "link", header)
        start = {"src": str(document.state[START]), "defer": ""}
        put(page[0], "script", start)
    main = put(body, "main", {"id": "content"})
    put(main, "div", {"id": "swagger-ui"})
    put(put(main, "noscript"), "p", text="This page needs scripts; links do not.")
    return written(page).encode()


PAGE = Format(
    name="docs",
    suffix="",
    media_types=("text/html",),
    render=render_page,
    problem_type=HTML.problem_type,
    render_problem=HTML.render_problem,
    fields={"content-security-policy": _POLICY},
    parameters="; charset=utf-8",
)

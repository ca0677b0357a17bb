"""What leads to the descriptions of the whole service: the root, a catalog, a page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.documents.building import ROOT, Builder
from api.formats.described import LINKSET, OPENAPI, SCHEMA
from api.formats.swagger import HEADER, PAGE, START
from api.hypermedia import relations
from api.hypermedia.document import NOTHING, Document, Link, Links, Site
from api.uris import PATHS, Uris

_FOLDER = Path(__file__).parent / "swagger"
_ASSETS = Path(__file__).parent.parent / "formats" / "assets"
FILES: Mapping[str, Path] = {
    "docs_script": _FOLDER / "swagger-ui-bundle.js",
    "docs_stylesheet": _FOLDER / "swagger-ui.css",
    "docs_start": _FOLDER / "start.js",
    "docs_header": _FOLDER / "header.css",
    "stylesheet": _ASSETS / "style.css",
    "script": _ASSETS / "comfort.js",
}
"""What pages for people load, by the names of the paths."""
_PROFILE = "https://www.rfc-editor.org/info/rfc9727"


def root_document(builder: Builder) -> Document:
    """The root, which leads to the descriptions of the service too."""
    root, uris = builder.root(), builder.uris
    catalog = Link(uris.href("catalog"), type=LINKSET.media_types[0])
    root.links |= {**_service_links(uris), relations.API_CATALOG: catalog}
    return root


def docs_document(builder: Builder) -> Document:
    """What the page for people is made of."""
    uris = builder.uris
    links: Links = {
        relations.SELF: Link(uris.href("docs")),
        relations.UP: Link(uris.href("root")),
        relations.SERVICE_DESC: _service_links(uris)[relations.SERVICE_DESC],
    }
    site = Site(
        uris.href("root"), uris.href("docs_stylesheet"), uris.href("docs_script")
    )
    state = {START: uris.href("docs_start"), HEADER: uris.href("docs_header")}
    return Document(state, NOTHING, links, site=site)


def catalog_document(builder: Builder) -> Document:
    """The catalog of the host's APIs (RFC 9727), which are one, as a set of links.

    It stands at the host's root, whatever the mount prefix.
    """
    uris, here = builder.uris, PATHS["catalog"]
    root = uris.href("root")
    schema = Link(builder.schema(ROOT).href, type=SCHEMA.media_types[0])
    told = {**_service_links(uris), relations.DESCRIBEDBY: schema}
    about: dict[str, Any] = {"anchor": root}
    about |= {rel: [_target(link)] for rel, link in told.items()}
    items: dict[str, Any] = {"anchor": here, relations.ITEM: [_target(Link(root))]}
    links: Links = {
        relations.API_CATALOG: Link(here),
        relations.ITEM: [Link(root)],
        relations.PROFILE: Link(_PROFILE),
    }
    return Document({"linkset": [items, about]}, NOTHING, links)


def _service_links(uris: Uris) -> dict[str, Link]:
    """The links to what describes the service, to programs and to people."""
    return {
        relations.SERVICE_DESC: Link(uris.href("openapi"), type=OPENAPI.media_types[0]),
        relations.SERVICE_DOC: Link(uris.href("docs"), type=PAGE.media_types[0]),
    }


def _target(link: Link) -> dict[str, str]:
    """The link as a set of links has it (RFC 9264, section 4.2)."""
    told = {"href": link.href}
    return told if link.type is None else {**told, "type": link.type}

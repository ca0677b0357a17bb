"""The Link header (RFC 8288): a document's typed links, for who reads no body."""

from itertools import accumulate

from api.hypermedia.document import Links

LARGEST_HEADER = 4096
_PAGING = ("next", "prev", "first", "last")


def link_header(links: Links) -> str:
    """The links that are no templates, those to other pages first, at most 4 KiB."""
    texts: list[str] = []
    if "first" in links:
        links = {**{rel: links[rel] for rel in _PAGING if rel in links}, **links}
    for rel, target in links.items():
        for link in target if isinstance(target, list) else (target,):
            if link.templated:
                continue
            text = f'<{link.href}>; rel="{rel}"'
            texts.append(f'{text}; type="{link.type}"' if link.type else text)
    header = ", ".join(texts)
    return header if len(header) <= LARGEST_HEADER else _shortened(texts)


def _shortened(texts: list[str]) -> str:
    """As many of the first texts as fit into a header field together."""
    sizes = accumulate(len(text) + len(", ") for text in texts)
    count = sum(size <= LARGEST_HEADER for size in sizes)
    return ", ".join(texts[:count])

"""The Project Gutenberg catalogue, read as a stream and cleaned book by book.

The source is a gzipped CSV file made from library records (MARC), whose traces the
cleaning removes. Nothing is added that the source does not say. Language tags follow
RFC 5646: the shortest code there is (2.2.1), `mul` and `und` as in 4.1.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TITLE_LIMIT = 1_000
AUTHOR_LIMIT = 500
UNTITLED = "Untitled"
UNKNOWN_AUTHOR = "Unknown"
AND_OTHERS = "; et al."

_COLUMNS = ("gutenberg_id", "title", "authors", "languages", "subjects")
_BOOK_ID = re.compile(r"[1-9][0-9]{0,14}")
_SHORTER_TAGS = {"gla": "gd", "nav": "nv", "oji": "oj"}

# The white space among the controls (TAB to CR, NEL) is left out: it becomes a space.
# The joiners U+200C and U+200D are left out too: they change how a word is spelt.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
    "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_SUBFIELD_MARK = re.compile(
    r" ?(?P<before>[:;=,]?) ?"
    r"(?:\$(?P<code>[a-z])(?!\w)|(?<=[:;=] )\$(?= ))"
    r" ?(?P<after>[:;=,]?) ?"
)
_SENTENCE_ENDS = (".", "!", "?", "…", "—")

_OUTER_COMMA = re.compile(r",(?![^(]*\))")
_PARENTHESES = re.compile(r" ?\((?:[^()]|\([^()]*\))*\)")
_CORPORATE = re.compile(
    r" & |, and |\b(?:Company|Co\.|Society|[Aa]ssociation|Library|Bureau)"
    r"|^[^,(]*\w{4}\. |^Author of "
)
_DATE = re.compile(r"(?:active|approximately|jin shi|ju ren)\b.*\d|\[?pseud\.?\]?$")
_OPEN_END = re.compile(r"(?:\b(?:of|de|von|zu|van|der|di|called)|\bd['\u2019])$")
_EPITHET = re.compile(
    r"(?:of|à|da|de|di|von|van|(?:a|the)(?= [^\Wa-z])) \w|(?:d['\u2019]|ha-)\w"
    r"|(?:aîné|jeune|bey|hanoum)$"
)
_NUMERAL = re.compile(r"[IVX]+$")
_OFFICE = re.compile(
    r"(?:[\w'-]+ ){1,2}of \w|the [a-z]|Prince Consort$|(?:Jr|Sr|Inc|Ltd|M\.D)\.$"
)
_GERMAN_TITLE = re.compile(
    r"(?:Graf|Gräfin|Freiherr|Freifrau|Freiin|Ritter|Fürst|Edler Herr|Prinz)\b"
    r"|Baron von$"
)
_PEERAGE = re.compile(
    r"(?:\d+\w+ )?(?:Baron|Baroness|[Vv]iscount|Viscountess|Earl|Marquess)$"
)
_HONORIFIC = re.compile(
    r"(?:Sir|Dame|Lord|Lady|Mr\.|Mrs\.|Miss|Monsieur|Madame|Mme\.?|Fru|Don|Hon\.|Dr\."
    r"|Prof\.|Professor|Rev\.|Canon|Bp\.|Saint|Father|Mother|Brother|Sister|swámi"
    r"|maistre|Captain|Capt\.|Major|Colonel|Col\.|General|Lieutenant|Prince|Princess"
    r"|Count|[Cc]ountess|Baron|Baroness)$"
)
_RANK_ALONE = re.compile(
    r"(?:baron|báró|comte|comtesse|conte|contessa|friherre|friherrinna|graf|grafinia"
    r"|grevinde|gróf|hrabe|hrabia|kniaz|marquise|prince)$"
)


class CatalogueFault(Exception):
    """The file is no catalogue, or not all of one; the message names the line."""


@dataclass(frozen=True, slots=True)
class CatalogueBook:
    """A book as the catalogue knows it, within the bounds of the contract.

    Several authors are joined by `; `, in the same order in `author` ("Leo Tolstoy")
    and `author_sort` ("Tolstoy, Leo, graf"). `subjects` are unique, in the source's
    order, perhaps none.
    """

    gutenberg_id: int
    title: str
    author: str
    author_sort: str
    language: str
    subjects: tuple[str, ...]


def read_catalogue(path: Path) -> Iterator[CatalogueBook]:
    """Yield the books of the gzipped CSV file in its order, with one row in memory.

    Books read before a fault are good, so a caller that wants all or nothing waits
    for the end.

    Raises:
        CatalogueFault: the file can't be read, is not gzip or UTF-8, is cut short,
            lacks a column, or has a row that is too short or whose id is no number.
    """
    for line, row in _rows(path):
        book_id, title, authors, languages, subjects = row
        if not _BOOK_ID.fullmatch(book_id):
            raise CatalogueFault(
                f"{path}, line {line}: gutenberg_id is {book_id!r}, not a whole number"
                " above 0"
            )
        names = author_names(authors)
        yield CatalogueBook(
            gutenberg_id=int(book_id),
            title=clean_title(title),
            author=joined_names(display_name(name) for name in names),
            author_sort=joined_names(names),
            language=language_tag(languages),
            subjects=_unique_parts(subjects),
        )


def clean_text(text: str) -> str:
    """Return the text in NFC on one line: no controls, no doubled or outer spaces."""
    seen = text if text.isprintable() else _UNSEEN.sub("", text)
    return normalize("NFC", " ".join(seen.replace("&amp;", "&").split()))


def clean_title(title: str) -> str:
    """Return the title with MARC's subfield marks turned into punctuation.

    "Peter Pan : $b [Peter and Wendy]" gives "Peter Pan: [Peter and Wendy]"; prices such
    as "$1,000" stay. Between 1 and 1,000 characters; nothing at all gives "Untitled".
    """
    cleaned = clean_text(title)
    if "$" in cleaned:
        cleaned = _SUBFIELD_MARK.sub(_punctuation, cleaned)
    return _shortened(cleaned, TITLE_LIMIT) or UNTITLED


def author_names(authors: str) -> tuple[str, ...]:
    """Return the sort names of a row, each once; ("Unknown",) if it has none."""
    return _unique_parts(authors) or (UNKNOWN_AUTHOR,)


@lru_cache(maxsize=4_096)
def display_name(sort_name: str) -> str:
    """Return "Wells, H. G. (Herbert George)" in reading order, as "H. G. Wells".

    Fuller forms in parentheses, dates, and foreign ranks without a place ("graf") are
    left to the sort name. Names of bodies and names without a comma stay as they are.
    """
    if "," not in sort_name or _CORPORATE.search(_PARENTHESES.sub("", sort_name)):
        return sort_name
    undated = [
        part
        for part in map(str.strip, _OUTER_COMMA.split(sort_name))
        if not _DATE.match(part)
    ]
    if len(undated) == 1:
        return undated[0]
    surname, *others = filter(None, (_PARENTHESES.sub("", part) for part in undated))
    return _reading_order(surname, *others) if others else surname


def joined_names(names: Iterable[str]) -> str:
    """Return the names joined by "; ", as many as 500 characters hold.

    If some are left out the end is "; et al."; a first name that is too long is cut.
    """
    first, *others = names
    joined = "; ".join((first, *others))
    if len(joined) <= AUTHOR_LIMIT:
        return joined
    room = AUTHOR_LIMIT - len(AND_OTHERS)
    kept = _shortened(first, room if others else AUTHOR_LIMIT)
    for name in others:
        if len(kept) + len("; ") + len(name) > room:
            break
        kept = f"{kept}; {name}"
    return kept + AND_OTHERS if others else kept


def language_tag(languages: str) -> str:
    """Return the BCP 47 tag of a list of codes: `mul` for several, `und` for none."""
    codes = set(languages.split())
    if len(codes) > 1:
        return "mul"
    code = codes.pop() if codes else "und"
    return _SHORTER_TAGS.get(code, code)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the wanted columns of each record with the line on which it ends."""
    line = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
            reader = csv.reader(text, strict=True)
            header = next(reader, [])
            wanted = _positions(header, path)
            for row in reader:
                line = reader.line_num
                if len(row) != len(header):
                    raise CatalogueFault(
                        f"{path}, line {line}: {len(row)} columns, not {len(header)}"
                    )
                yield line, [row[position] for position in wanted]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as ex:
        raise CatalogueFault(f"{path}, after line {line}: {ex}") from ex


def _positions(header: list[str], path: Path) -> list[int]:
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        raise CatalogueFault(f"{path}, line 1: no column {', '.join(missing)}")
    return [header.index(name) for name in _COLUMNS]


def _unique_parts(joined: str) -> tuple[str, ...]:
    parts = (clean_text(part).rstrip(" ,") for part in joined.split("|"))
    return tuple(dict.fromkeys(filter(None, parts)))


def _punctuation(mark: re.Match[str]) -> str:
    """Return what a subfield mark becomes, given the punctuation around it."""
    if mark.start() == 0 or mark.end() == len(mark.string):
        return ""
    sign = mark["before"] or mark["after"]
    if sign == "=":
        return " = "
    if not sign and mark.string[: mark.start()].endswith(_SENTENCE_ENDS):
        return " "
    return f"{sign or (':' if mark['code'] == 'b' else ',')} "


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    words, _, rest = text[: limit - 1].rpartition(" ")
    return (words or rest) + "…"


def _reading_order(surname: str, forename: str, *titles: str) -> str:
    name = _whole_name(surname, forename)
    before, after = "", ""
    for title in titles:
        titled = _titled_name(surname, forename, title)
        if titled:
            name = titled
        elif _HONORIFIC.match(title):
            before = f"{title} {before}"
        elif _EPITHET.match(title) or _NUMERAL.match(title):
            after = f"{after}, {title}" if after else f" {title}"
        elif not _RANK_ALONE.match(title) and not _OPEN_END.search(title):
            after = f"{after}, {title}"
    return f"{before}{name}{after}"


def _whole_name(surname: str, forename: str) -> str:
    if _EPITHET.match(forename):
        return f"{surname} {forename}"
    if _OFFICE.match(forename):
        return f"{surname}, {forename}"
    return _spaced(forename, surname)


def _titled_name(surname: str, forename: str, title: str) -> str | None:
    """Return the name of one whose title takes the surname; None for other titles."""
    if _OPEN_END.search(forename):
        return None
    if _GERMAN_TITLE.match(title):
        return f"{forename} {_spaced(title, surname)}"
    if _OPEN_END.search(title):
        return f"{forename}, {_spaced(title, surname)}"
    if not _PEERAGE.match(title):
        return None
    if f" {forename}".endswith(f" {surname}"):
        return f"{forename}, {title}"
    return f"{forename}, {title} {surname}"


def _spaced(left: str, right: str) -> str:
    return left + right if left.endswith(("d'", "d\u2019")) else f"{left} {right}"

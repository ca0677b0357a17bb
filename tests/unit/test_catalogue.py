"""The Gutenberg catalogue is read as a stream, and every book comes out clean."""

import csv
import gzip
import io
import re
from itertools import islice
from pathlib import Path
from unicodedata import is_normalized

import pytest

from api.catalogue import (
    CatalogueFault,
    author_names,
    clean_title,
    display_name,
    joined_names,
    language_tag,
    read_catalogue,
)

CATALOGUE = Path(__file__).parents[2] / "data" / "gutenberg.csv.gz"
COLUMNS = ["gutenberg_id", "title", "authors", "languages", "subjects"]
DIRT = re.compile(r"[\x00-\x1f\x7f-\x9f]|\$[a-z]\b|\s\s|^\s|\s$|^$")


def a_row(**changes):
    row = {"gutenberg_id": "36", "title": "The War of the Worlds", "languages": "en"}
    row |= {"authors": "Wells, H. G. (Herbert George)", "subjects": "Mars | War"}
    return row | changes


def a_catalogue(folder, *rows, columns=COLUMNS):
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerows([columns, *([row[name] for name in columns] for row in rows)])
    return a_file(folder, gzip.compress(text.getvalue().encode()))


def a_file(folder, content):
    path = folder / "catalogue.csv.gz"
    path.write_bytes(content)
    return path


def read_one(folder, **changes):
    (book,) = read_catalogue(a_catalogue(folder, a_row(**changes)))
    return book


@pytest.fixture(scope="module")
def books():
    return list(read_catalogue(CATALOGUE))


@pytest.mark.parametrize(
    ("source", "title"),
    [
        pytest.param("A\r\nB", "A B", id="line break"),
        pytest.param("A\u00a0 B\tC", "A B C", id="other white space"),
        pytest.param(" A ", "A", id="outer spaces"),
        pytest.param("coe\x9cur\x00", "coeur", id="controls"),
        pytest.param("A\x85B", "A B", id="the control that is a line break"),
        pytest.param("li\u00adricas\u200b", "liricas", id="unseen marks"),
        pytest.param("&amp;c.", "&c.", id="escaped ampersand"),
        pytest.param("e\u0301", "é", id="composed"),
        pytest.param(
            "Peter Pan : $b [Peter and Wendy]",
            "Peter Pan: [Peter and Wendy]",
            id="subtitle",
        ),
        pytest.param("A droit = $b A right", "A droit = A right", id="parallel title"),
        pytest.param("Hetty ; $b or, Nobody", "Hetty; or, Nobody", id="spaced or"),
        pytest.param("Hetty; $b or, Nobody", "Hetty; or, Nobody", id="or"),
        pytest.param("Dress $b: an account", "Dress: an account", id="colon after"),
        pytest.param("Dress $b : an account", "Dress: an account", id="colon apart"),
        pytest.param("Eulogy\r\n$b Given", "Eulogy: Given", id="on its own line"),
        pytest.param("Skanchy : $b  a life", "Skanchy: a life", id="doubled space"),
        pytest.param("Der Abend : $ Roman", "Der Abend: Roman", id="lost letter"),
        pytest.param("Froebel $c translated", "Froebel, translated", id="by whom"),
        pytest.param("The end.\r\n$c By X", "The end. By X", id="after a sentence"),
        pytest.param("Events $v Volume 3", "Events, Volume 3", id="volume"),
        pytest.param("$a Emma : $b", "Emma", id="marks at the ends"),
        pytest.param("The $30,000 Bequest", "The $30,000 Bequest", id="price"),
        pytest.param("Ke$ha and 5 $ more", "Ke$ha and 5 $ more", id="no mark"),
        pytest.param("Octopus : A Story", "Octopus : A Story", id="colon, no mark"),
        pytest.param("", "Untitled", id="empty"),
        pytest.param(" \x07\n", "Untitled", id="nothing to see"),
        pytest.param("x" * 1_000, "x" * 1_000, id="just fits"),
        pytest.param("long " * 201, "long " * 198 + "long…", id="too long"),
    ],
)
def test_a_title_is_one_clean_line(source, title):
    assert clean_title(source) == title


def test_an_endless_word_is_cut_too():
    assert clean_title("x" * 2_000) == "x" * 999 + "…"


@pytest.mark.parametrize(
    ("sort_name", "shown"),
    [
        pytest.param("Plato", "Plato", id="one name"),
        pytest.param("Jefferson, Thomas", "Thomas Jefferson", id="two names"),
        pytest.param("Gogh, Vincent van", "Vincent van Gogh", id="particle"),
        pytest.param("Aragona, Tullia d'", "Tullia d'Aragona", id="elided particle"),
        pytest.param("Wells, H. G. (Herbert George)", "H. G. Wells", id="fuller form"),
        pytest.param("Sandick, R. A. (Rudolf) van", "R. A. van Sandick", id="inside"),
        pytest.param("Ward, W. (Author (Ohio))", "W. Ward", id="nested"),
        pytest.param("Weld, Ivan, (Comings)", "Ivan Weld", id="fuller form apart"),
        pytest.param("Lowe, (Dr.) (William)", "Lowe", id="surname alone"),
        pytest.param("Alger, Horatio, Jr.", "Horatio Alger, Jr.", id="junior"),
        pytest.param("Irving E. Cox, Jr.", "Irving E. Cox, Jr.", id="already turned"),
        pytest.param("Appleton, Victor, II", "Victor Appleton II", id="the second"),
        pytest.param("Jones, William, F.S.A.", "William Jones, F.S.A.", id="degree"),
        pytest.param("Abbot, Robert, cook", "Robert Abbot, cook", id="trade"),
        pytest.param("Baker, Samuel White, Sir", "Sir Samuel White Baker", id="sir"),
        pytest.param("Ward, Humphry, Mrs.", "Mrs. Humphry Ward", id="mrs"),
        pytest.param("Oliphant, Mrs. (Margaret)", "Mrs. Oliphant", id="mrs alone"),
        pytest.param("Dunsany, Lord", "Lord Dunsany", id="lord alone"),
        pytest.param(
            "Liguori, Alfonso de', Saint", "Saint Alfonso de' Liguori", id="s"
        ),
        pytest.param("Tolstoy, Leo, graf", "Leo Tolstoy", id="foreign rank"),
        pytest.param("Pourtalès, Guy de, comte", "Guy de Pourtalès", id="comte"),
        pytest.param("Comminges, A. de, comte de", "A. de Comminges", id="comte de"),
        pytest.param("Sade, marquis de", "marquis de Sade", id="rank alone"),
        pytest.param(
            "Orczy, Emmuska Orczy, Baroness", "Emmuska Orczy, Baroness", id="o"
        ),
        pytest.param("Kelvin, William Thomson, Baron", "William Thomson, Baron Kelvin"),
        pytest.param("Anethan, Albert d', Baroness", "Baroness Albert d'Anethan"),
        pytest.param(
            "Westmorland, John Fane, Earl of", "John Fane, Earl of Westmorland"
        ),
        pytest.param("Knigge, Adolf, Freiherr von", "Adolf Freiherr von Knigge"),
        pytest.param("Leonardo, da Vinci", "Leonardo da Vinci", id="byname"),
        pytest.param("Pliny, the Younger", "Pliny the Younger", id="the younger"),
        pytest.param("Charles I, King of England", "Charles I, King of England"),
        pytest.param("Cotton, W., F.S.A., of Exeter", "W. Cotton, F.S.A., of Exeter"),
        pytest.param(
            "Ambrose, Saint, Bishop of Milan", "Saint Ambrose, Bishop of Milan"
        ),
        pytest.param("Teresa, of Avila, Saint", "Saint Teresa of Avila", id="saint of"),
        pytest.param("Layamon, active 1200", "Layamon", id="year"),
        pytest.param("Judah, ha-Levi, active 12th century", "Judah ha-Levi", id="when"),
        pytest.param("Liu, Yong, jin shi 1034", "Yong Liu", id="year of degree"),
        pytest.param("Mo, Langzi, pseud.", "Langzi Mo", id="pseudonym"),
        pytest.param("Celsus (Platonist), active 180", "Celsus (Platonist)", id="who"),
    ],
)
def test_a_name_is_shown_in_reading_order(sort_name, shown):
    assert display_name(sort_name) == shown


@pytest.mark.parametrize(
    "name",
    [
        "United States. Bureau of the Census",
        "United States. Army. Armored Division, 4th",
        "British Museum (Natural History)",
        "Trinity College (Dublin, Ireland)",
        "Longmans, Green, and Co.",
        "Griffith, Farran, Okeden & Welsh",
        "Lawson McGhee Library, Knoxville, Tenn.",
    ],
)
def test_the_name_of_a_body_stays(name):
    assert display_name(name) == name


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("", ("Unknown",), id="none"),
        pytest.param(" | ", ("Unknown",), id="only the separator"),
        pytest.param("Doe, A | Roe, B", ("Doe, A", "Roe, B"), id="two"),
        pytest.param("Doe, A | Doe,  A", ("Doe, A",), id="the same twice"),
        pytest.param("Wilmot, John, Earl of,", ("Wilmot, John, Earl of",), id="comma"),
        pytest.param("Wycliffe, John\u200f", ("Wycliffe, John",), id="unseen mark"),
    ],
)
def test_authors_are_named_once_each_in_the_given_order(source, names):
    assert author_names(source) == names


def test_authors_are_joined_alike_as_shown_and_as_sorted(tmp_path):
    book = read_one(tmp_path, authors="Hamilton, Alexander | Jay, John")
    assert book.author == "Alexander Hamilton; John Jay"
    assert book.author_sort == "Hamilton, Alexander; Jay, John"


@pytest.mark.parametrize(
    ("names", "joined"),
    [
        pytest.param(["a" * 249] * 2, "; ".join(["a" * 249] * 2), id="just fit"),
        pytest.param(
            ["a" * 200] * 3, f"{'a' * 200}; {'a' * 200}; et al.", id="too many"
        ),
        pytest.param(["a" * 600], "a" * 499 + "…", id="one too long"),
        pytest.param(["a" * 600, "b"], "a" * 491 + "…; et al.", id="first too long"),
    ],
)
def test_no_more_names_are_joined_than_fit(names, joined):
    assert joined_names(names) == joined


@pytest.mark.parametrize(
    ("codes", "tag"),
    [
        pytest.param("en", "en", id="one"),
        pytest.param("enm", "enm", id="no shorter code"),
        pytest.param("gla", "gd", id="Gaelic"),
        pytest.param("nav", "nv", id="Navajo"),
        pytest.param("oji", "oj", id="Ojibwa"),
        pytest.param("en fr", "mul", id="several"),
        pytest.param("en en", "en", id="the same twice"),
        pytest.param("", "und", id="none"),
    ],
)
def test_a_language_is_the_shortest_tag_of_bcp_47(codes, tag):
    assert language_tag(codes) == tag


@pytest.mark.parametrize(
    ("source", "subjects"),
    [
        pytest.param("", (), id="none"),
        pytest.param("War | Mars", ("War", "Mars"), id="in order"),
        pytest.param("War | | Mars | War", ("War", "Mars"), id="empty and repeated"),
        pytest.param(" Art --\n \u200bItaly", ("Art -- Italy",), id="white space"),
    ],
)
def test_subjects_are_clean_and_unique(tmp_path, source, subjects):
    assert read_one(tmp_path, subjects=source).subjects == subjects


def test_the_whole_catalogue_is_read_with_unique_ids(books):
    assert len(books) == 78_766
    assert len({book.gutenberg_id for book in books}) == 78_766


def test_every_text_of_the_catalogue_is_clean(books):
    texts = (
        text
        for book in books
        for text in (book.title, book.author, book.author_sort, *book.subjects)
    )
    assert [
        text for text in texts if DIRT.search(text) or not is_normalized("NFC", text)
    ] == []


def test_every_book_of_the_catalogue_is_within_the_contract(books):
    assert max(len(book.title) for book in books) <= 1_000
    assert max(len(book.author) for book in books) <= 500
    assert max(len(book.author_sort) for book in books) <= 500


def test_every_language_of_the_catalogue_is_a_tag(books):
    tags = {book.language for book in books}
    assert {"en", "gd", "oj", "mul"} <= tags
    assert [tag for tag in tags if not re.fullmatch(r"[a-z]{2,3}", tag)] == []


def test_the_first_books_come_before_the_rest_is_read(tmp_path):
    half = a_file(tmp_path, CATALOGUE.read_bytes()[: CATALOGUE.stat().st_size // 2])
    first = list(islice(read_catalogue(half), 2))
    assert [book.gutenberg_id for book in first] == [1, 2]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda whole: whole[:-9], id="cut short"),
        pytest.param(lambda whole: whole[:-8] + bytes(8), id="wrong checksum"),
        pytest.param(lambda whole: whole[:10] + b"\xff" + whole[11:], id="no deflate"),
        pytest.param(gzip.decompress, id="not compressed"),
    ],
)
def test_a_damaged_file_is_a_fault(tmp_path, damage):
    whole = a_catalogue(tmp_path, a_row()).read_bytes()
    with pytest.raises(CatalogueFault, match="line"):
        list(read_catalogue(a_file(tmp_path, damage(whole))))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b'"open', id="quote left open"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_file_that_is_no_table_is_a_fault(tmp_path, text):
    with pytest.raises(CatalogueFault, match="line"):
        list(read_catalogue(a_file(tmp_path, gzip.compress(text))))


def test_a_missing_file_is_a_fault(tmp_path):
    with pytest.raises(CatalogueFault, match="No such file"):
        next(read_catalogue(tmp_path / "nowhere.csv.gz"))


def test_a_missing_column_is_named(tmp_path):
    path = a_catalogue(tmp_path, a_row(), columns=COLUMNS[:3])
    with pytest.raises(CatalogueFault, match="line 1: no column languages, subjects"):
        next(read_catalogue(path))


def test_a_row_that_is_too_short_is_named_by_its_line(tmp_path):
    lines = gzip.decompress(a_catalogue(tmp_path, a_row()).read_bytes())
    path = a_file(tmp_path, gzip.compress(lines + b"37,Emma\r\n"))
    with pytest.raises(CatalogueFault, match="line 3: 2 columns, not 5"):
        list(read_catalogue(path))


@pytest.mark.parametrize("book_id", ["", "x", "-1", "0", "1.5", "٣", "1_000", "9" * 16])
def test_an_id_that_is_no_number_is_named_by_its_line(tmp_path, book_id):
    path = a_catalogue(tmp_path, a_row(title="A\nB"), a_row(gutenberg_id=book_id))
    with pytest.raises(CatalogueFault, match=f"line 4: gutenberg_id is '{book_id}'"):
        list(read_catalogue(path))

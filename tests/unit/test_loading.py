"""Loading the catalogue: whole, once, and beside what editors changed."""

import hashlib

from api.catalogue import CatalogueBook
from api.models.book import BOOK
from api.storage import rows
from api.storage.counters import count_of
from api.storage.loading import digest_of, is_loaded, load_books
from api.storage.pages import read_page
from api.storage.query import START, Selection
from tests.unit.builders import a_book, book_values


def from_catalogue(number, **changes):
    values = {"title": f"Book {number}", "author": "A", "author_sort": "A"}
    values |= {"language": "en", "subjects": ("War",), **changes}
    return CatalogueBook(gutenberg_id=number, **values)


def load(connection, *books, digest="digest"):
    heard = []
    new = load_books(connection, books, digest, heard.append)
    return new, heard


def shelf(connection):
    found = read_page(connection, BOOK, Selection(), START, 50).rows
    return [rows.find(connection, BOOK, (row.id,)) for row in found]


def test_loaded_books_are_counted_and_have_versions_of_their_own(connection):
    a_book(connection)
    assert load(connection, from_catalogue(1), from_catalogue(2)) == (2, [2])
    versions = [row.version for row in shelf(connection)]
    assert len(set(versions)) == 3
    count = count_of(connection, BOOK)
    assert count.total == 3
    assert count.version > max(versions)


def test_a_book_that_stands_already_is_left_as_it_is(connection):
    load(connection, from_catalogue(1))
    (book,) = shelf(connection)
    changed = rows.replace(
        connection, BOOK, book, book_values(title="Edited", gutenberg_id=1)
    )
    assert load(connection, from_catalogue(1), from_catalogue(2)) == (1, [2])
    assert shelf(connection)[0] == changed
    assert count_of(connection, BOOK).total == 2


def test_a_book_twice_in_the_catalogue_is_loaded_once(connection):
    assert load(connection, from_catalogue(1), from_catalogue(1))[0] == 1


def test_many_books_are_loaded_in_batches(connection):
    books = [from_catalogue(number) for number in range(1, 4_002)]
    assert load(connection, *books) == (4_001, [2_000, 2_000, 1])


def test_the_order_of_the_author_s_names_is_kept(connection):
    load(connection, from_catalogue(1, author="H. Wells", author_sort="Wells, H."))
    assert shelf(connection)[0].author_sort == "wells, h."


def test_a_file_is_known_by_its_content(connection, tmp_path):
    path = tmp_path / "catalogue"
    path.write_bytes(b"content")
    digest = digest_of(path)
    assert digest == hashlib.sha256(b"content").hexdigest()
    assert not is_loaded(connection, digest)
    load(connection, digest=digest)
    load(connection, digest=digest)
    assert is_loaded(connection, digest)

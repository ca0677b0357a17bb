"""A client of one's own: what the catalogue can do, in words of a bookshop."""

import sys
from collections.abc import Iterator

from waymark_client import Resource, Waymark


class BookClient:
    """The catalogue of one shop."""

    def __init__(self, url: str) -> None:
        self._shop = Waymark(url)

    def add(self, title: str, author: str) -> Resource:
        """The new book."""
        return self._shop["wm:books"].post(title=title, author=author)

    def find(self, words: str) -> Iterator[Resource]:
        """The books with these words, page by page as they are needed."""
        return self._shop.follow("search", q=words).items()

    def rename(self, book: Resource, title: str) -> Resource:
        """The book under its new title, unless somebody was faster."""
        return book.patch(title=title)


client = BookClient(sys.argv[1])
client.add("Persuasoin", "Jane Austen")
wrong = next(client.find("persuasoin"))
print(client.rename(wrong, "Persuasion").state["title"])

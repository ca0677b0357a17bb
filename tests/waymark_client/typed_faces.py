"""What mypy must see of both faces; `test_types.py` asks it."""

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from waymark_client import (
    AsyncForm,
    AsyncResource,
    AsyncWaymark,
    Form,
    Resource,
    Waymark,
)
from waymark_client.forms import Option


def blocking(shop: Waymark, book: Resource, form: Form) -> None:
    assert_type(shop["wm:books"], Resource)
    assert_type(shop.follow("search", q="emma"), Resource)
    assert_type(book["wm:reviews"], Resource)
    assert_type(book.patch(title="Emma", prefer="return=minimal"), Resource)
    assert_type(book.items(), Iterator[Resource])
    assert_type(book.form("edit"), Form)
    assert_type(form.submit({"a": 1}, title="Emma"), Resource)
    assert_type(form.options("book", q="emma"), tuple[Option, ...])
    assert_type(form.here, Resource)
    book.delete()
    book.patch(prefer=1)  # type: ignore[arg-type]
    Waymark("http://shop.example", retries=3)  # type: ignore[arg-type]
    Waymark("http://shop.example", retry=3)  # type: ignore[call-arg]
    shop.follow(1)  # type: ignore[arg-type]
    book.form(1)  # type: ignore[arg-type]


async def awaiting(shop: AsyncWaymark, book: AsyncResource, form: AsyncForm) -> None:
    assert_type(await shop["wm:books"], AsyncResource)
    assert_type(await shop.follow("search", q="emma"), AsyncResource)
    assert_type(await book["wm:reviews"], AsyncResource)
    assert_type(await book.patch(title="Emma"), AsyncResource)
    assert_type(book.items(), AsyncIterator[AsyncResource])
    assert_type(book.form("edit"), AsyncForm)
    assert_type(await form.submit({"a": 1}, title="Emma"), AsyncResource)
    assert_type(await form.options("book", q="emma"), tuple[Option, ...])
    assert_type(form.here, AsyncResource)
    await book.delete()
    await book.patch(prefer=1)  # type: ignore[arg-type]

"""The blocking client: each method waits for what comes of it."""

from collections.abc import Callable, Iterator
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx2

from waymark_client import plans
from waymark_client.documents import Bound, BoundForm, Document, Start
from waymark_client.drivers import BlockingDriver, at_once, iterated
from waymark_client.exchange import Plan, Walk
from waymark_client.sending import Session, credential

P = ParamSpec("P")
T = TypeVar("T")
H = TypeVar("H", bound=Bound)


def _waited_for(
    plan: Callable[Concatenate[H, P], Plan[T]],
) -> Callable[Concatenate[H, P], T]:
    def method(here: H, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = at_once(here.driver.run(plan(here, *args, **kwargs)))
        return result

    update_wrapper(method, plan)
    return method


def _walked(
    walk: Callable[Concatenate[H, P], Walk[T]],
) -> Callable[Concatenate[H, P], Iterator[T]]:
    def method(here: H, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return iterated(here.driver.walk(walk(here, *args, **kwargs)))

    update_wrapper(method, walk)
    return method


class Resource(Document):
    """A document, and what can be done with it."""

    __getitem__ = _waited_for(plans.go)
    follow = _waited_for(plans.follow)
    read = _waited_for(plans.read)
    refresh = _waited_for(plans.refresh)
    post = _waited_for(plans.post)
    put = _waited_for(plans.put)
    patch = _waited_for(plans.patch)
    delete = _waited_for(plans.delete)
    items = _walked(plans.items)
    pages = _walked(plans.pages)
    stream = _walked(plans.stream)

    def form(self, name: str | None = None) -> "Form":
        """The form of that name, to be submitted; see `template`."""
        return Form(self, self.template(name))


class Form(BoundForm[Resource]):
    """A form, and how to send it."""

    submit = _waited_for(plans.submit)
    options = _waited_for(plans.options)


class Waymark(Start[Resource]):
    """A service, known by one URI.

    The keywords are those of `Session` (retries, cache, keeps_keys, trace, headers).
    """

    kind = Resource

    def __init__(
        self,
        root: str,
        *,
        token: str | None = None,
        user: tuple[str, str] | None = None,
        timeout: float = 10,
        transport: httpx2.BaseTransport | None = None,
        **options: Any,
    ) -> None:
        headers = {**options.pop("headers", {}), **credential(token, user)}
        self.session = Session(root, headers, **options)
        self.driver = BlockingDriver(timeout, transport)

    __getitem__ = _waited_for(plans.go_from)
    follow = _waited_for(plans.follow_from)
    root = _waited_for(plans.begin)
    read = _waited_for(plans.read_from)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.driver.close()

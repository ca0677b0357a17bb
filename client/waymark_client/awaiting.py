"""The asynchronous client: each method gives something to be awaited."""

from collections.abc import AsyncIterator, Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx2

from waymark_client import plans
from waymark_client.documents import Bound, BoundForm, Document, Start
from waymark_client.drivers import AsyncDriver
from waymark_client.exchange import Plan, Walk
from waymark_client.sending import Session, credential

P = ParamSpec("P")
T = TypeVar("T")
H = TypeVar("H", bound=Bound)


def _awaited(
    plan: Callable[Concatenate[H, P], Plan[T]],
) -> Callable[Concatenate[H, P], Coroutine[Any, Any, T]]:
    async def method(here: H, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await here.driver.run(plan(here, *args, **kwargs))
        return result

    update_wrapper(method, plan)
    return method


def _walked(
    walk: Callable[Concatenate[H, P], Walk[T]],
) -> Callable[Concatenate[H, P], AsyncIterator[T]]:
    def method(here: H, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        found: AsyncIterator[T] = here.driver.walk(walk(here, *args, **kwargs))
        return found

    update_wrapper(method, walk)
    return method


class AsyncResource(Document):
    """A document, and what can be done with it."""

    __getitem__ = _awaited(plans.go)
    follow = _awaited(plans.follow)
    read = _awaited(plans.read)
    refresh = _awaited(plans.refresh)
    post = _awaited(plans.post)
    put = _awaited(plans.put)
    patch = _awaited(plans.patch)
    delete = _awaited(plans.delete)
    items = _walked(plans.items)
    pages = _walked(plans.pages)
    stream = _walked(plans.stream)

    def form(self, name: str | None = None) -> "AsyncForm":
        """The form of that name, to be submitted; see `template`."""
        return AsyncForm(self, self.template(name))


class AsyncForm(BoundForm[AsyncResource]):
    """A form, and how to send it."""

    submit = _awaited(plans.submit)
    options = _awaited(plans.options)


class AsyncWaymark(Start[AsyncResource]):
    """A service, known by one URI.

    The keywords are those of `Session` (retries, cache, keeps_keys, trace, headers).
    """

    kind = AsyncResource

    def __init__(
        self,
        root: str,
        *,
        token: str | None = None,
        user: tuple[str, str] | None = None,
        timeout: float = 10,
        transport: httpx2.AsyncBaseTransport | None = None,
        **options: Any,
    ) -> None:
        headers = {**options.pop("headers", {}), **credential(token, user)}
        self.session = Session(root, headers, **options)
        self.driver = AsyncDriver(timeout, transport)

    __getitem__ = _awaited(plans.go_from)
    follow = _awaited(plans.follow_from)
    root = _awaited(plans.begin)
    read = _awaited(plans.read_from)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self.driver.close()

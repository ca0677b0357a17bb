"""The drivers: they do the steps of plans over httpx2, blocking or asynchronously.

What is done at a step stands once, as coroutines. The blocking driver's never wait for
anything, so they run to their end at once.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar, cast

import httpx2

from waymark_client.exchange import (
    Course,
    Failure,
    Found,
    Leave,
    More,
    Open,
    Outcome,
    Pause,
    Plan,
    Request,
    Response,
    Step,
    Stream,
    Walk,
)

T = TypeVar("T")

_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.ProxyError,
    httpx2.InvalidURL,
    # A header field, as the type of a link, is not in ASCII.
    UnicodeEncodeError,
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A response whose body is read in parts."""

    response: httpx2.Response
    parts: Any


class Driver(ABC):
    """Does what plans ask for."""

    _client: httpx2.Client | httpx2.AsyncClient

    async def _run(self, plan: Plan[T]) -> T:
        course = Course(plan)
        while course.step is not None:
            course.take(await self._do(course.step))
        return cast("T", course.result)

    async def _walk(self, walk: Walk[T]) -> AsyncGenerator[T]:
        course: Course[Step | Found[T]] = Course(walk)
        streams: list[Stream] = []
        try:
            while (step := course.step) is not None:
                if isinstance(step, Found):
                    yield step.value
                    course.take(None)
                    continue
                outcome = await self._do(step)
                if isinstance(outcome, Stream):
                    streams.append(outcome)
                course.take(outcome)
        finally:
            course.stop()
            for each in streams:
                await self._leave(cast("_Reading", each.handle).response)

    async def _do(self, step: Step) -> Outcome:
        try:
            if isinstance(step, Pause):
                await self._sleep(step.seconds)
                return None
            if isinstance(step, More):
                return await self._part(cast("_Reading", step.stream.handle).parts)
            if isinstance(step, Leave):
                await self._leave(cast("_Reading", step.stream.handle).response)
                return None
            if isinstance(step, Open):
                return await self._open(step.request)
            answered = await self._send(self._told(step), stream=False)
            return _read(answered, answered.content)
        except (httpx2.TransportError, httpx2.DecodingError, *_NOT_SENT) as ex:
            reason = f"{type(ex).__name__} {ex}".strip()
            return Failure(reason, was_sent=not isinstance(ex, _NOT_SENT))

    async def _open(self, request: Request) -> Outcome:
        answered = await self._send(self._told(request), stream=True)
        return Stream(_read(answered, b""), _Reading(answered, self._parts(answered)))

    def _told(self, request: Request) -> httpx2.Request:
        """The request as the library has it, without fields of its own making."""
        headers = {"User-Agent": "waymark-client", **request.headers}
        return self._client.build_request(
            request.method, request.uri, headers=headers, content=request.body or None
        )

    def forget_cookies(self) -> None:
        """Take no cookies: they would be a credential that the cache does not see."""
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    @abstractmethod
    async def _send(
        self, request: httpx2.Request, *, stream: bool
    ) -> httpx2.Response: ...

    @abstractmethod
    async def _sleep(self, seconds: float) -> None: ...

    @abstractmethod
    def _parts(self, response: httpx2.Response) -> object: ...

    @abstractmethod
    async def _part(self, parts: Any) -> bytes: ...

    @abstractmethod
    async def _leave(self, response: httpx2.Response) -> None: ...


class BlockingDriver(Driver):
    """Waits for each step in the caller's thread."""

    def __init__(self, timeout: float, transport: httpx2.BaseTransport | None) -> None:
        self._client: httpx2.Client = httpx2.Client(
            timeout=timeout, transport=transport
        )
        self.forget_cookies()

    def run(self, plan: Plan[T]) -> T:
        """The result of the plan."""
        return _at_once(self._run(plan))

    def walk(self, walk: Walk[T]) -> Iterator[T]:
        """What the walk finds; who leaves it early leaves no connection open."""
        found = self._walk(walk)
        try:
            with suppress(StopAsyncIteration):
                while True:
                    yield _at_once(_next(found))
        finally:
            _at_once(found.aclose())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    async def _send(self, request: httpx2.Request, *, stream: bool) -> httpx2.Response:
        return self._client.send(request, stream=stream)

    async def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def _parts(self, response: httpx2.Response) -> Iterator[bytes]:
        return response.iter_bytes()

    async def _part(self, parts: Iterator[bytes]) -> bytes:
        return next(parts, b"")

    async def _leave(self, response: httpx2.Response) -> None:
        response.close()


class AsyncDriver(Driver):
    """Lets others run while it waits."""

    def __init__(
        self, timeout: float, transport: httpx2.AsyncBaseTransport | None
    ) -> None:
        self._client: httpx2.AsyncClient = httpx2.AsyncClient(
            timeout=timeout, transport=transport
        )
        self.forget_cookies()

    def run(self, plan: Plan[T]) -> Coroutine[Any, Any, T]:
        """The result of the plan, to be awaited."""
        return self._run(plan)

    def walk(self, walk: Walk[T]) -> AsyncIterator[T]:
        """What the walk finds; who leaves it early leaves no connection open."""
        return self._walk(walk)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(self, request: httpx2.Request, *, stream: bool) -> httpx2.Response:
        return await self._client.send(request, stream=stream)

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _parts(self, response: httpx2.Response) -> AsyncIterator[bytes]:
        return response.aiter_bytes()

    async def _part(self, parts: AsyncIterator[bytes]) -> bytes:
        return await anext(parts, b"")

    async def _leave(self, response: httpx2.Response) -> None:
        await response.aclose()


def _at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    raise RuntimeError("a blocking driver waited")


async def _next(walk: AsyncGenerator[T]) -> T:
    return await anext(walk)


def _read(answered: httpx2.Response, body: bytes) -> Response:
    return Response(answered.status_code, answered.headers, body, str(answered.url))

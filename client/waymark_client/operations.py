"""What can be done, each operation once: both faces of the client derive from here.

An operation is a plan that stands in a class. Read from something blocking it is a
method that gives the plan's result; read from something awaiting it is one whose result
is to be awaited. The overloads of `__get__` tell the types of both.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, Unpack, overload

from waymark_client import plans
from waymark_client.documents import Bound, BoundForm, Document, Start
from waymark_client.exchange import Plan, Walk
from waymark_client.sending import Options, Session, credential

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)
D_co = TypeVar("D_co", bound=Document, covariant=True)
F_co = TypeVar("F_co", bound=BoundForm[Any], covariant=True)
Transport = TypeVar("Transport")


class Blocking(Bound, Generic[D_co]):
    """Its operations wait; its documents are of the class `D_co`."""


class Awaiting(Bound, Generic[D_co]):
    """Its operations are to be awaited; its documents are of the class `D_co`."""


class _Operation(Generic[P]):
    """A plan in a class; a method of each instance."""

    def __init__(self, plan: Callable[Concatenate[Any, P], Any]) -> None:
        self._plan = plan

    def _method(self, here: Bound | None) -> Any:
        # A class is asked by `help`, which shows the plan's signature.
        if here is None:
            return self._plan

        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return self._begun(here, self._plan(here, *args, **kwargs))

        return update_wrapper(method, self._plan)

    def _begun(self, here: Bound, plan: Any) -> Any:
        return here.driver.run(plan)


class Reading(_Operation[P]):
    """An operation that gives a document."""

    @overload
    def __get__(self, here: Blocking[D_co], owner: object, /) -> Callable[P, D_co]: ...
    @overload
    def __get__(
        self, here: Awaiting[D_co], owner: object, /
    ) -> Callable[P, Coroutine[Any, Any, D_co]]: ...
    def __get__(self, here: Bound | None, owner: object, /) -> Any:
        return self._method(here)


class Giving(_Operation[P], Generic[P, T_co]):
    """An operation that gives something else."""

    def __init__(self, plan: Callable[Concatenate[Any, P], Plan[T_co]]) -> None:
        super().__init__(plan)

    @overload
    def __get__(self, here: Blocking[Any], owner: object, /) -> Callable[P, T_co]: ...
    @overload
    def __get__(
        self, here: Awaiting[Any], owner: object, /
    ) -> Callable[P, Coroutine[Any, Any, T_co]]: ...
    def __get__(self, here: Bound | None, owner: object, /) -> Any:
        return self._method(here)


class Walking(_Operation[P]):
    """An operation that gives documents one by one, as they are needed."""

    @overload
    def __get__(
        self, here: Blocking[D_co], owner: object, /
    ) -> Callable[P, Iterator[D_co]]: ...
    @overload
    def __get__(
        self, here: Awaiting[D_co], owner: object, /
    ) -> Callable[P, AsyncIterator[D_co]]: ...
    def __get__(self, here: Bound | None, owner: object, /) -> Any:
        return self._method(here)

    def _begun(self, here: Bound, plan: Walk[Any]) -> Any:
        return here.driver.walk(plan)


class DocumentOperations(Document, Generic[F_co]):
    """What can be done with a document; its forms are of the class `F_co`."""

    form_class: type[F_co]

    __getitem__ = Reading(plans.go)
    follow = Reading(plans.follow)
    read = Reading(plans.read)
    refresh = Reading(plans.refresh)
    post = Reading(plans.post)
    put = Reading(plans.put)
    patch = Reading(plans.patch)
    delete = Giving(plans.delete)
    items = Walking(plans.items)
    pages = Walking(plans.pages)
    stream = Walking(plans.stream)

    def form(self, name: str | None = None) -> F_co:
        """The form of that name, to be submitted; see `template`."""
        return self.form_class(self, self.template(name))


class FormOperations(BoundForm[D_co]):
    """What can be done with a form."""

    submit = Reading(plans.submit)
    options = Giving(plans.options)


class StartOperations(Start[D_co], Generic[D_co, Transport]):
    """Where a client begins: it knows one URI, and nothing has been read yet."""

    driver_class: Callable[[float, Transport | None], Any]

    def __init__(
        self,
        root: str,
        *,
        token: str | None = None,
        user: tuple[str, str] | None = None,
        timeout: float = 10,
        transport: Transport | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Connect to nothing yet; the options are those of `Session`."""
        told = options.get("headers", {})
        options["headers"] = {**told, **credential(token, user)}
        self.session = Session(root, **options)
        self.driver = self.driver_class(timeout, transport)

    __getitem__ = Reading(plans.go_from)
    follow = Reading(plans.follow_from)
    root = Reading(plans.begin)
    read = Reading(plans.read_from)

"""Coroutines that pause between any two steps, and may be abandoned there: a crash."""

from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from types import coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@coroutine
def pause() -> Generator[None, None, None]:
    """Pause; the driver may run something else first, or never resume."""
    yield


class Stepwise:
    """Any port, with a pause before and after each of its calls."""

    def __init__(self, port: object, after: Callable[[], None] = lambda: None) -> None:
        self._port = port
        self._after = after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def call(*arguments: Any) -> Any:
            await pause()
            result = await method(*arguments)
            self._after()
            await pause()
            return result

        return call


class Running(Generic[T]):
    """A coroutine that runs step by step, in its own context as a task has."""

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._context = copy_context()

    def step(self, most: int = 1) -> list[T]:
        """Run at most this many steps; return its result once it has one; raise its exceptions."""
        for _ in range(most):
            try:
                self._context.run(self._coroutine.send, None)
            except StopIteration as end:
                return [end.value]
        return []

    def crash(self) -> None:
        """Never resume it."""
        self._context.run(self._coroutine.close)


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return its result, run without interruption."""
    (result,) = Running(coroutine).step(most=1000)
    return result

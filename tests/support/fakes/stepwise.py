"""Coroutines that stop between any two steps, and may be forgotten there: a crash."""

from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from types import coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@coroutine
def pause() -> Generator[None, None, None]:
    """Where whoever drives us may do something else first, or never come back."""
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
    """A coroutine that goes step by step, in a context of its own as a task has."""

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._context = copy_context()

    def step(self, most: int = 1) -> list[T]:
        """Go on by so many steps at most; what it returned, once it has; raises as it does."""
        for _ in range(most):
            try:
                self._context.run(self._coroutine.send, None)
            except StopIteration as end:
                return [end.value]
        return []

    def crash(self) -> None:
        """It never takes another step."""
        self._context.run(self._coroutine.close)


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """What it returns, if nothing comes between."""
    (result,) = Running(coroutine).step(most=1000)
    return result

"""SIGINT and SIGTERM in one-shot commands.

A shell starts background jobs, and nohup its command, with SIGINT ignored (POSIX, Shell Command
Language, 2.11). Python then installs no handler, nor does asyncio. As process 1 of a container a
program without a handler ignores SIGTERM, too (pid_namespaces(7)).
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")
STOPS = (signal.SIGINT, signal.SIGTERM)
CANCEL_EVERY = 2.0  # seconds between two cancellations; closing connections takes milliseconds
OF_A_SIGNAL = 128  # the exit code of a command ended by a signal is this plus its number


@contextmanager
def interruptible() -> Iterator[None]:
    """End the block gracefully on SIGINT and SIGTERM, whatever was inherited; also a decorator.

    In the block the signals raise KeyboardInterrupt, or cancel the task of asyncio.run(). After it
    the process exits with 130 for SIGINT and 143 for SIGTERM.
    """
    received: list[int] = []

    def as_interrupt(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        signal.raise_signal(signal.SIGINT)

    before = {number: signal.getsignal(number) for number in STOPS}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio.run() checks for this one
    signal.signal(signal.SIGTERM, as_interrupt)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(OF_A_SIGNAL + (received or [signal.SIGINT])[0])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def cancellable(work: Awaitable[T]) -> T:
    """Return the result of the work; a cancellation ends it even if the work swallows one.

    asyncio.wait_for of Python 3.11 swallows a cancellation when the awaited task has just ended
    (https://github.com/python/cpython/issues/86296, fixed in 3.12), and redis-py calls it.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_EVERY)
        _ = task.cancelled() or task.exception()  # nothing is left to be reported
        raise
    return task.result()

"""Run an operator's command in a process of its own, and exit with its code."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn

from chassis.observability import telemetry
from chassis.problems import Problem
from chassis.process.interrupts import cancellable, interruptible
from chassis.stores.errors.failure import StoreError


def run_command(program: str, work: Coroutine[Any, Any, int | None]) -> NoReturn:
    """Run the work, which prints its answer and returns the exit code (None: 0).

    Codes of its own: 1 for a Problem or a StoreError, with one line on stderr; 130 and 143 when
    SIGINT and SIGTERM interrupted it.
    """
    telemetry.configure_logs(program, "critical")  # what the command prints is the answer
    try:
        with interruptible():
            code = asyncio.run(cancellable(work))
        sys.stdout.flush()
    except BrokenPipeError:  # `… | head` has seen enough; nothing more may be flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Problem as problem:
        sys.exit(f"{program}: {problem.detail}")
    except StoreError as error:
        sys.exit(f"{program}: {error}")
    sys.exit(code)

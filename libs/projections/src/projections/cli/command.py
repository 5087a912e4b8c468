"""Runner for operator commands, each in a process of its own."""

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
    """Run the work, which prints its output and returns the exit code (None: 0), and exit.

    Other exit codes: 1 for a Problem or a StoreError, with one line on stderr; 130 and 143 when
    interrupted by SIGINT and SIGTERM.
    """
    telemetry.configure_logs(program, "critical")  # the printed output is enough
    try:
        with interruptible():
            code = asyncio.run(cancellable(work))
        sys.stdout.flush()
    except BrokenPipeError:  # a reader such as `head` has closed the pipe; flush nothing at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Problem as problem:
        sys.exit(f"{program}: {problem.detail}")
    except StoreError as error:
        sys.exit(f"{program}: {error}")
    sys.exit(code)

"""The demo, which is every service over memory in one process, for benchmarks that start it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

HTTP = 26980  # and the two behind it
PORTS = {"HTTP_PORT": HTTP, "GRPC_PORT": HTTP + 10, "ADMIN_PORT": HTTP + 20}
SETTINGS = {f"DEMO_{name}": str(port) for name, port in PORTS.items()}
AS_IT_IS = "from demo.__main__ import main; main()"
ENDS_WITHIN = 20.0  # seconds


@contextmanager
def demo(code: str = AS_IT_IS, python: str = sys.executable) -> Iterator["subprocess.Popen[str]"]:
    """Run the demo while the block runs; its output is read until it serves."""
    started = subprocess.Popen(  # noqa: S603 - the arguments are the bench's own
        [python, "-c", code],
        env=os.environ | SETTINGS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert started.stdout  # noqa: S101 - for the type checker
    try:
        while "Try it" not in (line := started.stdout.readline()):
            if not line:
                raise SystemExit("the demo did not start")
        yield started
    finally:
        started.terminate()
        try:
            started.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()

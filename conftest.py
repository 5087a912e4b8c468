"""The running test stack, for every test that asks for it: real servers, started once."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.addresses import Addresses, load

LOCAL_STACK = Path(sys.executable).with_name("local-stack")
INSTANCE = ["--instance", "test", "--port-offset", "10000"]


@pytest.fixture(scope="session")
def stack() -> Iterator[Addresses]:
    """The instance `test`, from empty data; one that runs already is used and left as it is."""
    if _run("status").returncode == 0:
        yield load("test")
        return
    for command in ("clean", "up"):
        done = _run(command)
        if done.returncode:
            pytest.exit(f"the test stack did not start:\n{done.stdout[-3000:]}", returncode=2)
    yield load("test")
    _run("clean")


def _run(command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [LOCAL_STACK, command, *INSTANCE],
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.fixture
def unused_ports() -> list[int]:
    """Ports of the loopback address that nobody listens on just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports

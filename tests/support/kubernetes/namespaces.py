"""Namespaces of Linux for a node, apart from this machine's network, mounts and processes."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.kubernetes.manifests import KUBERNETES

PROGRAM = str(KUBERNETES / "node" / "namespaces.sh")
CLONE_NEWNET = 0x40000000  # sched.h


@contextmanager
def namespaces() -> Iterator[int]:
    """Yield the id of the first process in new namespaces."""
    with subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as guard:
        assert guard.stdin
        assert guard.stdout
        try:
            yield int(guard.stdout.readline())
        finally:
            guard.stdin.close()


@contextmanager
def network_of(pid: int) -> Iterator[None]:
    """Give this thread, and the programs that it starts, the network of a process."""
    before, other = (os.open(f"/proc/{one}/ns/net", os.O_RDONLY) for one in ("thread-self", pid))
    enter(other)
    try:
        yield
    finally:
        enter(before)
        os.close(before)
        os.close(other)


def enter(network: int) -> None:
    """Enter a network namespace, by its descriptor; os.setns came with Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")

"""Ports of the loopback address that nobody listens on just now."""

import random
import socket

from tests.support.stack.instance import WORKER

# Above those of the tests' stacks, and below those that Linux gives to outgoing connections
# (ip_local_port_range: from 32768), one of which may take a port before its server does. Each of
# pytest-xdist's workers has its own.
FIRST, OF_EACH = 22_000, 2_000
PORTS = range(FIRST + WORKER * OF_EACH, FIRST + (WORKER + 1) * OF_EACH)


def unused(count: int, row: int = 1) -> list[int]:
    """The first ports of `count` rows; those of a row follow each other."""
    found: list[int] = []
    taken: set[int] = set()
    while len(found) < count:
        first = random.choice(PORTS)
        ports = range(first, first + row)
        if taken.isdisjoint(ports) and all(map(_is_free, ports)):
            found.append(first)
            taken.update(ports)
    return found


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True

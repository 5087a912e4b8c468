"""Free ports of the loopback address."""

import random
import socket

from tests.support.stack.instance import WORKER

# Above those of the test stacks, and below the ephemeral ports of outgoing connections
# (ip_local_port_range: from 32768), which may take a port before its server does. Each of
# pytest-xdist's workers has its own range.
FIRST, OF_EACH = 22_000, 2_000
PORTS = range(FIRST + WORKER * OF_EACH, FIRST + (WORKER + 1) * OF_EACH)


def unused(count: int, row: int = 1) -> list[int]:
    """Return the first ports of `count` rows; those of a row are consecutive."""
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

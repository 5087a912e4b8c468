"""Ports of the loopback address that nobody listens on just now."""

import random
import socket

# Below those that Linux gives to outgoing connections (ip_local_port_range: from 32768), one of
# which may take a port before its server does.
PORTS = range(20_000, 32_000)


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

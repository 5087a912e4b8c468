"""Validation of the ports that a process listens on, by environment variable."""

from collections.abc import Mapping, Sequence
from itertools import combinations

HIGHEST = 65535
Ports = Mapping[str, Sequence[int]]
"""Environment variable → all ports that it sets; 0 is any free port."""


def mistake(ports: Ports) -> str | None:
    """Return what is wrong with the ports, or None: each must be valid and used once."""
    for variable, of_it in ports.items():
        for port in of_it:
            if not 0 <= port <= HIGHEST:
                return f"{variable}: port {port} is out of range (0 to {HIGHEST})"
    for (one, of_one), (other, of_other) in combinations(ports.items(), 2):
        if shared := {*of_one} & {*of_other} - {0}:
            return f"{one} and {other} both use port {min(shared)}: change one of them"
    return None


def variable_of(ports: Ports, port: int) -> str:
    """Return the variable that sets a port."""
    return next((variable for variable, of_it in ports.items() if port in of_it), "the port")

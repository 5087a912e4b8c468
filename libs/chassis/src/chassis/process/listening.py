"""Listening sockets, and a one-line error if a process cannot listen."""

import errno
import socket
from collections.abc import Mapping

from chassis.process.port_holder import holder

Address = tuple[str, int]
PRIVILEGED = 1024  # ip(7), ip_unprivileged_port_start: ports below need CAP_NET_BIND_SERVICE

_inherited: dict[Address, socket.socket] = {}


class CannotListen(Exception):
    """A process cannot listen on the address (host, port); `reason` is for people.

    is_host: whether to change the host, not the port.
    """

    def __init__(self, host: str, port: int, error: OSError) -> None:
        self.port = port
        self.is_host = not _is_about_the_port(error)
        self.reason = _reason(host, port, error)
        self.may_be_stopped = error.errno == errno.EADDRINUSE
        super().__init__(self.reason)

    def line(self, setting: str, stopping: str = "stop it") -> str:
        """Return the reason and the remedy.

        setting: the environment variable to change; stopping: how another process is stopped.
        """
        remedy = f"{stopping} or set {setting}" if self.may_be_stopped else f"set {setting}"
        return f"{self.reason}; {remedy}"


def inherit(sockets: Mapping[Address, socket.socket]) -> None:
    """Let listen() return these sockets for their addresses: a supervisor has opened them."""
    _inherited.update(sockets)


def listen(host: str, port: int, *, backlog: int = 128, reuse_port: bool = False) -> socket.socket:
    """Return a TCP socket that listens on the address; a name resolves to IPv4 first.

    In a worker it may be an inherited socket of any kind. Raises CannotListen.
    """
    if inherited := _inherited.pop((host, port), None):
        return inherited
    try:
        family, address = _resolved(host, port)
        return socket.create_server(address, family=family, backlog=backlog, reuse_port=reuse_port)
    except OSError as error:
        raise CannotListen(host, port, error) from error


def listen_internally() -> socket.socket:
    """Return a socket that processes of this machine's network namespace reach by its name."""
    sock = socket.socket(socket.AF_UNIX)
    sock.bind("")  # an unused abstract address: unix(7), Autobind
    sock.listen()
    return sock


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Return the family and address of a host; an empty host is every IPv4 interface."""
    if not host:
        return socket.AF_INET, ("", port)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, (str(address[0]), port)


def _is_about_the_port(error: OSError) -> bool:
    return error.errno in {errno.EADDRINUSE, errno.EACCES}


def _reason(host: str, port: int, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"cannot listen on host {host!r}: the name does not resolve ({error.strerror})"
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is already in use (by {holder(port)})"
        case errno.EACCES:
            return f"port {port} requires a privilege: ports below {PRIVILEGED} are reserved"
        case errno.EADDRNOTAVAIL:
            return f"cannot listen on host {host!r}: this machine has no such address"
        case _:
            return f"cannot listen on host {host!r}, port {port}: {error.strerror or error}"

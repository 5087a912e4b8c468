"""Checks before a start; each failed check is one line with the remedy."""

import errno
import os
import shutil
import socket
from collections.abc import Collection, Iterator
from pathlib import Path

import psutil

from local_stack import StackError
from local_stack.addresses import HOST
from local_stack.debian import Distribution
from local_stack.layout import PORTS, Instance

GB = 1024**3
DISK_FOR_DOWNLOADS = 3 * GB
DISK_FOR_DATA = 1 * GB
MEMORY = 3 * GB
HIGHEST_PORT = 65535
TOOLS = ("apt-get", "dpkg-deb", "setpriv")


def check_provisioning(distribution: Distribution, cache: Path) -> None:
    """Raise StackError if downloads cannot work: a tool, the keyring or disk space is missing."""
    findings = [*missing_tools(TOOLS), *short_of_disk(cache, DISK_FOR_DOWNLOADS)]
    if not distribution.keyring.exists():
        findings.append(
            f"{distribution.keyring} is missing: install the package {distribution.keyring.stem}"
        )
    refuse(findings)


def check_start(instance: Instance, wanted: Collection[str], running: Collection[str]) -> None:
    """Raise StackError if requested programs that are not running cannot start here."""
    tools = ("setpriv",) if os.getuid() == 0 else ()
    findings = [*missing_tools(tools), *short_of_disk(instance.folder(), DISK_FOR_DATA)]
    if not running and (available := psutil.virtual_memory().available) < MEMORY:
        findings.append(
            f"{available / GB:.1f} GB of memory are free, the stack needs {MEMORY / GB:.0f} GB: "
            "stop other programs first"
        )
    for program in wanted:
        if program not in running:
            findings += taken_ports(instance, program)
    refuse(findings)


def refuse(findings: list[str]) -> None:
    if findings:
        raise StackError("\n".join(findings))


def missing_tools(tools: Collection[str]) -> Iterator[str]:
    for tool in tools:
        if shutil.which(tool) is None:
            yield f"the program {tool} is missing: install the package that provides it"


def short_of_disk(folder: Path, needed: int) -> Iterator[str]:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        yield f"{free / GB:.1f} GB are free at {there}, {needed / GB:.0f} GB are needed: free space"


def taken_ports(instance: Instance, program: str) -> Iterator[str]:
    for purpose in PORTS[program]:
        port = instance.port(program, purpose)
        if (why := obstacle(port)) is not None:
            yield f"port {port}, which {program} needs ({purpose}), {why}"


def obstacle(port: int) -> str | None:
    """Why a port cannot be listened on, and what to do; None: it can."""
    if not 0 < port <= HIGHEST_PORT:
        return "does not exist: choose another --port-offset"
    with socket.socket() as candidate:
        # Ports that closed a moment ago count as free, as they do for the servers.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((HOST, port))
        except PermissionError:
            return "needs a privilege: choose another --port-offset"
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return f"cannot be listened on: {error.strerror}"
            return f"is in use by {holder(port)}: end that, or move the stack with --port-offset"
    return None


def holder(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:
        connections = []
    for connection in connections:
        is_it = getattr(connection.laddr, "port", None) == port
        if is_it and connection.status == psutil.CONN_LISTEN and connection.pid:
            return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return "a program of another user"

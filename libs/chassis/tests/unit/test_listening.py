"""A process that cannot listen reports the port, its holder and the remedy in one line."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.process import port_holder, port_settings
from chassis.process.listening import CannotListen, listen

HOLDER = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as taken:
    print(taken.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def test_another_process_on_the_port_is_named() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, "a-secret-argument"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        with pytest.raises(CannotListen) as refused:
            listen("127.0.0.1", port)
        assert process.stdin
        process.stdin.close()
    line = refused.value.line("X_PORT")
    begin = f"port {port} is already in use (by pid {process.pid}, "
    assert line.startswith(begin)
    assert line.endswith("); stop it or set X_PORT")
    assert "secret" not in line


@pytest.mark.parametrize(
    ("command", "program"),
    [
        (["/usr/bin/python3", "/somewhere/bin/query-api", "--token=x"], "query-api"),
        (["python3.11", "-m", "query_api"], "query_api"),
        (["python3", "-c", "import x"], "python3"),
        (["python3"], "python3"),
        (["/usr/sbin/mysqld", "--password=x"], "mysqld"),
        ([""], "unnamed"),
    ],
)
def test_a_process_is_named_without_its_arguments(
    tmp_path: Path, command: list[str], program: str
) -> None:
    process = tmp_path / "4321"
    process.mkdir()
    (process / "cmdline").write_text("\0".join([*command, ""]))
    assert port_holder._program(process) == program


def test_invisible_port_holder_is_reported_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"pid {os.getpid()}" in port_holder.holder(port)
        monkeypatch.setattr(port_holder, "_open_files", lambda _process: iter(()))
        assert port_holder.holder(port) == port_holder.UNKNOWN
        monkeypatch.setattr(port_holder, "PROC", Path("/nowhere"))  # not Linux
        assert port_holder.holder(port) == port_holder.UNKNOWN


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("192.0.2.1", "this machine has no such address"),  # TEST-NET-1, RFC 5737
        ("no-such-host.invalid", "the name does not resolve"),  # RFC 6761
    ],
)
def test_a_host_that_cannot_be_listened_on_is_named(host: str, reason: str) -> None:
    with pytest.raises(CannotListen, match=reason) as refused:
        listen(host, 0)
    assert refused.value.is_host
    line = refused.value.line("X_HOST")
    assert line.startswith(f"cannot listen on host '{host}'")
    assert line.endswith("; set X_HOST")


def test_a_privileged_port_is_named() -> None:
    # The kernel's error is simulated: tests may run as root, which is allowed to bind.
    refused = CannotListen("127.0.0.1", 80, PermissionError(errno.EACCES, "Permission denied"))
    assert not refused.is_host
    assert refused.line("X_PORT") == (
        "port 80 requires a privilege: ports below 1024 are reserved; set X_PORT"
    )


def test_other_errors_have_the_kernels_message() -> None:
    refused = CannotListen("127.0.0.1", 80, OSError(errno.ENFILE, "Too many open files"))
    assert "port 80: Too many open files" in refused.line("X_PORT")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", ""])
def test_addresses_of_both_families_can_be_listened_on(host: str) -> None:
    with listen(host, 0) as sock:
        assert sock.getsockname()[1] > 0
        is_six = host == "::1"
        assert (sock.family == socket.AF_INET6) is is_six


@pytest.mark.parametrize(
    ("ports", "mistake"),
    [
        ({"A": [9000], "B": [9000]}, "A and B both use port 9000"),
        ({"A": [9001], "B": [9000, 9001, 9002]}, "A and B both use port 9001"),
        ({"A": [65534, 65535, 65536]}, "A: port 65536 is out of range"),
        ({"A": [-1]}, "A: port -1 is out of range"),
        ({"A": [0], "B": [0]}, None),
        ({"A": [9000], "B": [9001]}, None),
    ],
)
def test_ports_must_be_valid_and_distinct(ports: dict[str, list[int]], mistake: str | None) -> None:
    reported = port_settings.mistake(ports)
    assert mistake in reported if mistake and reported else reported is mistake

import os
import socket
from collections.abc import Iterator

import pytest

from local_stack import StackError, preflight
from local_stack.debian import distribution
from local_stack.layout import Instance


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def redis_on(port: int) -> Instance:
    return Instance("unit", port - 6379)


def test_port_in_use_is_reported_with_server_and_process(
    taken_port: int,
) -> None:
    (finding,) = preflight.taken_ports(redis_on(taken_port), "redis")
    assert f"port {taken_port}, which redis needs" in finding
    assert f"(pid {os.getpid()})" in finding
    assert "--port-offset" in finding


def test_free_port_passes(taken_port: int) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        free = closed.getsockname()[1]
    assert list(preflight.taken_ports(redis_on(free), "redis")) == []


@pytest.mark.parametrize("port", [65536, 70000, 0, -1])
def test_nonexistent_port_is_reported(port: int) -> None:
    (finding,) = (f for f in preflight.taken_ports(redis_on(port), "redis") if "(redis)" in f)
    assert finding == (
        f"port {port}, which redis needs (redis), does not exist: choose another --port-offset"
    )


def test_a_missing_tool_is_named() -> None:
    (finding,) = preflight.missing_tools(["python3", "no-such-tool"])
    assert "no-such-tool" in finding


def test_low_disk_space_is_reported_with_the_folder(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (finding,) = preflight.short_of_disk(folder / "not" / "yet", 10**18)
    assert str(folder) in finding


def test_all_findings_are_reported_together() -> None:
    with pytest.raises(StackError, match="first\nsecond"):
        preflight.refuse(["first", "second"])


@pytest.mark.parametrize(
    ("os_release", "machine"),
    [({"ID": "fedora"}, "x86_64"), ({"ID": "debian"}, "aarch64"), ({}, "x86_64")],
)
def test_unsupported_system_is_pointed_to_compose(os_release: dict[str, str], machine: str) -> None:
    with pytest.raises(StackError, match="docker compose up"):
        distribution(os_release, machine)


def test_ubuntu_takes_its_own_suite() -> None:
    noble = distribution({"ID": "ubuntu", "VERSION_CODENAME": "noble"}, "x86_64")
    assert noble.suite == "noble"
    assert "redis-server" in noble.packages

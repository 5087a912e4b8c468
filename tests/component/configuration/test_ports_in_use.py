"""Every program that listens reports a port in use in one line: port, process, remedy."""

import os
import re
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from chassis.process.settings import LISTENING, ServiceSettings
from tests.support.stack.free_ports import unused

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
SERVICES = sorted(folder.name for folder in (ROOT / "services").iterdir())
SUPPORT = ["connector-supervisor", "canary", "console"]


def settings_of(program: str) -> type[ServiceSettings]:
    found: type[ServiceSettings] = import_module(f"{program.replace('-', '_')}.settings").Settings
    return found


def listening(program: str) -> list[str]:
    return [name for name in LISTENING if name in settings_of(program).model_fields]


# Each program once, with the last port that it opens; for one program all ports.
CASES = [
    *((program, listening(program)[-1]) for program in [*SERVICES, *SUPPORT]),
    *(("demo", name) for name in listening("demo")),
]


def refusal(program: str, **settings: str | int) -> str:
    """Return the program's only line of output; it logs nothing, and exits with 1."""
    known = settings_of(program).model_fields
    needed = {name: "unused" for name in ("mysql_password",) if name in known}
    prefix = f"{program.replace('-', '_')}_"
    ended = subprocess.run(
        [BIN / program],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env={f"{prefix}{n}".upper(): str(value) for n, value in (needed | settings).items()},
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    return line


def ports_of(program: str) -> dict[str, int]:
    """Return a free port for each setting, far enough apart for the demo's derived ports."""
    return dict(zip(listening(program), unused(3, row=3), strict=False))


@pytest.mark.parametrize(("program", "setting"), CASES)
def test_port_in_use_is_one_line_with_process_and_setting(program: str, setting: str) -> None:
    ports = ports_of(program)
    with socket.create_server(("127.0.0.1", ports[setting])):
        line = refusal(program, **ports)
    variable = f"{program.replace('-', '_')}_{setting}".upper()
    message = rf"port {ports[setting]} is already in use \(by pid {os.getpid()}, \S+\)"
    remedy = "run `make down`" if program == "demo" else "stop it"
    assert re.fullmatch(f"{program}: {message}; {remedy} or set {variable}", line), line


def test_demo_names_the_setting_of_a_derived_port() -> None:
    ports = ports_of("demo")
    third = ports["grpc_port"] + 2
    with socket.create_server(("127.0.0.1", third)):
        line = refusal("demo", **ports)
    assert f"port {third} is already in use" in line
    assert line.endswith("set DEMO_GRPC_PORT")


def test_foreign_host_is_reported_in_one_line() -> None:
    assert refusal("canary", host="192.0.2.1", admin_port=0) == (  # TEST-NET-1, RFC 5737
        "canary: cannot listen on host '192.0.2.1': this machine has no such address; "
        "set CANARY_HOST"
    )


def test_no_program_opens_a_listening_socket_by_itself() -> None:
    by_hand = re.compile(r"create_server\(|\.bind\(|TCPSite\(|start_server\(")
    sources = [*ROOT.glob("*/*/src/**/*.py"), *ROOT.glob("demo/src/**/*.py")]
    found = {file.name for file in sources if by_hand.search(file.read_text())}
    # http/listener.py accepts on a socket that listening.py has opened.
    assert found == {"listener.py", "listening.py", "preflight.py"}

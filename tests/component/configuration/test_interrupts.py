"""SIGINT and SIGTERM end every program gracefully, also if a shell made it ignore SIGINT."""

import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from local_stack.layout import Instance
from platform_setup.mysql_users import Settings as MySQLUsers

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
IGNORING = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
"""SIGINT is ignored, as for a command started by nohup or by `&` in a script."""
TIMEOUT = 30  # seconds

# A command, and the settings with which it waits for a server that never answers.
COMMANDS = {
    "redis-projector status": {
        "REDIS_PROJECTOR_REDIS_URL": "redis://127.0.0.1:{port}",
        "REDIS_PROJECTOR_REDIS_TIMEOUT": "600",
    },
    "search-projector status": {
        "SEARCH_PROJECTOR_OPENSEARCH_URL": "http://127.0.0.1:{port}",
        "SEARCH_PROJECTOR_OPENSEARCH_TIMEOUT": "600",
    },
    "view-verifier redis-projector": {
        "VIEW_VERIFIER_REDIS_URL": "redis://127.0.0.1:{port}",
        "VIEW_VERIFIER_REDIS_TIMEOUT": "600",
        "VIEW_VERIFIER_MYSQL_PASSWORD": "unused",
    },
    "view-verifier search-projector": {
        "VIEW_VERIFIER_OPENSEARCH_URL": "http://127.0.0.1:{port}",
        "VIEW_VERIFIER_OPENSEARCH_TIMEOUT": "600",
        "VIEW_VERIFIER_MYSQL_PASSWORD": "unused",
    },
    "connector-supervisor replay": {
        "CONNECTOR_SUPERVISOR_CONNECT_URL": "http://127.0.0.1:{port}",
        "CONNECTOR_SUPERVISOR_MYSQL_PASSWORD": "unused",
    },
    "command-api migrate": {
        "COMMAND_API_MYSQL_PORT": "{port}",
        "COMMAND_API_MYSQL_PASSWORD": "unused",
    },
    "redis-projector dead-letters list": {
        "REDIS_PROJECTOR_REDIS_URL": "redis://127.0.0.1:{port}",
        "REDIS_PROJECTOR_REDIS_TIMEOUT": "600",
        "REDIS_PROJECTOR_KAFKA_BOOTSTRAP": "127.0.0.1:{port}",
    },
    "platform-setup topics": {"SETUP_KAFKA_BOOTSTRAP": "127.0.0.1:{port}"},
    "platform-setup schema-rule": {"SETUP_REGISTRY_URL": "http://127.0.0.1:{port}"},
    **{
        f"platform-setup erasures{option}": {
            "SETUP_ERASURES_KAFKA_BOOTSTRAP": "127.0.0.1:{port}",
            "SETUP_ERASURES_LEDGER": "{folder}/ledger",
        }
        for option in ("", " --follow")
    },
    "platform-setup mysql-users": {
        "SETUP_MYSQL_PORT": "{port}",
        **{
            f"SETUP_MYSQL_{name.upper()}": "unused"
            for name, field in MySQLUsers.model_fields.items()
            if field.is_required()
        },
    },
}


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Run a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)
        yield listener


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", COMMANDS)
def test_command_stops_gracefully(
    silent: socket.socket, command: str, number: signal.Signals, tmp_path: Path
) -> None:
    program, *words = command.split()
    port = silent.getsockname()[1]
    environment = {
        name: value.format(port=port, folder=tmp_path) for name, value in COMMANDS[command].items()
    }
    stopped = interrupted((BIN / program, *words), number, silent, environment)
    assert stopped == (128 + number, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_local_stack_stops_gracefully(number: signal.Signals) -> None:
    instance = Instance("interrupted")
    with socket.socket(socket.AF_UNIX) as silent:
        path = instance.socket("supervisor")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        silent.bind(str(path))
        silent.listen()
        silent.settimeout(TIMEOUT)
        command = (BIN / "local-stack", "status", "--instance", instance.name)
        try:
            code, complained = interrupted(command, number, silent)
        finally:
            path.unlink()
            shutil.rmtree(instance.home)
            shutil.rmtree(instance.socket_folder, ignore_errors=True)
    assert code == 130
    assert complained == b"Interrupted; every program that this run started was stopped.\n"


def test_every_program_has_signal_handlers() -> None:
    starts = [*ROOT.glob("*/*/src/*/__main__.py"), *ROOT.glob("demo/src/*/__main__.py")]
    assert len(starts) >= 13
    ways = r"interruptible\(\)|launch\(|run_command\(|signal\.signal\(number, interrupt\)"
    bare = [file.parent.name for file in starts if not re.search(ways, file.read_text())]
    assert bare == []


def test_every_event_loop_has_signal_handlers() -> None:
    sources = [*ROOT.glob("*/*/src/**/*.py"), *ROOT.glob("loadtest/*.py")]
    loops = [file for file in sources if re.search(r"\b(asyncio|uvloop)\.run\(", file.read_text())]
    assert len(loops) > 5
    bare = {file.name for file in loops if not is_interruptible(file)}
    assert bare == {"lifecycle.py"}  # which has its own handlers


def is_interruptible(file: Path) -> bool:
    """Return whether the file sets signal handlers, or the command of its package does."""
    starts = [folder / "__main__.py" for folder in file.parents if ROOT in folder.parents]
    said_by = [file, *(start for start in starts if start.exists())]
    return any("interruptible()" in one.read_text() for one in said_by)


def interrupted(
    command: Sequence[str | Path],
    number: signal.Signals,
    silent: socket.socket,
    environment: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    """Send the signal while the command waits for the server; return its exit code and stderr."""
    with subprocess.Popen(
        [*IGNORING, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        try:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(number)
                _, complained = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    return process.returncode, complained

"""`demo` prints commands to try once they can succeed, with its configured addresses."""

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx2

from tests.support.stack.free_ports import unused

DEMO = Path(sys.executable).with_name("demo")


def test_printed_commands_work_at_once() -> None:
    http, grpc, admin = unused(3, row=3)
    settings = {"HTTP_PORT": http, "GRPC_PORT": grpc, "ADMIN_PORT": admin}
    process = subprocess.Popen(
        [DEMO],
        stdout=subprocess.PIPE,
        text=True,
        env={f"DEMO_{name}": str(value) for name, value in settings.items()},
    )
    deadline = threading.Timer(20, process.kill)
    deadline.start()
    try:
        assert process.stdout
        while "Try it" not in (line := process.stdout.readline()):
            assert line, "exited, or printed no commands in time"
        printed = "".join(process.stdout.readline() for _ in range(5))
        found = {int(port) for port in re.findall(r"localhost:(\d+)", printed)}
        assert found == {http, http + 1, http + 2, admin}
        for port in sorted(found):
            path = "metrics" if port == admin else ""
            assert httpx2.get(f"http://localhost:{port}/{path}").status_code == 200
        assert f"ports {grpc}, {grpc + 1}, {grpc + 2}." in printed
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        deadline.cancel()
    assert process.returncode == 0

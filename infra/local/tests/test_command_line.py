import signal
import socket
import sys
from pathlib import Path

import pytest

from local_stack import __main__ as command_line
from local_stack import addresses, layout, stack
from local_stack.layout import Instance


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(socket, "setdefaulttimeout", lambda *_: None)


def refused(*words: str) -> int:
    sys.argv = ["local-stack", *words]
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    return int(ended.value.code or 0)


def test_unknown_log_name_lists_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    Instance("unit").log("mysql").touch()
    assert refused("logs", "mysqll", "--instance", "unit") == 1
    assert capsys.readouterr().err == "no log of 'mysqll'; logs exist for: mysql\n"


def test_status_of_stopped_instance_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused("status", "--instance", "unit") == 1
    assert capsys.readouterr().err == "instance 'unit' is not running\n"


def test_down_of_stopped_instance_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    sys.argv = ["local-stack", "down", "--instance", "unit"]
    command_line.main()
    assert "Stopped instance 'unit'" in capsys.readouterr().out


def test_unknown_kafka_tool_lists_known_ones(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses.save(Instance("unit"))
    monkeypatch.setattr(stack, "fetch", lambda: None)
    assert refused("kafka", "--instance", "unit", "topic", "--list") == 1
    assert capsys.readouterr().err.startswith(
        "no tool 'topic'; known tools: configs, console-consumer"
    )

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


def test_an_unknown_log_is_told_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    Instance("unit").log("mysql").touch()
    assert refused("logs", "mysqll", "--instance", "unit") == 1
    assert capsys.readouterr().err == "no log of 'mysqll'; logs exist for: mysql\n"


def test_the_status_of_what_does_not_run_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused("status", "--instance", "unit") == 1
    assert capsys.readouterr().err == "instance 'unit' is not running\n"


def test_down_where_nothing_runs_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    sys.argv = ["local-stack", "down", "--instance", "unit"]
    command_line.main()
    assert "Stopped instance 'unit'" in capsys.readouterr().out


def test_a_kafka_tool_that_is_not_there_is_told_with_those_that_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses.save(Instance("unit"))
    monkeypatch.setattr(stack, "fetch", lambda: None)
    assert refused("kafka", "--instance", "unit", "topic", "--list") == 1
    assert capsys.readouterr().err.startswith(
        "no tool 'topic'; known tools: configs, console-consumer"
    )

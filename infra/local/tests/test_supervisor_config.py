from configparser import RawConfigParser
from pathlib import Path

import pytest

from local_stack import layout, supervisor
from local_stack.layout import Instance
from local_stack.programs import Program


@pytest.fixture
def parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RawConfigParser:
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    server = Program(
        "server",
        ["/opt/a server", "--rate=50%", "-cp", "/lib/*"],
        after=(),
        healthy=lambda: None,
        environment={"PASSWORD": "100%_sure"},
    )
    parser = RawConfigParser()
    parser.read_string(supervisor.config(Instance("unit"), [server]))
    return parser


def test_a_command_is_quoted_and_its_percent_signs_are_no_expansions(
    parsed: RawConfigParser,
) -> None:
    assert parsed["program:server"]["command"] == "'/opt/a server' --rate=50%% -cp '/lib/*'"
    assert parsed["program:server"]["environment"] == 'PASSWORD="100%%_sure"'


def test_every_program_is_restarted_and_its_log_is_bounded(parsed: RawConfigParser) -> None:
    assert parsed["program:server"]["autorestart"] == "true"
    assert parsed["program:server"]["autostart"] == "false"
    assert parsed["program:server"]["stdout_logfile_maxbytes"] == "10MB"


def test_control_socket_is_private(parsed: RawConfigParser) -> None:
    assert parsed["unix_http_server"]["chmod"] == "0700"
    assert "inet_http_server" not in parsed

"""Arguments and settings that view-verifier rejects before it connects to a store."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack.measured import MEASURED

PROGRAM = Path(sys.executable).with_name("view-verifier")
PASSWORD = {"VIEW_VERIFIER_MYSQL_PASSWORD": "unused"}


def refused(*words: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [PROGRAM, *words],
        env=environment | MEASURED,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", [[], ["query-api"], ["redis-projector", "--mend"]])
def test_unknown_view_or_option_exits_with_2(words: list[str]) -> None:
    code, complained = refused(*words, **PASSWORD)
    assert code == 2
    assert "usage: view-verifier" in complained


@pytest.mark.parametrize("option", ["--rate", "--patience"])
def test_rate_or_patience_of_0_exits_with_2(option: str) -> None:
    code, complained = refused("redis-projector", option, "0", **PASSWORD)
    assert code == 2
    assert f"argument {option}: must be greater than 0" in complained


@pytest.mark.parametrize("view", ["redis-projector", "search-projector"])
def test_missing_password_of_mysql_is_refused_by_its_name(view: str) -> None:
    code, complained = refused(view)
    assert code == 1
    assert complained.splitlines()[1:] == ["  VIEW_VERIFIER_MYSQL_PASSWORD: Field required"]


def test_unknown_setting_is_refused_by_its_name() -> None:
    code, complained = refused("redis-projector", **PASSWORD, VIEW_VERIFIER_KAFKA_USER="x")
    assert code == 1
    assert "VIEW_VERIFIER_KAFKA_USER: no such setting" in complained


@pytest.mark.parametrize(
    ("view", "away"),
    [
        ("redis-projector", {"VIEW_VERIFIER_REDIS_URL": "redis://127.0.0.1:1"}),
        ("search-projector", {"VIEW_VERIFIER_OPENSEARCH_URL": "http://127.0.0.1:1"}),
    ],
)
def test_unavailable_store_exits_with_1_and_one_line(view: str, away: dict[str, str]) -> None:
    code, complained = refused(view, **PASSWORD, **away)
    assert code == 1
    (line,) = complained.splitlines()
    assert line.startswith("view-verifier: ")

"""Kafka's own tools, called as in the runbook."""

import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.addresses import Addresses
from tests.support.stack.instance import NAME

pytestmark = pytest.mark.e2e
LOCAL_STACK = Path(sys.executable).parent / "local-stack"


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (("configs", "--describe", "--topic", "user.events"), "max.compaction.lag.ms=86400000"),
        (("topics", "--list"), "user.events.redis-projector.dlq"),
        (("consumer-groups", "--list"), "search-projector"),
        (("console-consumer", "--help"), "--formatter-property"),
        (("delete-records", "--help"), "--offset-json-file"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_tool_runs_on_the_instance_s_broker(
    stack: Addresses, words: tuple[str, ...], output: str
) -> None:
    done = subprocess.run(
        [LOCAL_STACK, "kafka", "--instance", NAME, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert output in done.stdout + done.stderr

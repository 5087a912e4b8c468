"""OpenSearch runs unprivileged if root starts the stack, with no capability but reading."""

import os
from pathlib import Path

import pytest

from local_stack import control, unprivileged
from local_stack.addresses import Addresses
from local_stack.layout import Instance

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can change permissions"),
]


def test_opensearch_of_root_has_only_the_read_capability(stack: Addresses) -> None:
    for node in Instance(stack.instance, form=stack.form).nodes("opensearch"):
        process = Path(f"/proc/{control.pid_of(stack.instance, node)}/status")
        status = dict(line.split(":\t", 1) for line in process.read_text().splitlines())
        assert status["Uid"].split() == [str(unprivileged.NOBODY)] * 4
        reading = 1 << 2  # CAP_DAC_READ_SEARCH, include/uapi/linux/capability.h
        can_enter = unprivileged.can_enter(Path(stack.home))
        assert int(status["CapEff"], 16) == (0 if can_enter else reading)

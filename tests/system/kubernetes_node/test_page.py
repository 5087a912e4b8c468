"""The commands of docs/kubernetes.md, typed as they stand."""

import asyncio
import base64
import json
import os
import re
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pymysql
import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import HttpClient
from tests.support.kubernetes.kubectl import PROGRAM, Kubectl
from tests.support.kubernetes.manifests import ROOT
from tests.support.stack.survival import created, visible

Shell = partial["subprocess.CompletedProcess[str]"]
ROTATED = {"password": "rotated\n"}
PAGE = (ROOT / "docs/kubernetes.md").read_text("utf-8")
ELSEWHERE = ("kind", "helm", "docker", "kafkaconnector")
"""Words of commands that need another kind of cluster, an image registry, or Strimzi."""
BLOCKS = [
    block
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    if not any(word in block for word in ELSEWHERE)
]


@pytest.fixture
def shell(kubectl: Kubectl, tmp_path: Path) -> Shell:
    """Return a function that runs a script in a folder with infra and a kubectl of the node."""
    program = tmp_path / "bin/kubectl"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec {PROGRAM} kubectl --kubeconfig {kubectl.kubeconfig} "$@"\n'
    )
    program.chmod(0o755)
    (tmp_path / "infra").symlink_to(ROOT / "infra")
    path = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    return partial(
        subprocess.run, cwd=tmp_path, env=path, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("block", BLOCKS, ids=[block.splitlines()[0][:50] for block in BLOCKS])
async def test_commands_work_and_the_system_serves_afterwards(
    shell: Shell, http: HttpClient, block: str
) -> None:
    done = await asyncio.to_thread(shell, ["bash", "-eo", "pipefail", "-c", block])
    assert done.returncode == 0, done.stdout + done.stderr
    user = await eventually(partial(created, http), within=60, every=0.5)
    await eventually(partial(visible, http, user), within=120, every=0.5)


async def test_password_with_a_newline_is_rotated_by_the_commands_of_the_page(
    kubectl: Kubectl, stack: Addresses, shell: Shell, http: HttpClient
) -> None:
    before = kubectl.get("secret", "mysql-command-api")["data"]["password"]
    kubectl("patch", "secret", "mysql-command-api", "-p", json.dumps({"stringData": ROTATED}))
    (rotation,) = [block for block in BLOCKS if "mysql-users" in block]
    done = await asyncio.to_thread(shell, ["bash", "-e", "-c", rotation])
    assert done.returncode == 0, done.stderr
    kubectl("wait", "job/mysql-users", "--for=condition=Complete", "--timeout=120s")
    kubectl("rollout", "status", "deployment/command-api", "--timeout=120s")
    assert await created(http)
    login: dict[str, Any] = {"host": stack.mysql_host, "user": "command_api", "database": "users"}
    pymysql.connect(**login, password="rotated").close()
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        pymysql.connect(**login, password=base64.b64decode(before).decode().strip())


def test_most_commands_of_the_page_are_typed() -> None:
    assert len(BLOCKS) >= 5

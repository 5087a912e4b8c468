"""The requests of README.md and docs/getting-started.md, typed line by line."""

import json
import os
import re
from functools import partial
from pathlib import Path

import pytest

from chassis.testing import eventually
from local_stack.addresses import APIS, Addresses
from tests.support.docs.shell import Shell, opened

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[3]
REQUESTS = {"README.md": 5, "docs/getting-started.md": 7}
TIMEOUT = 20.0  # seconds for one line
PORTS = dict(zip(APIS, ("localhost:3000", "localhost:3001", "localhost:3002"), strict=True))


def lines(page: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    (block,) = re.findall(r"^```sh\n(curl .*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for line in block.splitlines() if line.startswith("curl")]


async def answered(shell: Shell, line: str, stack: Addresses) -> tuple[int, str]:
    """Return the status and the body of a command's response."""
    for api, port in PORTS.items():
        line = line.replace(port, stack.http[api].removeprefix("http://"))
    head, _, body = (await shell.run(line.replace("curl", "curl -s", 1), TIMEOUT)).partition(
        "\r\n\r\n"
    )
    return int(head.split()[1]), body.strip()


@pytest.mark.parametrize("page", REQUESTS)
async def test_every_command_of_a_page_gets_a_response(page: str, stack: Addresses) -> None:
    create, *others = lines(page)
    assert len(others) == REQUESTS[page] - 1
    async with opened(Path(), os.environ) as shell:
        status, body = await answered(shell, create, stack)
        assert status == 201
        await shell.run(f"ID={json.loads(body)['id']}", TIMEOUT)

        for line in others:
            name = "Chloë" if re.search("PATCH|history|search", line) else "Zoë"
            patience = 0 if "-X" in line else 10
            done = partial(is_done, shell, line, name, stack)
            await eventually(done, within=patience, every=0.2)


async def is_done(shell: Shell, line: str, name: str, stack: Addresses) -> None:
    status, body = await answered(shell, line, stack)
    expected = (204, "") if "DELETE" in line else (200, name)
    assert status == expected[0], (line, body)
    assert expected[1] in body, (line, body)

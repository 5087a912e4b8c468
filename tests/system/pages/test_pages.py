"""The documentation's commands are run in a fresh clone, on real servers.

First docs/tutorial.md, which ends with an order in both views. Then every command of every page.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.docs.doc_commands import EXAMPLE, LETTER, OFFSET, Shown, how
from tests.support.docs.page import Step, lines, looked_up, pages, steps
from tests.support.docs.shell import Shell, opened
from tests.support.docs.times import TIMES
from tests.support.project_files import project_files
from tests.support.stack.faults import poison
from tests.support.stack.go_tools import TOOLS, tool

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
NEW = re.findall(r"^make new-aggregate .*$", PAGE, re.MULTILINE)[0]
MYPY_CACHE = ".mypy_cache"
NEW_SERVICES = "services/order-*"
# Not those that run users' programs, whose files are the same in the clone.
ABOUT_FILES = "not stops_gracefully and not port_in_use_is_one_line and not test_demo"
TIMEOUT = 900.0  # seconds for one step; the longest starts all servers
READ_WITHIN = 60.0  # seconds until a view shows what an earlier step did


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clone the working tree, including changes, as a new repository with its environment."""
    clone = tmp_path_factory.mktemp("clone")
    for name in project_files():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    subprocess.run(["git", "init", "--quiet"], cwd=clone, check=True)
    subprocess.run(["git", "add", "--all"], cwd=clone, check=True)
    (clone / ".tools").symlink_to(TOOLS)  # kustomize and other tools take minutes to build
    if (ROOT / MYPY_CACHE).is_dir():  # `make check` has left it: most files are the same
        shutil.copytree(ROOT / MYPY_CACHE, clone / MYPY_CACHE)
    addresses = clone / ".local" / "dev" / "addresses.json"
    addresses.parent.mkdir(parents=True, mode=0o700)
    addresses.write_text(f'{{"port_offset": {OFFSET}}}')
    return clone


@pytest.fixture(scope="module")
async def shell(clone: Path) -> AsyncIterator[Shell]:
    """Start a shell with this environment's uv and its cache, so that downloads are reused."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "VIRTUAL_ENV" and not name.startswith("PYTEST_")  # this run's own options
    }
    environment = inherited | {
        "PATH": f"{Path(sys.executable).parent}:{TOOLS / 'bin'}:{os.environ['PATH']}",
        "UV_OFFLINE": "1",
    }
    async with opened(clone, environment) as shell:
        await timed(shell, "make .venv/ready || UV_OFFLINE=0 make .venv/ready")
        try:
            yield shell
        finally:
            await shell.run("make clean", TIMEOUT)


async def timed(shell: Shell, commands: str) -> str:
    with took(commands):
        return await shell.run(commands, TIMEOUT)


@contextmanager
def took(commands: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    TIMES.append(f"{time.monotonic() - began:6.1f} s  {commands.splitlines()[0]}")


async def follow(shell: Shell, step: Step) -> None:
    """Raise AssertionError unless the output equals the page's."""
    commands = re.sub(
        r"localhost:(\d+)", lambda port: f"localhost:{int(port[1]) + OFFSET}", step.commands
    )

    async def is_prompted() -> None:
        printed = await shell.run(commands, TIMEOUT)
        assert step.is_answered_by(printed), f"{step.commands}\n{step.printed}\n{printed}"

    with took(step.commands):
        await eventually(is_prompted, within=READ_WITHIN if step.only_reads else 0, every=0.2)


async def test_tutorial_commands_produce_the_documented_output(shell: Shell) -> None:
    began = time.monotonic()
    followed = steps(PAGE)
    assert len(followed) >= 7
    for step in followed:
        await follow(shell, step)
        if "search" in step.commands and began:
            minutes = (time.monotonic() - began) / 60
            TIMES.append(
                f"{minutes:6.1f} minutes from make new-aggregate to an order in both views"
            )
            began = 0.0


async def test_generated_code_passes_all_checks(shell: Shell) -> None:
    """Only changed files are checked again: those of users' services are the same."""
    await timed(shell, "git diff --exit-code --stat -- services")
    await timed(shell, ".venv/bin/ruff check . && .venv/bin/ruff format --check .")
    await timed(shell, ".venv/bin/lint-imports && make gen")
    parts = f"{NEW_SERVICES} schemas infra/setup infra/local"
    typed = f"for part in {parts}; do .venv/bin/mypy --no-error-summary $part || exit; done"
    await timed(shell, f"({typed})")
    quick = ".venv/bin/pytest -q -m 'not integration and not e2e'"
    await timed(
        shell,
        f"{quick} {NEW_SERVICES} infra/local infra/setup tests/component/aggregates"
        f" tests/component/configuration tests/component/packaging -k '{ABOUT_FILES}'",
    )


async def test_repeated_generation_is_rejected_and_changes_nothing(shell: Shell) -> None:
    state = "git status --porcelain --untracked-files=all; git diff"
    before = await shell.run(state, TIMEOUT)
    printed = await timed(shell, f"{NEW} && false || true")
    assert "Nothing was written." in printed
    assert "services/order-command-api exists already, with these fields" in printed
    assert await shell.run(state, TIMEOUT) == before


PAGES = pages()
# A record that cannot be applied stays on the topic, and a rebuild reads it again.
LETTERS_LAST = sorted(PAGES, key=lambda page: f"show {EXAMPLE}" in PAGES[str(page)])


@pytest.fixture(scope="module")
async def system(shell: Shell) -> Shell:
    """Return a shell beside the complete running system."""
    await timed(shell, "make up")
    return shell


@pytest.mark.parametrize("page", LETTERS_LAST)
async def test_every_documented_command_works(page: str, system: Shell, clone: Path) -> None:
    for step in [*steps(PAGES[page]), *looked_up(PAGES[page])]:
        printed = [await follow_command(page, command, system, clone) for command in lines(step)]
        assert None in printed or step.is_answered_by("".join(map(str, printed))), (step, printed)


async def follow_command(page: str, command: str, shell: Shell, clone: Path) -> str | None:
    """Return a command's output; None if it is not run here."""
    shown = how(page, command)
    if isinstance(shown, Shown):
        assert shown.is_there(), (command, shown)
        return None
    if shown.needs:
        tool(shown.needs)
    async with AsyncExitStack() as around:
        if LETTER in shown.command:
            await around.enter_async_context(dead_letter(shell, clone))
        with took(f"{page}: {command}"):
            return await shell.run(shown.command, TIMEOUT)


@asynccontextmanager
async def dead_letter(shell: Shell, clone: Path) -> AsyncIterator[None]:
    """Write a dead letter, and set the shell variable to its offset."""
    saved = json.loads((clone / ".local" / "dev" / "addresses.json").read_text())

    async def put_aside() -> None:
        listed = await shell.run(".venv/bin/redis-projector dead-letters list", TIMEOUT)
        found = re.search(r"^\s*(\d+) ", listed, re.MULTILINE)
        assert found, listed
        await shell.run(f"LETTER={found[1]}", TIMEOUT)

    await timed(shell, "make up")  # pages about one service start the servers only
    async with poison(Addresses(**saved)):
        await eventually(put_aside, within=60, every=0.5)
        yield

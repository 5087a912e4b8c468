"""The audit of dependencies, against a stand-in for the advisory database."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

pytestmark = pytest.mark.integration  # not quick: pip-audit starts fifteen times
ROOT = Path(__file__).parents[3]
PROOF = ("jinja2", "2.10")  # the audit's first request
FAILS = ("", "")


@pytest.fixture
async def database() -> AsyncIterator[tuple[str, set[tuple[str, str]]]]:
    """Return its address, and the vulnerable versions; with FAILS it fails for all others."""
    bad: set[tuple[str, str]] = set()

    async def query(request: web.Request) -> web.Response:
        question = json.loads(await request.read())
        version = (question["package"]["name"], question["version"])
        if version not in bad:
            return web.json_response({}, status=503 if FAILS in bad else 200)
        affected = [{"package": question["package"]}]
        return web.json_response({"vulns": [{"id": "TEST-1", "affected": affected}]})

    app = web.Application()
    app.router.add_post("/query", query)
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}/query", bad


async def audit(url: str, *lock_files: Path) -> tuple[int, str]:
    """Return its exit code and its output."""
    process = await asyncio.create_subprocess_exec(
        ROOT / ".ci" / "audit",
        *lock_files,
        env=os.environ
        | {"OSV_URL": url, "PIP_AUDIT": str(Path(sys.executable).parent / "pip-audit")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode is not None
    return process.returncode, output.decode()


@pytest.fixture
def locks(tmp_path: Path) -> list[Path]:
    """Write two lock files in the form of ours."""
    files = [tmp_path / "one.lock", tmp_path / "two.lock"]
    files[0].write_text("aiohttp==3.14.3 \\\n    --hash=sha256:00\njinja2==3.1.6\n")
    files[1].write_text("aiohttp==3.14.2\nuvloop==0.22.1 ; sys_platform == 'nowhere' \\\n")
    return files


@pytest.mark.parametrize(
    ("known", "ends", "says"),
    [
        ({PROOF}, 0, "against 4 versions in 2 lock files"),
        ({PROOF, ("aiohttp", "3.14.2")}, 1, "TEST-1"),  # the second version of a package, too
        ({PROOF, ("uvloop", "0.22.1")}, 1, "TEST-1"),  # dependencies of other platforms, too
        (set(), 3, "NOT AUDITED"),  # an empty response proves nothing
        ({PROOF, FAILS}, 3, "NOT AUDITED"),
    ],
)
async def test_audit_distinguishes_findings_from_an_unavailable_database(
    database: Any, locks: list[Path], known: set[tuple[str, str]], ends: int, says: str
) -> None:
    url, bad = database
    bad |= known
    ended, output = await audit(url, *locks)
    assert (ended, says in output) == (ends, True), output


async def test_unreachable_database_is_reported(unused_ports: list[int], locks: list[Path]) -> None:
    ended, output = await audit(f"http://127.0.0.1:{unused_ports[0]}/query", *locks)
    assert (ended, "NOT AUDITED" in output) == (3, True), output


async def test_all_lock_files_are_audited(database: Any) -> None:
    url, bad = database
    bad.add(PROOF)
    deployables = ROOT.glob("*/*/requirements.lock")
    fuzzer = ROOT / "tests/component/fuzz/requirements.lock"
    pinned = {
        line.partition(" ")[0]
        for file in (*deployables, fuzzer, ROOT / "requirements-dev.lock")
        for line in file.read_text().splitlines()
        if line[:1].isalnum()
    }
    ended, output = await audit(url)
    assert (ended, f"against {len(pinned)} versions" in output) == (0, True), output

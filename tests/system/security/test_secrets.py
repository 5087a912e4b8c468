"""No program writes a secret: at log level debug, when refused, and with its store unavailable."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.tokens import AUDIENCE, ISSUER, bearer, jwk, token
from tests.support.stack.measured import MEASURED

pytestmark = pytest.mark.integration
BIN = Path(sys.executable).parent
SECRET = "pass/word:7c1f@3e&5%d"  # with characters that a URL must escape
TOKEN = token(without="aud")  # rejected, and therefore most likely to be logged
KEYS = f'{{"keys": [{str(jwk("EdDSA")).replace(chr(39), chr(34))}]}}'
API = {"JWT_KEY": KEYS, "JWT_ISSUER": ISSUER, "JWT_AUDIENCE": AUDIENCE, "RATE_LIMIT": "2"}
LOGGED_IN = {  # program → the settings of its store's login, and of the store's address
    "command-api": ({"MYSQL_USER": "command_api", "MYSQL_PASSWORD": SECRET}, "MYSQL_PORT"),
    "query-api": ({"REDIS_USER": "query_api", "REDIS_PASSWORD": SECRET}, "REDIS_URL"),
    "search-api": ({"OPENSEARCH_USER": "ann", "OPENSEARCH_PASSWORD": SECRET}, "OPENSEARCH_URL"),
    "redis-projector": ({"REDIS_USER": "ann", "REDIS_PASSWORD": SECRET}, "REDIS_URL"),
    "search-projector": (
        {"OPENSEARCH_USER": "ann", "OPENSEARCH_PASSWORD": SECRET},
        "OPENSEARCH_URL",
    ),
}


def store(stack: Addresses, name: str, unused_port: int, *, is_unavailable: bool) -> str:
    """Return the store's address, or a port without a listener."""
    return {
        "MYSQL_PORT": str(unused_port if is_unavailable else stack.mysql_port),
        "REDIS_URL": f"redis://127.0.0.1:{unused_port}/0"
        if is_unavailable
        else stack.redis_address,
        "OPENSEARCH_URL": f"http://127.0.0.1:{unused_port}"
        if is_unavailable
        else stack.opensearch_url,
    }[name]


async def written(program: str, settings: dict[str, str], port: int | None, log: Path) -> str:
    """Return a program's output and responses until it is stopped; port: its HTTP port."""
    texts: list[str] = []
    prefix = program.upper().replace("-", "_")
    environment = {f"{prefix}_{name}": value for name, value in settings.items()}
    with log.open("wb") as output:  # a pipe that is not read would fill up
        process = await asyncio.create_subprocess_exec(
            BIN / program,
            env=environment | MEASURED | {"PATH": os.environ["PATH"]},
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )
    try:
        if port is not None:
            texts += [await eventually(lambda: answer(port, "/user", bearer(TOKEN)), within=60)]
            texts += [await answer(port, "/user", {"Cookie": TOKEN})]
        admin = int(settings["ADMIN_PORT"])
        texts += [await eventually(lambda: answer(admin, "/readyz"), within=60)]
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return await asyncio.to_thread(log.read_text) + "".join(texts)


async def answer(port: int, path: str, headers: dict[str, str] | None = None) -> str:
    """Return the response, also if the client is rejected or the program is not ready."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session,
            session.get(f"http://127.0.0.1:{port}{path}", headers=headers) as response,
        ):
            return await response.text()
    except (aiohttp.ClientConnectionError, TimeoutError) as error:
        raise AssertionError from error


def clean(text: str) -> None:
    """Raise AssertionError if the text has a secret, in whatever form."""
    for form in (SECRET, quote(SECRET), quote(SECRET, safe=""), repr(SECRET), TOKEN, TOKEN[-40:]):
        assert form not in text


@pytest.mark.parametrize("is_unavailable", [False, True], ids=["refused", "unavailable"])
@pytest.mark.parametrize("program", LOGGED_IN)
async def test_a_service_writes_no_secret(
    stack: Addresses,
    unused_ports: list[int],
    program: str,
    is_unavailable: bool,  # noqa: FBT001 - a case's half
    tmp_path: Path,
) -> None:
    login, place = LOGGED_IN[program]
    unused_port, http, grpc, admin = unused_ports
    settings = login | {
        place: store(stack, place, unused_port, is_unavailable=is_unavailable),
        "ADMIN_PORT": str(admin),
        "LOG_LEVEL": "debug",
    }
    if program.endswith("api"):
        settings |= API | {"HTTP_PORT": str(http), "GRPC_PORT": str(grpc)}
    else:
        settings["KAFKA_BOOTSTRAP"] = stack.kafka_bootstrap
        settings["REGISTRY_URL"] = stack.registry_url
    port = http if program.endswith("api") else None
    output = await written(program, settings, port, tmp_path / "log")
    assert '"event": "started"' in output
    clean(output)


async def test_invalid_setting_is_reported_without_other_values() -> None:
    settings = {"MYSQL_PASSWORD": SECRET, "HTTP_PORT": SECRET, "JWT_KEY": SECRET, "ADMIN_PORT": "1"}
    environment = {f"COMMAND_API_{name}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        BIN / "command-api",
        env=environment | {"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert b"COMMAND_API_HTTP_PORT" in output
    clean(output.decode())

"""First results of idempotency keys, over HTTP, before and after a restart."""

import os
import uuid
from typing import Any

import aiohttp
import pytest

from local_stack.addresses import Addresses

pytestmark = pytest.mark.integration
UNKNOWN_ID = "01890000-0000-7000-8000-ffffffffffff"
Answer = tuple[int, str | None, Any]


@pytest.fixture
def settings(stack: Addresses, unused_ports: list[int]) -> dict[str, str]:
    http, grpc, admin, _ = unused_ports
    settings = {
        "MYSQL_PORT": stack.mysql_port,
        "MYSQL_USER": "command_api",
        "MYSQL_PASSWORD": stack.password("command_api"),
        "HTTP_PORT": http,
        "GRPC_PORT": grpc,
        "ADMIN_PORT": admin,
    }
    return {f"COMMAND_API_{name}": str(value) for name, value in settings.items()} | {
        "PATH": os.environ["PATH"]
    }


async def call(
    settings: dict[str, str], method: str, path: str, body: Any, **headers: str
) -> Answer:
    """Send a command; return status, entity tag, and the body without its trace."""
    url = f"http://127.0.0.1:{settings['COMMAND_API_HTTP_PORT']}{path}"
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, json=body, headers=headers) as response,
    ):
        answer = await response.json(content_type=None)
        return response.status, response.headers.get("ETag"), answer | {"trace_id": None}


async def test_first_answers_are_repeated_after_a_restart(
    settings: dict[str, str], started: Any
) -> None:
    keys = {name: str(uuid.uuid4()) for name in ("unchanged", "stale", "unknown", "invalid")}
    admin = int(settings["COMMAND_API_ADMIN_PORT"])

    async def answers(path: str) -> list[Answer]:
        late = {"first_name": "Late"}
        return [
            await call(
                settings, "PATCH", path, {"first_name": "Ann"}, Idempotency_Key=keys["unchanged"]
            ),
            await call(
                settings, "PATCH", path, late, If_Match='"2"', Idempotency_Key=keys["stale"]
            ),
            await call(
                settings, "PATCH", f"/user/{UNKNOWN_ID}", late, Idempotency_Key=keys["unknown"]
            ),
            await call(
                settings,
                "POST",
                "/user",
                {**late, "last_name": "\u3164"},
                Idempotency_Key=keys["invalid"],
            ),
        ]

    async with started("command-api", settings, admin):
        _, _, user = await call(
            settings, "POST", "/user", {"first_name": "Ann", "last_name": "Lee"}
        )
        path = f"/user/{user['id']}"
        first = await answers(path)
        assert [status for status, _, _ in first] == [200, 412, 404, 400]
        assert (await call(settings, "PATCH", path, {"first_name": "Beth"}))[1] == '"2"'
        assert await answers(path) == first
    async with started("command-api", settings, admin):
        assert await answers(path) == first
        for key in keys.values():
            other = await call(settings, "PATCH", path, {"first_name": "Z"}, Idempotency_Key=key)
            assert other[0] == 422
        assert (await call(settings, "PATCH", path, {"first_name": "Beth"}))[1] == '"2"'

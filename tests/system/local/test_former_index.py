"""An index created by 0.1.0 is written and searched as before, until a rebuild replaces it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient
from tests.support.stack.operator_cli import Tool
from tests.support.stores import opensearch_operator

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[3]
FORMER = json.loads((ROOT / "schemas/samples/opensearch-users/v1.json").read_text("utf-8"))
NEW_FIELDS = "ctx._source.remove('words'); ctx._source.remove('joined')"
PAUSE = 0.02  # seconds between two searches: they leave CPU time to the rebuild
REBUILD = ("rebuild", "--accept-dead-letters")


async def put_back(client: AsyncOpenSearch) -> str:
    """Convert the serving index to 0.1.0's form, while nothing writes; return its generation."""
    found = await client.indices.get_alias(index="users-*")
    numbers = [int(index.removeprefix("users-")) for index in found if index[6:].isdecimal()]
    (serving,) = (index for index, task_state in found.items() if "users" in task_state["aliases"])
    former = f"users-{max(numbers) + 1}"
    await client.indices.create(index=former, body=FORMER)
    body = {
        "source": {"index": serving},
        "dest": {"index": former, "version_type": "external"},
        "script": {"source": NEW_FIELDS},
    }
    await client.indices.refresh(index=serving)
    task = (await client.reindex(body=body, params={"wait_for_completion": "false"}))["task"]

    async def copied() -> None:
        task_state = await client.tasks.get(task_id=task)
        assert task_state["completed"]
        assert task_state["response"]["failures"] == []

    await eventually(copied, within=60)
    await client.indices.refresh(index=former)
    moved = [
        {"add": {"index": former, "alias": "users"}},
        {"remove_index": {"index": serving}},
    ]
    await client.indices.update_aliases(body={"actions": moved})
    number = former.removeprefix("users-")
    await client.update(index="users-operator", id="operator", body={"doc": {"serving": number}})
    return number


@asynccontextmanager
async def searched(api: ApiClient, text: str, user: str) -> AsyncIterator[list[str]]:
    """Repeat a search while the block runs; yield the errors found in responses."""
    trouble: list[str] = []
    stop = asyncio.Event()

    async def call() -> None:
        while not stop.is_set():
            await asyncio.sleep(PAUSE)
            if user not in [one["id"] for one in await api.search(text)]:
                trouble.append(f"{text}: not found")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(call())
        try:
            yield trouble
        finally:
            stop.set()


async def found(api: ApiClient, text: str) -> list[str]:
    return [user["id"] for user in await api.search(text)]


async def test_upgrade_from_the_former_index_fails_no_search_and_loses_no_event(
    stack: Addresses, http: ApiClient
) -> None:
    tool = Tool(stack, "search-projector")
    before = await http.create("Γιώργος", "Σεφέρης")

    async def is_found() -> None:
        assert before["id"] in await found(http, "ΣΕΦΕΡΗΣ")

    await eventually(is_found, within=30)
    letters = await tool.done("dead-letters", "list")
    await tool.done("pause")
    await eventually(lambda: paused(tool), within=30)
    async with opensearch_operator.connected(stack) as client:
        generation = await put_back(client)
        await tool.done("resume")
        after = await http.create("Οδυσσέας", "Ελύτης")

        async def both_are_found() -> None:
            assert before["id"] in await found(http, "Σεφέρης")
            assert after["id"] in await found(http, "Ελύτης")

        await eventually(both_are_found, within=60)
        assert after["id"] not in await found(http, "ΕΛΥΤΗΣ")
        async with searched(http, "Ελύτης", after["id"]) as trouble:
            assert "serves, switched in " in await tool.done(*REBUILD)
        assert trouble == []
        for user, text in ((before, "ΣΕΦΕΡΗΣ"), (after, "ΕΛΥΤΗΣ"), (after, "ελυτης ο")):
            assert user["id"] in await found(http, text)
        async with searched(http, "Ελύτης", after["id"]) as trouble:
            await tool.done(*REBUILD, "--back")
            assert f"generation {generation} serves" in await tool.done("status")
            renamed = await http.rename(after["id"], "Οδυσσεύς")
            await eventually(lambda: shown(http, renamed), within=30)
            await tool.done(*REBUILD, "--back")
        assert trouble == []
    assert await http.search("ΟΔΥΣΣΕΥΣ ΕΛΥΤΗΣ") == [renamed]
    assert await tool.done("dead-letters", "list") == letters


async def paused(tool: Tool) -> None:
    assert (await tool.done("status")).startswith("paused since")


async def shown(api: ApiClient, user: dict[str, object]) -> None:
    assert user in await api.search("Ελύτης")

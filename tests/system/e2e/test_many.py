"""A thousand concurrent creates: every user is in both views, with the right content."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chassis.testing import eventually
from tests.support.clients.api_clients import Answer, ApiClient

pytestmark = pytest.mark.e2e
COUNT = 1000
AT_ONCE = 50
Pages = Callable[[str | None], Awaitable[tuple[list[Answer], str | None]]]


async def test_a_thousand_users_created_at_once_are_all_in_both_views(
    http: ApiClient, grpc: ApiClient
) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def create(number: int) -> Answer:
        async with gate:
            return await (http, grpc)[number % 2].create(f"Many{number}", "Thousandfold")

    created = await asyncio.gather(*map(create, range(COUNT)))
    expected = {user["id"]: user for user in created}
    assert len(expected) == COUNT

    async def all_listed() -> None:
        listed = await everybody(lambda cursor: http.list_page(100, cursor))
        assert expected.items() <= listed.items()

    await eventually(all_listed, within=30, every=0.5)

    async def all_indexed() -> None:
        found = await everybody(lambda cursor: grpc.search_page("thousandfold", 100, cursor))
        assert found == expected

    await eventually(all_indexed, within=30, every=0.5)


async def everybody(pages: Pages) -> dict[str, Answer]:
    """Return every user of a paged response, by id."""
    users, cursor = await pages(None)
    while cursor:
        page, cursor = await pages(cursor)
        users += page
    return {user["id"]: user for user in users}

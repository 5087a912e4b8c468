"""Client's view of a system during a fault: temporary failures, then recovery."""

import uuid

import aiohttp

from tests.support.clients.api_clients import Answer, ApiClient, Refused


async def created(api: ApiClient) -> Answer:
    """Create a user with a unique name; raise AssertionError while the system refuses."""
    try:
        return await api.create("Survivor", letters())
    except (Refused, OSError, aiohttp.ClientError) as error:
        raise AssertionError(error) from error


async def visible(api: ApiClient, user: Answer) -> None:
    """Raise AssertionError unless query-api returns the user and search-api finds it."""
    try:
        assert await api.get(user["id"], min_version=1) == user
        assert await api.search(user["last_name"]) == [user]
    except (Refused, OSError, aiohttp.ClientError) as error:
        raise AssertionError(error) from error


def letters() -> str:
    """Return a unique word; a short one, since the CPU of a search grows with its word."""
    return uuid.uuid4().hex[:12].translate(str.maketrans("0123456789", "ghijklmnop"))

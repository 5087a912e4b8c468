"""What a caller sees of a system that is being hurt: not yet, but soon."""

import uuid

import aiohttp

from tests.support.clients.api_clients import Answer, Door, Refused


async def created(door: Door) -> Answer:
    """A new user with a name of its own; AssertionError while the system refuses."""
    try:
        return await door.create("Survivor", letters())
    except (Refused, OSError, aiohttp.ClientError) as error:
        raise AssertionError(error) from error


async def visible(door: Door, user: Answer) -> None:
    """AssertionError unless the user is in query-api and found by search-api."""
    try:
        assert await door.get(user["id"], min_version=1) == user
        assert await door.search(user["last_name"]) == [user]
    except (Refused, OSError, aiohttp.ClientError) as error:
        raise AssertionError(error) from error


def letters() -> str:
    return uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))

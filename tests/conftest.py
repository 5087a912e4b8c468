"""API clients of the running test stack, and direct access to its stores."""

from collections.abc import AsyncIterator

import pytest

from local_stack.addresses import Addresses
from tests.support.clients.api_clients import Door, GrpcDoor, HttpDoor

SERVICES = ("command-api", "query-api", "search-api")


@pytest.fixture(scope="session")
async def http(stack: Addresses) -> AsyncIterator[HttpDoor]:
    door = HttpDoor(*(stack.http[service] for service in SERVICES))
    yield door
    await door.close()


@pytest.fixture(scope="session")
async def grpc(stack: Addresses) -> AsyncIterator[GrpcDoor]:
    door = GrpcDoor(*(stack.grpc[service] for service in SERVICES))
    yield door
    await door.close()


@pytest.fixture(params=["http", "grpc"])
def door(request: pytest.FixtureRequest) -> Door:
    door: Door = request.getfixturevalue(request.param)
    return door

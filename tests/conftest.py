"""API clients of the running test stack, and direct access to its stores."""

from collections.abc import AsyncIterator

import pytest

from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient, GrpcClient, HttpClient

SERVICES = ("command-api", "query-api", "search-api")


@pytest.fixture(scope="session")
async def http(stack: Addresses) -> AsyncIterator[HttpClient]:
    api = HttpClient(*(stack.http[service] for service in SERVICES))
    yield api
    await api.close()


@pytest.fixture(scope="session")
async def grpc(stack: Addresses) -> AsyncIterator[GrpcClient]:
    api = GrpcClient(*(stack.grpc[service] for service in SERVICES))
    yield api
    await api.close()


@pytest.fixture(params=["http", "grpc"])
def api(request: pytest.FixtureRequest) -> ApiClient:
    api: ApiClient = request.getfixturevalue(request.param)
    return api

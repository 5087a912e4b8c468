"""The APIs of an aggregate in this process, with clients of both transports."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from grpclib.client import Channel
from grpclib.exceptions import GRPCError

from chassis.api_process import Api
from tests.support.aggregates.under_test import AggregateUnderTest
from tests.support.clients.api_in_process import in_process


@dataclass
class Clients:
    """Of both transports of one API."""

    session: aiohttp.ClientSession
    stub: Any

    async def http(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.session.request(method, path, **options) as response:
            return response.status, await response.json(content_type=None)

    async def refused(self, method: str, request: Any, metadata: Any = None) -> tuple[str, Any]:
        """The status and the message of a gRPC call that fails."""
        with pytest.raises(GRPCError) as refused:
            await getattr(self.stub, method)(request, metadata=metadata)
        return refused.value.status.name, refused.value.message


Opened = AbstractAsyncContextManager[tuple[aiohttp.ClientSession, Channel]]


def opened(aggregate: AggregateUnderTest, role: str, service: str, application: Any) -> Opened:
    """One of the aggregate's APIs over an application."""
    routes = aggregate.module(role, "http_api").routes(application)
    implementation = getattr(aggregate.module(role, "grpc_api"), aggregate.title + service)
    api = Api(routes, implementation(application), aggregate.contracts.descriptors())
    return in_process(api)

"""The APIs of an aggregate in this process, with clients of both transports."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
from grpclib.client import Channel

from chassis.api_process import Api
from tests.support.aggregates.under_test import AggregateUnderTest
from tests.support.clients.api_in_process import in_process

Opened = AbstractAsyncContextManager[tuple[aiohttp.ClientSession, Channel]]


def opened(aggregate: AggregateUnderTest, role: str, service: str, application: Any) -> Opened:
    """One of the aggregate's APIs over an application."""
    routes = aggregate.module(role, "http_api").routes(application)
    implementation = getattr(aggregate.module(role, "grpc_api"), aggregate.title + service)
    api = Api(routes, implementation(application), aggregate.contracts.descriptors())
    return in_process(api)

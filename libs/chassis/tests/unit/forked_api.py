"""A service for test_processes.py, which runs it: one route, and a check that fails on request."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from chassis.api_process import Api, api_process
from chassis.auth.settings import ApiSettings, access
from chassis.http.messages import answer
from chassis.problems import Unavailable
from chassis.process.components import Process
from chassis.process.lifecycle import launch
from chassis.process.settings import settings_config
from user_contracts import descriptors
from user_contracts.proto.user.v1 import SearchRequest, SearchResponse, UserSearchBase


class Settings(ApiSettings):
    model_config = settings_config("FORKED_")

    home: Path
    """Where files tell it what to do."""


class Search(UserSearchBase):
    async def search(self, search_request: SearchRequest) -> SearchResponse:
        return SearchResponse(next_cursor=str(os.getpid()))


@asynccontextmanager
async def wire(settings: Settings) -> AsyncIterator[Process]:
    if (settings.home / "fail").exists():
        raise RuntimeError("cannot be wired")

    async def pid(request: web.Request) -> web.Response:
        await asyncio.sleep(float(request.query.get("seconds", "0")))
        return answer(os.getpid())

    async def store() -> None:
        if (settings.home / "unavailable").exists():
            raise Unavailable("the store is unavailable")

    async with access(settings) as callers:
        api = Api([web.get("/", pid)], Search(), descriptors())
        yield api_process(settings, callers, {"store": store}, api)


if __name__ == "__main__":
    launch("forked", Settings, wire)

"""The command line against the real OpenSearch: start, response, graceful shutdown."""

from typing import Any

import aiohttp
import pytest

from local_stack.addresses import Addresses


@pytest.mark.integration
async def test_service_becomes_ready_and_stops_gracefully(
    stack: Addresses, unused_ports: list[int], started: Any
) -> None:
    http, grpc, admin, _ = unused_ports
    settings = {
        "SEARCH_API_OPENSEARCH_URL": stack.opensearch_url,
        "SEARCH_API_HTTP_PORT": str(http),
        "SEARCH_API_GRPC_PORT": str(grpc),
        "SEARCH_API_ADMIN_PORT": str(admin),
    }
    async with (
        started("search-api", settings, admin),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{http}/user/search/nobody-at-all") as response,
    ):
        assert response.status == 200

"""The command line against the real servers: shared topic, graceful shutdown."""

from typing import Any

import pytest

from local_stack.addresses import Addresses


@pytest.mark.integration
async def test_second_projector_becomes_ready_and_stops_gracefully(
    stack: Addresses, unused_ports: list[int], started: Any
) -> None:
    settings = {
        "SEARCH_PROJECTOR_KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "SEARCH_PROJECTOR_REGISTRY_URL": stack.registry_url,
        "SEARCH_PROJECTOR_OPENSEARCH_URL": stack.opensearch_url,
        "SEARCH_PROJECTOR_ADMIN_PORT": str(unused_ports[0]),
    }
    async with started("search-projector", settings, unused_ports[0]) as pid:
        assert pid

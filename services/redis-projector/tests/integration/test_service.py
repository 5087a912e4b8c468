"""The command line against the real servers: shared topic, graceful shutdown."""

from typing import Any

import pytest

from local_stack.addresses import Addresses


@pytest.mark.integration
async def test_second_projector_becomes_ready_and_stops_gracefully(
    stack: Addresses, unused_ports: list[int], started: Any
) -> None:
    settings = {
        "REDIS_PROJECTOR_KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "REDIS_PROJECTOR_REGISTRY_URL": stack.registry_url,
        "REDIS_PROJECTOR_REDIS_URL": stack.redis_address,
        "REDIS_PROJECTOR_REDIS_USER": "redis_projector",
        "REDIS_PROJECTOR_REDIS_PASSWORD": stack.password("redis_projector"),
        "REDIS_PROJECTOR_ADMIN_PORT": str(unused_ports[0]),
    }
    async with started("redis-projector", settings, unused_ports[0]) as pid:
        assert pid

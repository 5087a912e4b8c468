"""Each service's console command, beside the one that runs: it starts, and stops in order."""

from typing import Any

import pytest

from local_stack.addresses import Addresses
from tests.support.stack.programs import every

pytestmark = pytest.mark.integration
APIS = ("command-api", "query-api", "search-api")


@pytest.mark.parametrize("program", every(*APIS, "redis-projector", "search-projector"))
async def test_second_process_becomes_ready_and_stops_in_order(
    stack: Addresses, unused_ports: list[int], started: Any, program: str
) -> None:
    http, grpc, admin, _ = unused_ports
    prefix = program.upper().replace("-", "_")
    ports = {"ADMIN_PORT": admin}
    if program.endswith(APIS):
        ports |= {"HTTP_PORT": http, "GRPC_PORT": grpc}
    own = {f"{prefix}_{name}": str(port) for name, port in ports.items()}
    async with started(program, stack.environment(program) | own, admin) as pid:
        assert pid

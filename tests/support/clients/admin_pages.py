"""Status of a program of the running stack, from its admin port."""

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from local_stack.addresses import Addresses


async def readiness(stack: Addresses, program: str) -> tuple[int, dict[str, str]]:
    """Return the status of /readyz, and the reasons by part that is not ready."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{stack.admin[program]}/readyz") as response,
    ):
        failures: dict[str, str] = (await response.json())["failures"]
        return response.status, failures


async def is_ready(stack: Addresses, program: str) -> None:
    """Raise AssertionError unless the program is ready."""
    assert await readiness(stack, program) == (200, {})


async def is_unready(stack: Addresses, program: str, reason: str) -> None:
    """Raise AssertionError unless the program is not ready for this reason."""
    status, failures = await readiness(stack, program)
    assert status == 503
    assert reason in str(failures)


async def counter(stack: Addresses, program: str, name: str) -> float:
    """Return the sum of a metric over all labels."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{stack.admin[program]}/metrics") as response,
    ):
        families = text_string_to_metric_families(await response.text())
    samples = [sample for family in families for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == name)

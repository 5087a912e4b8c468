"""Two replicas of each service, as behind a load balancer; supervisor restarts them.

The second replicas reach their stores and Kafka through proxies, see links.py.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from chassis.testing import eventually
from local_stack import addresses, control, health, stack, supervisor
from local_stack.addresses import APIS, CANARY, CONSOLE, HOST, SERVICES
from local_stack.layout import PORTS, Instance
from local_stack.programs import Context, Program
from local_stack.servers import servers
from local_stack.service_settings import environment
from local_stack.services import services
from tests.chaos.harness.balancer import Balancer, Replica
from tests.chaos.harness.links import Links

BESIDE = 100  # added to the ports of a second replica
DRAIN_DELAY = "1"  # seconds; a balancer that polls every 0.2 s has removed it by then
IDLE = {CANARY, CONSOLE, "prometheus"}  # stopped, to save CPU
HEALTHY_WITHIN = 120.0  # seconds, on a machine that is busy starting all of them


def second(name: str) -> str:
    """Return the name of a service's second replica."""
    return f"{name}-2"


@dataclass(frozen=True, slots=True)
class Replicas:
    """The stack's programs by name, including all replicas of the services."""

    instance: Instance
    links: Links
    programs: dict[str, Program]

    async def healthy(self, *names: str) -> None:
        """Return when these programs are healthy; all, if none is named."""
        wanted = [self.programs[name] for name in names or self.programs]
        await asyncio.gather(*map(_healthy, wanted))

    def admin(self, program: str) -> str:
        """Return the URL of a replica's admin port."""
        service = program.removesuffix("-2")
        beside = BESIDE if program != service else 0
        return f"http://{HOST}:{self.instance.port(service, 'admin') + beside}"

    def balancers(self) -> list[Balancer]:
        """Return the balancers of command-api, query-api and search-api."""
        return [Balancer([self._replica(api, 0), self._replica(api, BESIDE)]) for api in APIS]

    def _replica(self, api: str, beside: int) -> Replica:
        def at(purpose: str) -> str:
            return f"{HOST}:{self.instance.port(api, purpose) + beside}"

        return Replica(f"http://{at('http')}", at("grpc"), f"http://{at('admin')}")


@asynccontextmanager
async def running(instance: Instance) -> AsyncIterator[Replicas]:
    """Run two replicas of every service, and no idle program, while the block runs."""
    found = addresses.of(instance)
    context = Context(instance, found, stack.fetch(), supervisor.BIN)
    as_always = [*servers(context), *services(context)]
    links = Links(found, instance)
    wanted = [_of_these_tests(one, links) for one in as_always if one.name not in IDLE]
    wanted += [_second(context, name, links) for name in SERVICES]
    async with links.open():
        await _become(instance, wanted)
        try:
            yield Replicas(instance, links, {one.name: one for one in wanted})
        finally:
            await _become(instance, as_always)


async def _become(instance: Instance, programs: list[Program]) -> None:
    await asyncio.to_thread(supervisor.ensure, instance, programs)
    for program in programs:
        await asyncio.to_thread(control.start, instance.name, program.name)
    await asyncio.gather(*map(_healthy, programs))


async def _healthy(program: Program) -> None:
    async def poll() -> None:
        try:
            await asyncio.to_thread(program.healthy)
        except Exception as error:  # each server's client raises its own errors
            raise AssertionError(f"{program.name}: {error}") from error

    await eventually(poll, within=HEALTHY_WITHIN, every=0.3)


def _of_these_tests(program: Program, links: Links) -> Program:
    if program.name == "kafka":
        return links.broker(program)
    if program.name in SERVICES:
        delay = _variables(program.name, {"DRAIN_DELAY": DRAIN_DELAY})
        return replace(program, environment=program.environment | delay)
    return program


def _second(context: Context, name: str, links: Links) -> Program:
    ports = {
        f"{purpose.upper()}_PORT": str(context.instance.port(name, purpose) + BESIDE)
        for purpose in PORTS[name]
    }
    own = ports | links.settings(name) | {"DRAIN_DELAY": DRAIN_DELAY}
    return Program(
        name=second(name),
        command=[str(context.bin / name)],
        after=(),
        healthy=partial(health.get, f"http://{HOST}:{ports['ADMIN_PORT']}/readyz"),
        environment=environment(context, name) | _variables(name, own),
        stop_within=15,
    )


def _variables(service: str, settings: dict[str, str]) -> dict[str, str]:
    prefix = service.upper().replace("-", "_")
    return {f"{prefix}_{name}": value for name, value in settings.items()}

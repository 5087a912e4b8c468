"""Each service twice, as behind a load balancer; supervisor keeps the second ones alive, too."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from balancer import Balancer, Replica

from chassis.testing import eventually
from local_stack import addresses, control, health, stack, supervisor
from local_stack.addresses import APIS, CANARY, CONSOLE, HOST, SERVICES
from local_stack.layout import PORTS, Instance
from local_stack.programs import Program, Site
from local_stack.servers import servers
from local_stack.services import environment, services

BESIDE = 100  # added to the ports of a second replica
DRAIN_DELAY = "1"  # seconds; a balancer that looks every 0.2 s has looked away by then
IDLE = (CANARY, CONSOLE, "prometheus")  # they would only take the processor's time
HEALTHY_WITHIN = 120.0


def second(name: str) -> str:
    return f"{name}-2"


@asynccontextmanager
async def two_of_each(instance: Instance) -> AsyncIterator[None]:
    """While the block runs every service has two replicas, and nothing idle runs beside them."""
    site = Site(instance, addresses.of(instance), stack.fetch(), supervisor.BIN)
    as_always = [*servers(site), *services(site)]
    wanted = [*_slow_to_leave(as_always), *(_second(site, name) for name in SERVICES)]
    await asyncio.to_thread(supervisor.ensure, instance, wanted)
    try:
        await asyncio.to_thread(control.stop_all, instance, list(IDLE))
        await started(instance, [one for one in wanted if one.name not in IDLE])
        yield
    finally:
        await asyncio.to_thread(supervisor.ensure, instance, as_always)
        await started(instance, as_always)


async def started(instance: Instance, programs: Iterable[Program]) -> None:
    """Start what is down; return when everything is healthy."""
    for program in programs:
        await asyncio.to_thread(control.start, instance.name, program.name)
    await asyncio.gather(*(healthy(program) for program in programs))


async def healthy(program: Program) -> None:
    async def look() -> None:
        try:
            await asyncio.to_thread(program.healthy)
        except Exception as error:  # each server's client has errors of its own
            raise AssertionError(f"{program.name}: {error}") from error

    await eventually(look, within=HEALTHY_WITHIN, every=0.3)


def everything(instance: Instance) -> list[Program]:
    """What runs in these tests, in the order of its start."""
    site = Site(instance, addresses.of(instance), stack.fetch(), supervisor.BIN)
    own = [*servers(site), *services(site)]
    return [*(p for p in own if p.name not in IDLE), *(_second(site, n) for n in SERVICES)]


def balancer(service: str, instance: Instance) -> Balancer:
    """The two replicas of an API."""
    return Balancer(
        [_replica(service, service, instance, 0), _replica(second(service), service, instance, 100)]
    )


def _replica(program: str, service: str, instance: Instance, beside: int) -> Replica:
    def at(purpose: str) -> str:
        return f"{HOST}:{instance.port(service, purpose) + beside}"

    return Replica(program, f"http://{at('http')}", at("grpc"), f"http://{at('admin')}")


def balancers(instance: Instance) -> Sequence[Balancer]:
    return [balancer(api, instance) for api in APIS]


def _slow_to_leave(programs: Iterable[Program]) -> list[Program]:
    return [
        replace(one, environment=one.environment | _drain_delay(one.name))
        if one.name in SERVICES
        else one
        for one in programs
    ]


def _second(site: Site, name: str) -> Program:
    prefix = name.upper().replace("-", "_")
    ports = {
        f"{prefix}_{purpose.upper()}_PORT": str(site.instance.port(name, purpose) + BESIDE)
        for purpose in PORTS[name]
    }
    admin = site.instance.port(name, "admin") + BESIDE
    return Program(
        name=second(name),
        command=[str(site.bin / name)],
        after=(),
        healthy=partial(health.get, f"http://{HOST}:{admin}/readyz"),
        environment=environment(site, name) | ports | _drain_delay(name),
        stop_within=15,
    )


def _drain_delay(name: str) -> dict[str, str]:
    return {f"{name.upper().replace('-', '_')}_DRAIN_DELAY": DRAIN_DELAY}

"""The five services of each aggregate, the canary, the console and the ledger of erasures."""

from collections.abc import Sequence
from functools import partial

from local_stack import health
from local_stack.addresses import (
    APIS,
    CANARY,
    CONSOLE,
    ERASURE_LEDGER,
    HOST,
    SERVICES,
    SUPERVISOR,
)
from local_stack.aggregates import Aggregate
from local_stack.layout import AGGREGATES, erasures
from local_stack.programs import Context, Program
from local_stack.servers import connector, redis
from local_stack.service_settings import environment

AFTER = {
    "command-api": ("migrate",),
    "query-api": ("redis",),
    "search-api": ("opensearch",),
    "redis-projector": ("redis", "registry", "topics"),
    "search-projector": ("opensearch", "registry", "topics"),
}


def services(context: Context) -> list[Program]:
    return [
        *(api_or_projector(context, name, after) for name, after in AFTER.items()),
        canary(context),
        console(context),
        erasure_ledger(context),
        *(program for aggregate in AGGREGATES for program in services_of(context, aggregate)),
    ]


def services_of(context: Context, aggregate: Aggregate) -> list[Program]:
    """Return the services of an aggregate beside users; their dependencies are those of users."""
    own_jobs = {"migrate": f"{aggregate.name}-migrate"}
    return [
        *(
            api_or_projector(
                context, f"{aggregate.name}-{role}", [own_jobs.get(a, a) for a in after]
            )
            for role, after in AFTER.items()
        ),
        connector.supervisor(context, aggregate.supervisor, f"{aggregate.name}-"),
    ]


def api_or_projector(context: Context, name: str, after: Sequence[str]) -> Program:
    return Program(
        name=name,
        command=[str(context.bin / name)],
        after=tuple(redis.ready(context) if step == "redis" else step for step in after),
        healthy=partial(health.get, f"{context.addresses.admin[name]}/readyz"),
        environment=environment(context, name),
        stop_within=15,
    )


def canary(context: Context) -> Program:
    return caller(context, CANARY, (*APIS, SUPERVISOR), {})


def console(context: Context) -> Program:
    programs, admin = (*SERVICES, SUPERVISOR, CANARY), context.addresses.admin
    own = {
        "http_port": str(context.instance.port(CONSOLE)),
        "kafka_bootstrap": context.addresses.kafka_bootstrap,
        **{
            f"{name.removesuffix('-api').replace('-', '_')}_admin_url": admin[name]
            for name in programs
        },
    }
    return caller(context, CONSOLE, APIS, own)


def erasure_ledger(context: Context) -> Program:
    """Return the program that copies ids of erased users from the topic to a separate file."""
    ledger = erasures(context.instance)
    return Program(
        name=ERASURE_LEDGER,
        command=[str(context.bin / "platform-setup"), "erasures", "--follow"],
        after=("registry", "topics"),
        healthy=partial(health.exists, ledger),
        prepare=partial(ledger.parent.mkdir, mode=0o700, parents=True, exist_ok=True),
        environment={
            "SETUP_ERASURES_LEDGER": str(ledger),
            "SETUP_ERASURES_KAFKA_BOOTSTRAP": context.addresses.kafka_bootstrap,
            "SETUP_ERASURES_REGISTRY_URL": context.addresses.registry_url,
        },
    )


def caller(context: Context, name: str, after: tuple[str, ...], own: dict[str, str]) -> Program:
    """Return a program that is a client of the APIs; its settings hold their addresses."""
    urls = {f"{api.removesuffix('-api')}_url": context.addresses.http[api] for api in APIS}
    settings = {"host": HOST, "admin_port": str(context.instance.port(name, "admin"))} | urls | own
    return Program(
        name=name,
        command=[str(context.bin / name)],
        after=after,
        healthy=partial(health.get, f"{context.addresses.admin[name]}/readyz"),
        environment={f"{name.upper()}_{key.upper()}": value for key, value in settings.items()},
    )

"""The five services of each aggregate, the canary, the console, and the jobs before them."""

import os
from collections.abc import Sequence
from functools import partial

from local_stack import health
from local_stack.addresses import (
    APIS,
    CANARY,
    CONSOLE,
    ERASURE_LEDGER,
    HOST,
    MYSQL_USERS,
    SERVICES,
    SUPERVISOR,
)
from local_stack.aggregates import Aggregate
from local_stack.layout import AGGREGATES, PORTS, erasures
from local_stack.programs import Context, Job, Program
from local_stack.servers import connector, redis

USERS = "users"  # the database of the aggregate that everything here is named for
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
    """Those of an aggregate beside users; they wait for what those of users wait for."""
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
    asked, admin = (*SERVICES, SUPERVISOR, CANARY), context.addresses.admin
    own = {
        "http_port": str(context.instance.port(CONSOLE)),
        "kafka_bootstrap": context.addresses.kafka_bootstrap,
        **{
            f"{name.removesuffix('-api').replace('-', '_')}_admin_url": admin[name]
            for name in asked
        },
    }
    return caller(context, CONSOLE, APIS, own)


def erasure_ledger(context: Context) -> Program:
    """Copies the ids of erased users from the topic to a file that is of no server."""
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
    """A program that uses the system as its callers do: it is told where the APIs are."""
    urls = {f"{api.removesuffix('-api')}_url": context.addresses.http[api] for api in APIS}
    settings = {"host": HOST, "admin_port": str(context.instance.port(name, "admin"))} | urls | own
    return Program(
        name=name,
        command=[str(context.bin / name)],
        after=after,
        healthy=partial(health.get, f"{context.addresses.admin[name]}/readyz"),
        environment={f"{name.upper()}_{key.upper()}": value for key, value in settings.items()},
    )


def environment(context: Context, service: str) -> dict[str, str]:
    """The service's settings; the caller's own stand where the stack has none (LOG_LEVEL, …)."""
    prefix = service.upper().replace("-", "_")
    own = {f"{prefix}_{name}": value for name, value in settings(context, service).items()}
    callers = {name: os.environ[name] for name in os.environ if name.startswith(f"{prefix}_")}
    return callers | own


def settings(context: Context, service: str) -> dict[str, str]:
    """What the service must be told, without its prefix."""
    addresses = context.addresses
    opensearch = opensearch_settings(context)
    kafka = {
        "KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
        "REGISTRY_URL": addresses.registry_url,
    }
    owner = next((one for one in AGGREGATES if service in one.services), None)
    prefix, database = (f"{owner.name}_", owner.database) if owner else ("", USERS)
    stores = {
        "command-api": mysql_settings(context, f"{prefix}command_api", database),
        "query-api": redis_settings(context, f"{prefix}query_api"),
        "search-api": opensearch,
        "redis-projector": kafka | redis_settings(context, f"{prefix}redis_projector"),
        "search-projector": kafka | opensearch,
    }
    role = service.removeprefix(prefix.replace("_", "-"))
    ports = {
        f"{purpose.upper()}_PORT": str(context.instance.port(service, purpose))
        for purpose in PORTS[service]
    }
    traces = {"OTLP_ENDPOINT": os.environ.get("OTLP_ENDPOINT", "")}
    return {"HOST": HOST} | traces | ports | stores[role]


def mysql_settings(context: Context, user: str, database: str) -> dict[str, str]:
    return {
        "MYSQL_HOST": context.addresses.mysql_host,
        "MYSQL_PORT": str(context.addresses.mysql_port),
        "MYSQL_DATABASE": database,
        "MYSQL_USER": user,
        "MYSQL_PASSWORD": context.addresses.password(user),
    }


def redis_settings(context: Context, user: str) -> dict[str, str]:
    cluster = {"REDIS_CLUSTER": "true"} if context.addresses.is_redis_cluster else {}
    return cluster | {
        "REDIS_URL": context.addresses.redis_address,
        "REDIS_USER": user,
        "REDIS_PASSWORD": context.addresses.password(user),
    }


def opensearch_settings(context: Context) -> dict[str, str]:
    return {"OPENSEARCH_URL": ",".join(context.addresses.opensearch_nodes)}


def jobs(context: Context) -> list[Job]:
    """What makes fresh servers ready; each does nothing where all is as it should be."""
    addresses = context.addresses
    setup = str(context.bin / "platform-setup")
    return [
        *redis.jobs(context),
        Job(
            "mysql-users",
            [setup, "mysql-users"],
            ("mysql",),
            {
                "SETUP_MYSQL_HOST": addresses.mysql_host,
                "SETUP_MYSQL_PORT": str(addresses.mysql_port),
                **{
                    f"SETUP_MYSQL_{user.upper()}_PASSWORD": addresses.password(user)
                    for user in MYSQL_USERS
                },
            },
        ),
        migrate(context, "", USERS),
        *(migrate(context, f"{aggregate.name}-", aggregate.database) for aggregate in AGGREGATES),
        Job(
            "topics",
            [setup, "topics"],
            tuple(context.instance.nodes("kafka")),
            {
                "SETUP_KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
                "SETUP_KAFKA_REPLICATION_FACTOR": str(context.instance.form.brokers),
            },
        ),
        Job(
            "schema-rule",
            [setup, "schema-rule"],
            ("registry",),
            {"SETUP_REGISTRY_URL": addresses.registry_url},
        ),
    ]


def migrate(context: Context, prefix: str, database: str) -> Job:
    """prefix: what the names of the aggregate's programs begin with."""
    service = f"{prefix}command-api"
    variables = service.upper().replace("-", "_")
    migrator = mysql_settings(context, "migrator", database)
    return Job(
        f"{prefix}migrate",
        [str(context.bin / service), "migrate"],
        ("mysql-users",),
        {f"{variables}_{name}": value for name, value in migrator.items()},
    )

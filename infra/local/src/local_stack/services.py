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
from local_stack.programs import Job, Program, Site
from local_stack.servers import connector, redis

USERS = "users"  # the database of the aggregate that everything here is named for
AFTER = {
    "command-api": ("migrate",),
    "query-api": ("redis",),
    "search-api": ("opensearch",),
    "redis-projector": ("redis", "registry", "topics"),
    "search-projector": ("opensearch", "registry", "topics"),
}


def services(site: Site) -> list[Program]:
    return [
        *(api_or_projector(site, name, after) for name, after in AFTER.items()),
        canary(site),
        console(site),
        erasure_ledger(site),
        *(program for aggregate in AGGREGATES for program in services_of(site, aggregate)),
    ]


def services_of(site: Site, aggregate: Aggregate) -> list[Program]:
    """Those of an aggregate beside users; they wait for what those of users wait for."""
    own_jobs = {"migrate": f"{aggregate.name}-migrate"}
    return [
        *(
            api_or_projector(site, f"{aggregate.name}-{role}", [own_jobs.get(a, a) for a in after])
            for role, after in AFTER.items()
        ),
        connector.supervisor(site, aggregate.supervisor, f"{aggregate.name}-"),
    ]


def api_or_projector(site: Site, name: str, after: Sequence[str]) -> Program:
    return Program(
        name=name,
        command=[str(site.bin / name)],
        after=tuple(redis.ready(site) if step == "redis" else step for step in after),
        healthy=partial(health.get, f"{site.addresses.admin[name]}/readyz"),
        environment=environment(site, name),
        stop_within=15,
    )


def canary(site: Site) -> Program:
    return caller(site, CANARY, (*APIS, SUPERVISOR), {})


def console(site: Site) -> Program:
    asked = (*SERVICES, SUPERVISOR, CANARY)
    own = {
        "http_port": str(site.instance.port(CONSOLE)),
        "kafka_bootstrap": site.addresses.kafka_bootstrap,
        **{
            f"{name.removesuffix('-api').replace('-', '_')}_admin_url": site.addresses.admin[name]
            for name in asked
        },
    }
    return caller(site, CONSOLE, APIS, own)


def erasure_ledger(site: Site) -> Program:
    """Copies the ids of erased users from the topic to a file that is of no server."""
    ledger = erasures(site.instance)
    return Program(
        name=ERASURE_LEDGER,
        command=[str(site.bin / "platform-setup"), "erasures", "--follow"],
        after=("registry", "topics"),
        healthy=partial(health.exists, ledger),
        prepare=partial(ledger.parent.mkdir, mode=0o700, parents=True, exist_ok=True),
        environment={
            "SETUP_ERASURES_LEDGER": str(ledger),
            "SETUP_ERASURES_KAFKA_BOOTSTRAP": site.addresses.kafka_bootstrap,
            "SETUP_ERASURES_REGISTRY_URL": site.addresses.registry_url,
        },
    )


def caller(site: Site, name: str, after: tuple[str, ...], own: dict[str, str]) -> Program:
    """A program that uses the system as its callers do: it is told where the APIs are."""
    urls = {f"{api.removesuffix('-api')}_url": site.addresses.http[api] for api in APIS}
    settings = {"host": HOST, "admin_port": str(site.instance.port(name, "admin"))} | urls | own
    return Program(
        name=name,
        command=[str(site.bin / name)],
        after=after,
        healthy=partial(health.get, f"{site.addresses.admin[name]}/readyz"),
        environment={f"{name.upper()}_{key.upper()}": value for key, value in settings.items()},
    )


def environment(site: Site, service: str) -> dict[str, str]:
    """The service's settings; the caller's own stand where the stack has none (LOG_LEVEL, …)."""
    prefix = service.upper().replace("-", "_")
    own = {f"{prefix}_{name}": value for name, value in settings(site, service).items()}
    callers = {name: os.environ[name] for name in os.environ if name.startswith(f"{prefix}_")}
    return callers | own


def settings(site: Site, service: str) -> dict[str, str]:
    """What the service must be told, without its prefix."""
    addresses = site.addresses
    opensearch = opensearch_settings(site)
    kafka = {
        "KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
        "REGISTRY_URL": addresses.registry_url,
    }
    owner = next((one for one in AGGREGATES if service in one.services), None)
    prefix, database = (f"{owner.name}_", owner.database) if owner else ("", USERS)
    stores = {
        "command-api": mysql_settings(site, f"{prefix}command_api", database),
        "query-api": redis_settings(site, f"{prefix}query_api"),
        "search-api": opensearch,
        "redis-projector": kafka | redis_settings(site, f"{prefix}redis_projector"),
        "search-projector": kafka | opensearch,
    }
    role = service.removeprefix(prefix.replace("_", "-"))
    ports = {
        f"{purpose.upper()}_PORT": str(site.instance.port(service, purpose))
        for purpose in PORTS[service]
    }
    traces = {"OTLP_ENDPOINT": os.environ.get("OTLP_ENDPOINT", "")}
    return {"HOST": HOST} | traces | ports | stores[role]


def mysql_settings(site: Site, user: str, database: str) -> dict[str, str]:
    return {
        "MYSQL_HOST": site.addresses.mysql_host,
        "MYSQL_PORT": str(site.addresses.mysql_port),
        "MYSQL_DATABASE": database,
        "MYSQL_USER": user,
        "MYSQL_PASSWORD": site.addresses.password(user),
    }


def redis_settings(site: Site, user: str) -> dict[str, str]:
    cluster = {"REDIS_CLUSTER": "true"} if site.addresses.is_redis_cluster else {}
    return cluster | {
        "REDIS_URL": site.addresses.redis_address,
        "REDIS_USER": user,
        "REDIS_PASSWORD": site.addresses.password(user),
    }


def opensearch_settings(site: Site) -> dict[str, str]:
    return {"OPENSEARCH_URL": ",".join(site.addresses.opensearch_nodes)}


def jobs(site: Site) -> list[Job]:
    """What makes fresh servers ready; each does nothing where all is as it should be."""
    addresses = site.addresses
    setup = str(site.bin / "platform-setup")
    return [
        *redis.jobs(site),
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
        migrate(site, "", USERS),
        *(migrate(site, f"{aggregate.name}-", aggregate.database) for aggregate in AGGREGATES),
        Job(
            "topics",
            [setup, "topics"],
            tuple(site.instance.nodes("kafka")),
            {
                "SETUP_KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
                "SETUP_KAFKA_REPLICATION_FACTOR": str(site.instance.form.brokers),
            },
        ),
        Job(
            "schema-rule",
            [setup, "schema-rule"],
            ("registry",),
            {"SETUP_REGISTRY_URL": addresses.registry_url},
        ),
    ]


def migrate(site: Site, prefix: str, database: str) -> Job:
    """prefix: what the names of the aggregate's programs begin with."""
    service = f"{prefix}command-api"
    variables = service.upper().replace("-", "_")
    migrator = mysql_settings(site, "migrator", database)
    return Job(
        f"{prefix}migrate",
        [str(site.bin / service), "migrate"],
        ("mysql-users",),
        {f"{variables}_{name}": value for name, value in migrator.items()},
    )

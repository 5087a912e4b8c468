"""The five services, the canary, the console, and the jobs before them."""

import os
from functools import partial

from local_stack import health
from local_stack.addresses import (
    APIS,
    CANARY,
    CONSOLE,
    HOST,
    MYSQL_USERS,
    SERVICES,
    SUPERVISOR,
)
from local_stack.layout import PORTS
from local_stack.programs import Job, Program, Site
from local_stack.servers import redis

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
    ]


def api_or_projector(site: Site, name: str, after: tuple[str, ...]) -> Program:
    return Program(
        name=name,
        command=[str(site.bin / name)],
        after=tuple(redis.ready(site) if step == "redis" else step for step in after),
        healthy=partial(health.get, f"{site.addresses.admin[name]}/readyz"),
        environment=environment(site, name),
        start_within=60,
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


def caller(site: Site, name: str, after: tuple[str, ...], own: dict[str, str]) -> Program:
    """A program that uses the system as its callers do: it is told where the APIs are."""
    urls = {f"{api.removesuffix('-api')}_url": url for api, url in site.addresses.http.items()}
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
    opensearch = {"OPENSEARCH_URL": ",".join(addresses.opensearch_nodes)}
    kafka = {
        "KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
        "REGISTRY_URL": addresses.registry_url,
    }
    truth = mysql_settings(site, "auditor")
    stores = {
        "command-api": mysql_settings(site, "command_api"),
        "query-api": redis_settings(site, "query_api"),
        "search-api": opensearch,
        "redis-projector": kafka | redis_settings(site, "redis_projector") | truth,
        "search-projector": kafka | opensearch | truth,
    }
    ports = {
        f"{purpose.upper()}_PORT": str(site.instance.port(service, purpose))
        for purpose in PORTS[service]
    }
    traces = {"OTLP_ENDPOINT": os.environ.get("OTLP_ENDPOINT", "")}
    return {"HOST": HOST} | traces | ports | stores[service]


def mysql_settings(site: Site, user: str) -> dict[str, str]:
    return {
        "MYSQL_HOST": site.addresses.mysql_host,
        "MYSQL_PORT": str(site.addresses.mysql_port),
        "MYSQL_DATABASE": site.addresses.mysql_database,
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


def jobs(site: Site) -> list[Job]:
    """What makes fresh servers ready; each does nothing where all is as it should be."""
    addresses = site.addresses
    setup = str(site.bin / "platform-setup")
    migrator = mysql_settings(site, "migrator")
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
        Job(
            "migrate",
            [str(site.bin / "command-api"), "migrate"],
            ("mysql-users",),
            {f"COMMAND_API_{name}": value for name, value in migrator.items()},
        ),
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

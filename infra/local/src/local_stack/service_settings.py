"""The environment of the five services of each aggregate."""

import os

from local_stack.addresses import APIS, HOST
from local_stack.layout import AGGREGATES, PORTS
from local_stack.programs import Context

USERS = "users"  # database of the aggregate that the programs are named for


def environment(context: Context, service: str) -> dict[str, str]:
    """Return the service's settings; the caller's variables fill gaps (LOG_LEVEL, …)."""
    prefix = service.upper().replace("-", "_")
    own = {f"{prefix}_{name}": value for name, value in settings(context, service).items()}
    callers = {name: os.environ[name] for name in os.environ if name.startswith(f"{prefix}_")}
    return callers | own


def settings(context: Context, service: str) -> dict[str, str]:
    """Return the service's settings, without its prefix."""
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
    processes = {"PROCESSES": _processes(role)} if role in APIS else {}
    return {"HOST": HOST} | traces | processes | ports | stores[role]


def _processes(api: str) -> str:
    """Return how many; 0, one for each core, is 1 for command-api: its creates share commits."""
    wanted = os.environ.get("PROCESSES", "1")
    return "1" if (api, wanted) == ("command-api", "0") else wanted


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

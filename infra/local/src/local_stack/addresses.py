"""Every address of an instance, for tests, editors and users."""

import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from local_stack import StackError
from local_stack.layout import AGGREGATES, ONE_OF_EACH, Instance, Topology

HOST = "127.0.0.1"
APIS = ("command-api", "query-api", "search-api")
SERVICES = (*APIS, "redis-projector", "search-projector")
SUPERVISOR = "connector-supervisor"
CANARY = "canary"
CONSOLE = "console"
ERASURE_LEDGER = "erasure-ledger"
MYSQL_USERS = (
    *("root", "migrator", "debezium", "command_api", "auditor"),
    *(user for aggregate in AGGREGATES for user in aggregate.mysql_users),
)
REDIS_USERS = (
    *("redis_operator", "redis_projector", "query_api"),
    *(user for aggregate in AGGREGATES for user in aggregate.redis_users),
)
# The aggregates beside users.
MORE_APIS = tuple(api for aggregate in AGGREGATES for api in aggregate.apis)
MORE_SERVICES = tuple(service for aggregate in AGGREGATES for service in aggregate.services)
MORE_SUPERVISORS = tuple(aggregate.supervisor for aggregate in AGGREGATES)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of an instance; the keys of http, grpc and admin are the services' names.

    redis_url logs in as the operator, for tests and users. Where a server has several nodes, it
    and opensearch_url are those of the first node.
    """

    instance: str
    port_offset: int
    home: str
    secrets: str
    mysql_host: str
    mysql_port: int
    mysql_database: str
    redis_url: str
    opensearch_url: str
    kafka_bootstrap: str
    registry_url: str
    registry_own_url: str
    registry_health_url: str
    connect_url: str
    prometheus_url: str
    console_url: str
    http: dict[str, str]
    grpc: dict[str, str]
    admin: dict[str, str]
    form: Topology = ONE_OF_EACH
    redis_nodes: tuple[str, ...] = ()
    opensearch_nodes: tuple[str, ...] = ()

    def password(self, user: str) -> str:
        """Return the password of one of MYSQL_USERS or REDIS_USERS."""
        return (Path(self.secrets) / user).read_text().strip()

    def environment(self, service: str) -> dict[str, str]:
        """Return the settings with which the instance starts a service (env/<service>.env)."""
        lines = (Path(self.home) / "env" / f"{service}.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def redis_address(self) -> str:
        """Return redis_url without credentials; of a cluster all nodes, separated by commas."""
        return ",".join(self.redis_nodes)

    @property
    def is_redis_cluster(self) -> bool:
        return len(self.redis_nodes) > 1


def of(instance: Instance) -> Addresses:
    """Return the addresses that follow from an instance's name and offset."""
    operator = f"redis_operator:{secret(instance, 'redis_operator')}"
    registry = f"http://{HOST}:{instance.port('registry')}"
    return Addresses(
        instance=instance.name,
        port_offset=instance.port_offset,
        home=str(instance.home),
        secrets=str(instance.home / "secrets"),
        mysql_host=HOST,
        mysql_port=instance.port("mysql", "sql"),
        mysql_database="users",
        redis_url=f"redis://{operator}@{HOST}:{instance.port('redis', 'redis')}/0",
        opensearch_url=f"http://{HOST}:{instance.port('opensearch')}",
        kafka_bootstrap=",".join(
            f"{HOST}:{instance.port(node, 'broker')}" for node in instance.nodes("kafka")
        ),
        registry_url=f"{registry}/apis/ccompat/v7",
        registry_own_url=f"{registry}/apis/registry/v2",
        registry_health_url=f"http://{HOST}:{instance.port('registry', 'management')}/health/ready",
        connect_url=f"http://{HOST}:{instance.port('connect')}",
        prometheus_url=f"http://{HOST}:{instance.port('prometheus')}",
        console_url=f"http://{HOST}:{instance.port(CONSOLE)}",
        http={name: f"http://{HOST}:{instance.port(name)}" for name in (*APIS, *MORE_APIS)},
        grpc={name: f"{HOST}:{instance.port(name, 'grpc')}" for name in (*APIS, *MORE_APIS)},
        admin={
            name: f"http://{HOST}:{instance.port(name, 'admin')}"
            for name in (
                *(*SERVICES, SUPERVISOR, CANARY, CONSOLE),
                *(*MORE_SERVICES, *MORE_SUPERVISORS),
            )
        },
        form=instance.form,
        redis_nodes=tuple(
            f"redis://{HOST}:{instance.port(node, 'redis')}" for node in instance.nodes("redis")
        ),
        opensearch_nodes=tuple(
            f"http://{HOST}:{instance.port(node)}" for node in instance.nodes("opensearch")
        ),
    )


def save(instance: Instance) -> Addresses:
    """Write the instance's addresses, and a password for each user that has none yet."""
    for user in (*MYSQL_USERS, *REDIS_USERS):
        secret(instance, user)
    addresses = of(instance)
    instance.addresses_file.touch()
    instance.addresses_file.chmod(0o600)  # redis_url contains the operator's password
    instance.addresses_file.write_text(json.dumps(asdict(addresses), indent=2) + "\n")
    return addresses


def secret(instance: Instance, user: str) -> str:
    """Return the user's password; create it if there is none yet."""
    file = instance.folder("secrets") / user
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24))
    return file.read_text().strip()


def load(instance: str = "dev") -> Addresses:
    """Return the addresses of an instance; raise StackError if it was never started."""
    file = Instance(instance).addresses_file
    try:
        saved = json.loads(file.read_text())
    except FileNotFoundError:
        raise StackError(
            f"there is no instance {instance!r}: "
            f"start it with `local-stack up --instance {instance}`"
        ) from None
    # Everything else follows from these, also in an older file.
    return of(Instance(instance, saved["port_offset"], Topology(**saved.get("form", {}))))


def recorded(name: str, port_offset: int | None, form: dict[str, int]) -> Instance:
    """Return the instance as requested; the rest as last started, or one node each at offset 0.

    Raises StackError if the number of nodes differs: the servers' data is laid out for it.
    """
    try:
        saved = load(name)
    except StackError:
        return Instance(name, port_offset or 0, Topology(**form))
    if (wanted := replace(saved.form, **form)) != saved.form:
        raise StackError(
            f"instance {name!r} has {saved.form}, but {wanted} was requested: "
            f"run `local-stack clean --instance {name}` first, which removes its data"
        )
    return Instance(name, saved.port_offset if port_offset is None else port_offset, saved.form)

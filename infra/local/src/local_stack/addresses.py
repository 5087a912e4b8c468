"""Every address of an instance, as written for tests, editors and people."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local_stack import StackError
from local_stack.layout import Instance

HOST = "127.0.0.1"
APIS = ("command-api", "query-api", "search-api")
SERVICES = (*APIS, "redis-projector", "search-projector")
SUPERVISOR = "connector-supervisor"
CANARY = "canary"
CONSOLE = "console"
MYSQL_USERS = ("root", "migrator", "debezium", "command_api", "auditor")
REDIS_USERS = ("redis_operator", "redis_projector", "query_api")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where an instance listens; the keys of http, grpc and admin are the services' names.

    redis_url logs in as the operator, for tests and people.
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

    def password(self, user: str) -> str:
        """The password of one of MYSQL_USERS or REDIS_USERS."""
        return (Path(self.secrets) / user).read_text().strip()

    def environment(self, service: str) -> dict[str, str]:
        """The settings that the instance starts a service with (env/<service>.env)."""
        lines = (Path(self.home) / "env" / f"{service}.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def redis_address(self) -> str:
        """redis_url without who logs in."""
        url = urlsplit(self.redis_url)
        return f"redis://{url.hostname}:{url.port}{url.path}"


def of(instance: Instance) -> Addresses:
    """The addresses that follow from an instance's name and offset."""
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
        kafka_bootstrap=f"{HOST}:{instance.port('kafka', 'broker')}",
        registry_url=f"{registry}/apis/ccompat/v7",
        registry_own_url=f"{registry}/apis/registry/v2",
        registry_health_url=f"http://{HOST}:{instance.port('registry', 'management')}/health/ready",
        connect_url=f"http://{HOST}:{instance.port('connect')}",
        prometheus_url=f"http://{HOST}:{instance.port('prometheus')}",
        console_url=f"http://{HOST}:{instance.port(CONSOLE)}",
        http={name: f"http://{HOST}:{instance.port(name)}" for name in APIS},
        grpc={name: f"{HOST}:{instance.port(name, 'grpc')}" for name in APIS},
        admin={
            name: f"http://{HOST}:{instance.port(name, 'admin')}"
            for name in (*SERVICES, SUPERVISOR, CANARY, CONSOLE)
        },
    )


def save(instance: Instance) -> Addresses:
    """Write the instance's addresses, and a password for each user that has none yet."""
    for user in (*MYSQL_USERS, *REDIS_USERS):
        secret(instance, user)
    addresses = of(instance)
    instance.addresses_file.touch()
    instance.addresses_file.chmod(0o600)  # redis_url has the operator's password
    instance.addresses_file.write_text(json.dumps(asdict(addresses), indent=2) + "\n")
    return addresses


def secret(instance: Instance, user: str) -> str:
    """The user's password, made if there is none yet."""
    file = instance.folder("secrets") / user
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24))
    return file.read_text().strip()


def load(instance: str = "dev") -> Addresses:
    """The addresses of an instance that was started; raise StackError if it never was."""
    file = Instance(instance).addresses_file
    try:
        port_offset = json.loads(file.read_text())["port_offset"]
    except FileNotFoundError:
        raise StackError(
            f"there is no instance {instance!r}: "
            f"start it with `local-stack up --instance {instance}`"
        ) from None
    return of(Instance(instance, port_offset))  # all else follows, also for an older file


def recorded(name: str, port_offset: int | None) -> Instance:
    """The instance with the offset given, or else the one it was started with, or else none."""
    if port_offset is None:
        try:
            port_offset = load(name).port_offset
        except StackError:
            port_offset = 0
    return Instance(name, port_offset)

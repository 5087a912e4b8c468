"""Database migrations: a one-shot job, never part of a service's startup.

MySQL commits DDL implicitly, so each migration is one statement.
"""

import os
from importlib.resources import as_file, files
from urllib.parse import quote, urlencode

import pymysql
import stamina
from yoyo import get_backend, read_migrations

from chassis.stores.mysql import tls
from eventstore.mysql.settings import EventStoreSettings

WAIT = 60.0  # seconds for MySQL to respond, and to accept this user
PAUSE = 2.0  # seconds between two attempts: the longest delay after it does


def migrate(settings: EventStoreSettings, package: str, wait: float = WAIT) -> list[str]:
    """Apply the package's pending `migrations`; return the names of those applied.

    Safe to run twice and concurrently (yoyo's lock). Raises pymysql.OperationalError when MySQL
    does not respond within `wait` seconds, or rejects this user.
    """
    attempts = stamina.retry_context(
        on=pymysql.OperationalError, timeout=wait, attempts=None, wait_max=PAUSE
    )
    for attempt in attempts:
        with attempt:
            _connect(settings)
    os.environ["LOGNAME"] = settings.mysql_user  # for yoyo's log; a container's user has no name
    password = quote(settings.mysql_password.get_secret_value(), safe="")
    address = f"{settings.mysql_host}:{settings.mysql_port}/{settings.mysql_database}"
    backend = get_backend(f"mysql://{settings.mysql_user}:{password}@{address}?{_tls(settings)}")
    with as_file(files(package) / "migrations") as folder, backend.lock():
        missing = backend.to_apply(read_migrations(str(folder)))
        backend.apply_migrations(missing)
    return [migration.id for migration in missing]


def _connect(settings: EventStoreSettings) -> None:
    pymysql.connect(
        host=settings.mysql_host,
        port=settings.mysql_port,
        user=settings.mysql_user,
        password=settings.mysql_password.get_secret_value(),
        database=settings.mysql_database,
        connect_timeout=3,
        ssl=tls(settings.mysql_ca_file),
    ).close()


def _tls(settings: EventStoreSettings) -> str:
    """Return the TLS options for yoyo, whose own (`ssl`, `sslca`) pymysql does not accept."""
    if settings.mysql_ca_file is None:
        return ""
    return urlencode({"ssl_ca": settings.mysql_ca_file, "ssl_verify_identity": "true"})

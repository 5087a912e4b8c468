"""Health checks; each makes one request in the server's own protocol and raises on failure."""

from functools import cache
from pathlib import Path

import httpx2
import pymysql
import redis
from confluent_kafka.admin import AdminClient

from local_stack import StackError
from local_stack.addresses import HOST, Addresses

ANSWER_WITHIN = 5.0


def mysql(addresses: Addresses) -> None:
    """Log in as root with this instance's password."""
    with pymysql.connect(
        host=addresses.mysql_host,
        port=addresses.mysql_port,
        user="root",
        password=addresses.password("root"),
        connect_timeout=int(ANSWER_WITHIN),
    ) as connection:
        connection.ping(reconnect=False)


def kafka(address: str) -> None:
    """Request the cluster's metadata from the broker."""
    # Silent: librdkafka would print every refused connection while the broker starts.
    quiet: dict[str, str | int | float | bool] = {
        "bootstrap.servers": address,
        "log_level": 0,
    }
    AdminClient(quiet).list_topics(timeout=ANSWER_WITHIN)


def redis_server(addresses: Addresses, port: int) -> None:
    """PING; also fails while Redis loads its dataset."""
    with redis.Redis(
        HOST,
        port,
        username="redis_operator",
        password=addresses.password("redis_operator"),
        socket_timeout=ANSWER_WITHIN,
        socket_connect_timeout=ANSWER_WITHIN,
    ) as client:
        client.ping()


@cache
def http() -> httpx2.Client:
    """Return the client of all checks, with a connection for each.

    Creating one loads the certificate authorities: 30 ms of CPU, for some hundred checks a start.
    """
    limits = httpx2.Limits(max_keepalive_connections=0)
    return httpx2.Client(timeout=ANSWER_WITHIN, trust_env=False, limits=limits)


def get(url: str) -> None:
    """Request a URL; raise StackError with the response unless the status is 2xx."""
    answer = http().get(url)
    if not answer.is_success:
        raise StackError(f"{url} returned {answer.status_code}: {answer.text[:200]}")


def exists(file: Path) -> None:
    """Raise OSError unless the program has created its file."""
    file.stat()

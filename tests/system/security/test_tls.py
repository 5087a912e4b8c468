"""Redis and OpenSearch over TLS and with passwords: a test's own Redis, and a stand-in.

The OpenSearch distribution used here has no security plugin, so a server that requires TLS and
HTTP basic authentication replaces it.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web
from opensearchpy.exceptions import AuthenticationException, TransportError
from pydantic import SecretStr
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import AuthenticationError, RedisClusterException, RedisError

from chassis.stores import opensearch_client
from chassis.stores import redis as redis_connections
from chassis.stores.opensearch_client import OpenSearchSettings
from chassis.stores.redis import RedisSettings
from chassis.testing import eventually
from local_stack import stack as local_stack
from tests.support.stores import redis_nodes

HOST = "127.0.0.1"
# A host name for TLS that resolves to 127.0.0.1; redis-py converts "localhost" to an address.
NAME = "127.1"


@dataclass(frozen=True)
class Authority:
    """The CA of the server's certificate, and a foreign CA."""

    ca: Path
    certificate: Path
    key: Path
    stranger: Path


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(*(tmp_path / name for name in ("ca.pem", "server.pem", "key.pem", "no.pem")))
    ca = trustme.CA()
    issued = ca.issue_cert(HOST)
    ca.cert_pem.write_to_path(made.ca)
    issued.cert_chain_pems[0].write_to_path(made.certificate)
    issued.private_key_pem.write_to_path(made.key)
    trustme.CA().cert_pem.write_to_path(made.stranger)
    return made


@pytest.fixture
async def redis(
    authority: Authority, unused_ports: list[int], tmp_path: Path
) -> AsyncIterator[RedisSettings]:
    """Run a Redis that listens for TLS only, and has one user."""
    port = unused_ports[0]
    users = tmp_path / "users.acl"
    users.write_text("user default off\nuser ann on >secret ~* &* +@all\n")
    server = await asyncio.create_subprocess_exec(
        *local_stack.fetch().unpacked("usr/bin/redis-server"),
        *("--bind", HOST, "--port", "0", "--tls-port", str(port), "--save", ""),
        *("--tls-cert-file", str(authority.certificate), "--tls-key-file", str(authority.key)),
        *("--tls-auth-clients", "no", "--aclfile", str(users), "--dir", str(tmp_path)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    settings = RedisSettings(
        redis_url=f"rediss://{HOST}:{port}/0",
        redis_cluster=False,
        redis_user="ann",
        redis_password=SecretStr("secret"),
        redis_ca_file=authority.ca,
    )

    async def listens() -> None:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError as error:
            raise AssertionError from error
        writer.close()

    try:
        await eventually(listens, within=30)
        yield settings
    finally:
        server.terminate()
        await server.wait()


async def ping(settings: RedisSettings, **changed: Any) -> None:
    connected = redis_connections.client(settings.model_copy(update=changed), 1, 5, 5)
    async with aclosing(connected) as redis:
        await redis.ping()


@pytest.mark.integration
async def test_redis_accepts_trusted_ca_user_and_password(redis: RedisSettings) -> None:
    await ping(redis)


@pytest.mark.integration
async def test_redis_rejects_other_ca_user_or_password(
    redis: RedisSettings, authority: Authority
) -> None:
    with pytest.raises(AuthenticationError):
        await ping(redis, redis_password=SecretStr("guess"))
    with pytest.raises(AuthenticationError):
        await ping(redis, redis_user="bob")
    for changed in (
        {"redis_ca_file": authority.stranger},
        {"redis_ca_file": None},
        {"redis_url": redis.redis_url.replace("rediss", "redis"), "redis_ca_file": None},
    ):
        with pytest.raises((RedisError, OSError)):
            await ping(redis, **changed)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisSettings]:
    """Run a Redis Cluster whose certificate covers a host name, and no address."""
    ca = trustme.CA()
    issued = ca.issue_cert(NAME)
    files = [tmp_path / name for name in ("ca.pem", "server.pem", "key.pem")]
    blobs = (ca.cert_pem, issued.cert_chain_pems[0], issued.private_key_pem)
    for blob, file in zip(blobs, files, strict=True):
        blob.write_to_path(file)
    certificate = redis_nodes.Certificate(NAME, *files)
    with redis_nodes.running(tmp_path, certificate) as urls:
        settings = {"redis_url": urls, "redis_cluster": True, "redis_ca_file": files[0]}
        yield RedisSettings.model_validate(settings)


def connected(settings: RedisSettings) -> RedisCluster:
    redis = redis_connections.client(settings, 2, timeout=5, reply_timeout=5)
    assert isinstance(redis, RedisCluster)
    return redis


@pytest.mark.integration
async def test_each_cluster_node_is_reached_by_its_announced_host_name(
    cluster: RedisSettings,
) -> None:
    keys = [f"key-{number}" for number in range(100)]
    async with aclosing(connected(cluster)) as redis:
        for key in keys:
            await redis.set(key, "before")
        assert {node.host for node in redis.get_nodes()} == {NAME}
        await failed_over(redis)
        # A former master redirects to the node that took its place, by name.
        assert [await redis.getset(key, "after") for key in keys] == [b"before"] * len(keys)


async def knows_all(redis: RedisCluster) -> None:
    """Return when the client knows every node: a cluster announces replicas late."""

    async def is_reported() -> None:
        await redis.nodes_manager.initialize()
        assert len(redis.get_nodes()) == redis_nodes.SIZE

    await eventually(is_reported, within=10)


async def failed_over(redis: RedisCluster) -> None:
    """Fail over to a replica, which the client does not know yet."""

    async def is_master() -> None:
        assert (await redis.execute_command("ROLE", target_nodes=replica))[0] == b"master"

    await knows_all(redis)
    replica = redis.get_replicas()[0]
    await redis.execute_command("CLUSTER FAILOVER", target_nodes=replica)
    await eventually(is_master, within=10)


async def read_of_each_node(redis: RedisCluster) -> None:
    """One of them is reached by the configured name, whatever it announces."""
    for number in range(100):
        await redis.get(f"key-{number}")


@pytest.mark.integration
async def test_node_that_announces_an_address_is_rejected(cluster: RedisSettings) -> None:
    async with aclosing(connected(cluster)) as redis:
        await knows_all(redis)
        await redis.config_set(
            "cluster-preferred-endpoint-type", "ip", target_nodes=redis.ALL_NODES
        )
    async with aclosing(connected(cluster)) as redis:
        with pytest.raises(
            (RedisError, RedisClusterException), match=r"not valid for '127\.0\.0\.1'"
        ):
            await read_of_each_node(redis)


@pytest.fixture
async def opensearch(
    authority: Authority, unused_ports: list[int]
) -> AsyncIterator[OpenSearchSettings]:
    """Run a stand-in for an OpenSearch with the security plugin."""

    async def handle(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != aiohttp.encode_basic_auth("ann", "secret"):
            return web.json_response({"error": "unauthorized"}, status=401)
        return web.json_response({"version": {"number": "3.6.0", "distribution": "opensearch"}})

    app = web.Application()
    app.router.add_get("/", handle)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.certificate, authority.key)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HOST, unused_ports[0], ssl_context=context).start()
    yield OpenSearchSettings(
        opensearch_url=f"https://{HOST}:{unused_ports[0]}",
        opensearch_user="ann",
        opensearch_password=SecretStr("secret"),
        opensearch_ca_file=authority.ca,
    )
    await runner.cleanup()


async def info(settings: OpenSearchSettings, **changed: Any) -> None:
    async with opensearch_client.connected(settings.model_copy(update=changed), 5) as client:
        await client.info()


async def test_opensearch_accepts_trusted_ca_user_and_password(
    opensearch: OpenSearchSettings,
) -> None:
    await info(opensearch)


async def test_opensearch_rejects_other_ca_user_or_password(
    opensearch: OpenSearchSettings, authority: Authority
) -> None:
    for wrong in ({"opensearch_password": SecretStr("guess")}, {"opensearch_user": None}):
        with pytest.raises(AuthenticationException):
            await info(opensearch, **wrong)
    for ca in (authority.stranger, None):
        with pytest.raises(TransportError, match="certificate"):
            await info(opensearch, opensearch_ca_file=ca)

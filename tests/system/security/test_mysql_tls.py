"""MySQL over TLS: each of our programs that connects to it, and the servers it rejects."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import aiohttp
import pymysql
import pytest
from pydantic import SecretStr

from chassis.problems import Unavailable
from chassis.stores.errors.failure import StoreError
from eventstore.mysql.migrations import migrate
from platform_setup import SetupError
from projections.verification.event_table import EventTable
from projections.verification.mysql_source import EventSourceSettings, opened
from tests.support.stores import mysql_over_tls
from tests.support.stores.mysql_over_tls import PASSWORD, Server
from user_contracts import avro_schema

TABLE = EventTable("user", avro_schema)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:'(db|passwd)' is deprecated"),  # yoyo's words to pymysql
]
Started = Callable[[str, Mapping[str, str], int], AbstractAsyncContextManager[int]]


@pytest.fixture(scope="module")
async def mysql(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with mysql_over_tls.served(tmp_path_factory.mktemp("mysql")) as server:
        yield server


@pytest.fixture(params=["a stranger's authority", "another name than the certificate's"])
def unproven(request: pytest.FixtureRequest, mysql: Server) -> Server:
    """Return connection parameters for which the server's certificate is invalid."""
    if request.param == "a stranger's authority":
        return replace(mysql, ca=mysql.stranger)
    return replace(mysql, host="127.0.0.1")


async def created(started: Started, server: Server, ports: list[int]) -> int:
    """Return the status of a create by a separate command-api on that MySQL."""
    http, grpc, admin, _ = ports
    configured = {
        "HTTP_PORT": http, "GRPC_PORT": grpc, "ADMIN_PORT": admin, "MYSQL_HOST": server.host,
        "MYSQL_PORT": server.port, "MYSQL_CA_FILE": server.ca, "MYSQL_PASSWORD": PASSWORD,
    }  # fmt: skip
    environment = {f"COMMAND_API_{name}": str(value) for name, value in configured.items()}
    body = {"first_name": "Ada", "last_name": "Lovelace"}
    async with (
        started("command-api", environment, admin),
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{http}/user", json=body) as response,
    ):
        return response.status


async def newest(server: Server) -> list[str]:
    """Return the names that view-verifier reads there."""
    settings = EventSourceSettings(
        mysql_host=server.host,
        mysql_port=server.port,
        mysql_ca_file=server.ca,
        mysql_database="users",
        mysql_user="auditor",
        mysql_password=SecretStr(PASSWORD),
    )
    async with opened(settings, TABLE) as event_source:
        return [row["last_name"] for _, _, row in await event_source.page("", 10)]


async def test_events_are_written_and_verified_over_tls(
    started: Started, mysql: Server, unused_ports: list[int]
) -> None:
    assert await created(started, mysql, unused_ports) == 201
    assert await newest(mysql) == ["Lovelace"]


async def test_every_program_rejects_an_untrusted_certificate(
    unproven: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        await newest(unproven)
    with pytest.raises(SetupError, match="CERTIFICATE_VERIFY_FAILED"):
        unproven.make_users()
    # This waits a minute for MySQL, with the same client; here only its connection is tested.
    monkeypatch.setattr("eventstore.mysql.migrations._connect", lambda _settings: None)
    with pytest.raises(pymysql.OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        migrate(unproven.settings("migrator"), "command_api")


async def test_unencrypted_connection_is_rejected(mysql: Server) -> None:
    with pytest.raises(StoreError, match="insecure transport"):
        await newest(replace(mysql, ca=None))
    with mysql_over_tls.speaking_no_tls(mysql):
        await newest(replace(mysql, ca=None))
        with pytest.raises(Unavailable):
            await newest(mysql)
        with pytest.raises(SetupError, match="SSL"):
            mysql.make_users()

"""A test's own MySQL that requires TLS; the usual jobs set it up."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12Certificate,
    serialize_java_truststore,
)
from cryptography.x509 import load_pem_x509_certificate

from chassis.stores.mysql import tls
from chassis.testing import eventually
from command_api.settings import Settings
from eventstore.mysql.migrations import migrate
from local_stack import stack as local_stack
from local_stack.servers.mysql import mysqld
from platform_setup import mysql_users
from tests.support.stack.background import process
from tests.support.stack.free_ports import unused

HOST = "localhost"  # the certificate's name; it does not cover 127.0.0.1
PASSWORD = "secret"
EVENT = """
INSERT INTO users.user_event
    (user_id, version, event_id, type, first_name, last_name, created_at, occurred_at)
VALUES (%s, 1, %s, 'UserCreated', 'Ada', 'Lovelace', NOW(6), NOW(6))
"""
USERS = ("root", "debezium", "migrator", "command_api", "auditor")


@dataclass(frozen=True)
class Server:
    """Connection parameters: host name, and trusted CA."""

    port: int
    ca: Path | None
    host: str = HOST
    certificate: Path = field(default=Path(), repr=False)
    stranger: Path = field(default=Path(), repr=False)

    @property
    def root(self) -> dict[str, Any]:
        """Return the arguments of pymysql.connect."""
        return {
            "host": self.host, "port": self.port, "user": "root", "password": PASSWORD,
            "ssl": tls(self.ca), "autocommit": True,
        }  # fmt: skip

    def settings(self, user: str) -> Settings:
        arguments = {"host": self.host, "port": self.port, "ca_file": self.ca, "user": user}
        return Settings.model_validate(
            {f"mysql_{name}": value for name, value in arguments.items()}
            | {"mysql_password": PASSWORD}
        )

    def put_event(self, user_id: str) -> None:
        """Store a user's first event."""
        with pymysql.connect(**self.root) as connection, connection.cursor() as cursor:
            cursor.execute(EVENT, [user_id, user_id])

    def make_users(self) -> None:
        """Run `platform-setup mysql-users`; raise SetupError."""
        passwords = {f"{user.upper()}_PASSWORD": PASSWORD for user in USERS}
        passwords |= {"HOST": self.host, "PORT": str(self.port), "CA_FILE": str(self.ca)}
        with pytest.MonkeyPatch.context() as environment:
            for name, value in passwords.items():
                environment.setenv(f"SETUP_MYSQL_{name}", value)
            mysql_users.run()


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Server]:
    """Run it; it has users and its table when the block begins."""
    ca = trustme.CA()
    issued = ca.issue_cert(HOST)
    ca.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "stranger.pem")
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    (port,) = unused(1)
    server = Server(
        port,
        folder / "ca.pem",
        certificate=folder / "server.pem",
        stranger=folder / "stranger.pem",
    )

    async def answers() -> None:
        try:
            pymysql.connect(**server.root).close()
        except pymysql.OperationalError as error:
            raise AssertionError from error

    with running(folder, server):
        await eventually(answers, within=60)
        server.make_users()
        migrate(server.settings("migrator"), "command_api")
        yield server


@contextmanager
def running(folder: Path, server: Server) -> Iterator[None]:
    script = folder / "root.sql"
    script.write_text(f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{PASSWORD}';")
    command = [*mysqld(local_stack.fetch()), f"--datadir={folder / 'data'}"]
    first = [*command, "--initialize-insecure", f"--init-file={script}"]
    listens = [
        *("--bind-address=127.0.0.1", f"--port={server.port}", f"--socket={folder / 'socket'}"),
        *(f"--ssl-ca={server.ca}", "--require-secure-transport=ON"),
        *(f"--ssl-cert={server.certificate}", f"--ssl-key={server.certificate}"),
    ]
    with (folder / "log").open("wb") as log:
        subprocess.run(first, stdout=log, stderr=log, check=True, timeout=120)
    with process(folder / "log", [*command, *listens]):
        yield


@contextmanager
def speaking_no_tls(server: Server) -> Iterator[None]:
    """Disable TLS for new connections by removing the certificate; root's connection stays."""
    with pymysql.connect(**server.root) as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL require_secure_transport = OFF")
        cursor.execute("SET GLOBAL ssl_cert = '/nowhere'")
        cursor.execute("ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR")
        try:
            yield
        finally:
            cursor.execute("SET GLOBAL ssl_cert = %s", [str(server.certificate)])
            cursor.execute("ALTER INSTANCE RELOAD TLS")
            cursor.execute("SET GLOBAL require_secure_transport = ON")


def truststore(authority: Path) -> Path:
    """Write the CA's certificate to a PKCS#12 truststore for Java; return its path."""
    certificate = load_pem_x509_certificate(authority.read_bytes())
    file = authority.with_suffix(".p12")
    trusted = [PKCS12Certificate(certificate, b"ca")]
    encryption = BestAvailableEncryption(PASSWORD.encode())
    file.write_bytes(serialize_java_truststore(trusted, encryption))
    return file

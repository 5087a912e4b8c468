"""Connection settings of MySQL: address and TLS."""

import ssl
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

CA_FILE = (
    "CA certificates that verify MySQL's certificate and host name; connections then always use"
    " TLS. Unset: certificates are not verified, and connections may be unencrypted."
)


class MySQLServer(BaseSettings):
    """MySQL's part of a program's settings."""

    mysql_host: str = Field("127.0.0.1", description="Host of MySQL.")
    mysql_port: int = Field(3306, description="Port of MySQL.")
    mysql_ca_file: Path | None = Field(None, description=CA_FILE)


def tls(ca_file: Path | None) -> ssl.SSLContext | None:
    """Return the `ssl` argument of asyncmy and pymysql; with it neither connects without TLS.

    TLS without verification is not supported: a server that impersonates MySQL could read along.
    """
    return ssl.create_default_context(cafile=ca_file) if ca_file else None

"""Where MySQL is, and whether it is talked to over TLS."""

import ssl
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

CA_FILE = (
    "The authority that MySQL's certificate is checked by, the host's name included:"
    " nothing but TLS is talked. Unset: nothing is checked, and nothing need be encrypted."
)


class MySQLServer(BaseSettings):
    """Part of a program's settings."""

    mysql_host: str = Field("127.0.0.1", description="Where MySQL is.")
    mysql_port: int = Field(3306, description="Its port.")
    mysql_ca_file: Path | None = Field(None, description=CA_FILE)


def tls(ca_file: Path | None) -> ssl.SSLContext | None:
    """What asyncmy and pymysql take as `ssl`; neither goes on in the clear with it.

    There is no way to ask for TLS without a check: who can answer in MySQL's place can also read.
    """
    return ssl.create_default_context(cafile=ca_file) if ca_file else None

"""Job that creates the database and its users."""

from pathlib import Path
from string import Template

import pymysql
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from chassis.process.settings import load, settings_config
from chassis.stores.mysql import CA_FILE, tls
from platform_setup import INFRA, ServerUnavailable


class Settings(BaseSettings):
    """MySQL's address, root's password, and the passwords to assign."""

    model_config = settings_config("SETUP_MYSQL_")

    host: str = Field("127.0.0.1", description="Host of MySQL.")
    port: int = Field(3306, description="Port of MySQL.")
    ca_file: Path | None = Field(None, description=CA_FILE)
    root_password: SecretStr = Field(description="Password of root, used to log in.")
    debezium_password: SecretStr = Field(description="Password of the user `debezium`.")
    migrator_password: SecretStr = Field(description="Password of the user `migrator`.")
    command_api_password: SecretStr = Field(description="Password of the user `command_api`.")
    auditor_password: SecretStr = Field(description="Password of the user `auditor`.")
    file: Path = Field(INFRA / "mysql" / "users.sql", description="SQL file to run.")


def run() -> None:
    """Run the statements; raise ServerUnavailable if MySQL is, or rejects one."""
    settings = load(Settings)
    passwords = settings.model_dump(include={f"{user}_password" for user in USERS})
    try:
        with pymysql.connect(
            host=settings.host,
            port=settings.port,
            user="root",
            password=settings.root_password.get_secret_value(),
            connect_timeout=10,
            ssl=tls(settings.ca_file),
            read_timeout=30,
        ) as connection:
            quoted = {
                name: connection.escape(password.get_secret_value())
                for name, password in passwords.items()
            }
            with connection.cursor() as cursor:
                for statement in statements(settings.file.read_text()):
                    cursor.execute(Template(statement).substitute(quoted))
    except pymysql.MySQLError as error:
        raise ServerUnavailable(f"MySQL at {settings.host}:{settings.port}: {error}") from error
    print(f"mysql-users: set up {', '.join(USERS)}")


USERS = [
    name.removesuffix("_password")
    for name in Settings.model_fields
    if name.endswith("_password") and name != "root_password"
]


def statements(sql: str) -> list[str]:
    """Split a script into statements, without comment lines; each ends with `;` at a line's end."""
    lines = [line for line in sql.splitlines() if not line.startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" ;\n")]

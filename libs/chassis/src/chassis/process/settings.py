"""Settings from the environment: read once, validated together, frozen.

The value may also come from a file: NAME_FILE holds its path, and a file under /run/secrets with
the name in lower case (Docker's secrets) needs no variable.
"""

import ipaddress
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.limits.connections import Limits
from chassis.process import port_settings

SECRETS_DIR = Path("/run/secrets")
LISTENING = ("admin_port", "http_port", "grpc_port")
"""Settings of ports that a process listens on; other ports are those of its dependencies."""


class ServiceSettings(BaseSettings):
    """Configuration common to all deployables."""

    stopping: ClassVar[str] = "stop it"
    """How a user stops a process that has one of the ports, for the message that says so."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    admin_port: int = Field(description="Port of /livez, /readyz and /metrics.")
    log_level: str = Field("info", description="debug, info, warning or error.")
    otlp_endpoint: str | None = Field(
        None, description="URL for traces (OTLP over HTTP, /v1/traces included); empty: no export."
    )
    trace_ratio: float = Field(
        1,
        ge=0,
        le=1,
        description="Sampling ratio of traces that no caller has begun, if OTLP_ENDPOINT is set. "
        "The default records all, for development; 0.01 is enough under load.",
    )
    drain_delay: float = Field(
        0, ge=0, description="Seconds from 'not ready' to refusing requests (for load balancers)."
    )
    grace: float = Field(
        8, gt=0, description="Seconds for in-flight requests to finish during shutdown."
    )
    max_connections: int = Field(
        1000,
        ge=1,
        description="Maximum number of client connections per port. One more closes the longest "
        "idle connection of the client that has most connections.",
    )
    max_client_memory: int = Field(
        64_000_000,
        ge=1_000_000,
        description="Maximum memory that clients may hold in the service, on all ports together, "
        "in bytes; each of several processes gets an equal part. Above it, connections of the "
        "client that holds most are closed, largest first.",
    )
    allowed_hosts: str | None = Field(
        None,
        description="Comma-separated host names accepted in Host and Origin headers, in addition "
        "to IP addresses and localhost (protects against DNS rebinding). Unset: none if HOST is a "
        "loopback address, any otherwise.",
    )
    header_timeout: float = Field(
        10,
        gt=0,
        description="Seconds for a client to send a request's headers (gRPC: the HTTP/2 preface, "
        "a frame, a header block).",
    )
    idle_timeout: float = Field(
        75,
        gt=0,
        description="Seconds that an HTTP connection may be idle between requests. A gRPC "
        "connection idle for this long stays open if it answers a PING within HEADER_TIMEOUT.",
    )

    @property
    def process_count(self) -> int:
        """Return the number of processes that serve; 1: this one."""
        return 1

    @property
    def limits(self) -> Limits:
        """Return the limits of every port."""
        return Limits(
            self.max_connections,
            self.header_timeout,
            self.idle_timeout,
            self._allowed_hosts(),
            self.max_client_memory // self.process_count,
        )

    def _allowed_hosts(self) -> frozenset[str] | None:
        if self.allowed_hosts is None and not is_loopback(self.host):
            return None
        names = (self.allowed_hosts or "").lower().split(",")
        return frozenset(name.strip() for name in names if name.strip())

    def variable(self, name: str) -> str:
        """Return the environment variable of a setting."""
        return f"{self.model_config.get('env_prefix', '')}{name.upper()}"

    def listening(self) -> Mapping[str, Sequence[int]]:
        """Return each variable of a port to listen on, with all ports that it sets."""
        fields = type(self).model_fields
        return {self.variable(name): [getattr(self, name)] for name in LISTENING if name in fields}

    @model_validator(mode="after")
    def _has_ports_of_its_own(self) -> Self:
        if mistake := port_settings.mistake(self.listening()):
            raise ValueError(mistake)
        return self


class PublicSettings(ServiceSettings):
    """Configuration of a deployable with clients; anonymous access must be allowed explicitly."""

    allow_anonymous: bool = Field(
        False,  # noqa: FBT003 - pydantic's way to give a default
        description="Accept unauthenticated callers on a non-loopback address.",
    )

    @property
    def requires_tokens(self) -> bool:
        """Whether callers must authenticate."""
        return False

    @model_validator(mode="after")
    def _is_not_open_by_mistake(self) -> Self:
        if not (self.requires_tokens or self.allow_anonymous or is_loopback(self.host)):
            raise ValueError(
                f"HOST {self.host} is not a loopback address and callers are not authenticated: "
                "require tokens, or set ALLOW_ANONYMOUS=true"
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether a host is a loopback address, without a DNS query."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def settings_config(prefix: str) -> SettingsConfigDict:
    """Return the configuration of all settings classes: PREFIX_NAME, frozen, secrets from files.

    Surrounding white space is stripped: an editor leaves a newline at the end of a secret's file,
    and a pipe one at the end of a variable.
    """
    return SettingsConfigDict(
        str_strip_whitespace=True,
        env_prefix=prefix,
        frozen=True,
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )


S = TypeVar("S", bound=BaseSettings)


def load(settings: type[S]) -> S:
    """Read the settings from the environment.

    Raises SystemExit with all mistakes in one message, also for a variable with the service's
    prefix that matches no setting (a typing error would otherwise go unnoticed). For a former
    setting the class attribute MOVED (setting → its new place) completes the message.
    """
    prefix = settings.model_config.get("env_prefix", "")
    given = [
        name.removeprefix(prefix).lower() for name in sorted(os.environ) if name.startswith(prefix)
    ]
    fields = settings.model_fields
    files = [n for n in given if n not in fields and n.removesuffix("_file") in fields]
    mistakes = [
        f"{prefix}{name.upper()}: no such setting{_moved(settings, name)}"
        for name in given
        if name not in fields and name not in files
    ]
    read: dict[str, Any] = dict(_from_file(prefix, name, mistakes) for name in files)
    try:
        loaded = settings(**read)
    except ValidationError as error:
        mistakes += [_mistake(prefix, e["loc"], e["msg"]) for e in error.errors()]
    if mistakes:
        raise SystemExit("Invalid configuration:\n  " + "\n  ".join(mistakes))
    return loaded


def _moved(settings: type[BaseSettings], name: str) -> str:
    """Return the new place of a former setting; empty if there was no such setting."""
    moved: Mapping[str, str] = getattr(settings, "MOVED", {})
    where = moved.get(name) or moved.get(name.removesuffix("_file"))
    return f"; {where}" if where else ""


def _from_file(prefix: str, name: str, mistakes: list[str]) -> tuple[str, str]:
    """Return the setting of a variable NAME_FILE, and the content of the file."""
    variable, setting = f"{prefix}{name.upper()}", name.removesuffix("_file")
    if f"{prefix}{setting.upper()}" in os.environ:
        mistakes.append(f"{variable}: {prefix}{setting.upper()} is also set; set only one of them")
    try:
        return setting, Path(os.environ[variable]).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(f"{variable}: {getattr(error, 'strerror', None) or 'not text'}")
        return setting, ""


def _mistake(prefix: str, place: tuple[int | str, ...], message: str) -> str:
    """Return pydantic's message, with the variable's name if it concerns one."""
    message = message.removeprefix("Value error, ")
    return f"{prefix}{'_'.join(map(str, place)).upper()}: {message}" if place else message

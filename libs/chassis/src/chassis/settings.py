"""The environment, read once, checked all together, frozen.

A variable may also be a file of its name in lower case under /run/secrets (Docker's secrets).
"""

import os
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS_DIR = Path("/run/secrets")


class ServiceSettings(BaseSettings):
    """What every deployable can be told."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    admin_port: int = Field(description="Port of /livez, /readyz and /metrics.")
    log_level: str = Field("info", description="debug, info, warning or error.")
    otlp_endpoint: str | None = Field(
        None, description="Where spans go (OTLP over HTTP, /v1/traces and all); empty: nowhere."
    )
    trace_ratio: float = Field(
        1, ge=0, le=1, description="Share of traces that are kept, where the caller does not say."
    )
    drain_delay: float = Field(
        0, ge=0, description="Seconds between not being ready and refusing work (load balancers)."
    )
    grace: float = Field(8, gt=0, description="Seconds that running requests get to finish.")


def settings_config(prefix: str) -> SettingsConfigDict:
    """The one way all services read their variables: PREFIX_NAME, frozen, secrets from files."""
    return SettingsConfigDict(
        env_prefix=prefix,
        frozen=True,
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )


S = TypeVar("S", bound=BaseSettings)


def load(settings: type[S]) -> S:
    """Read the environment; every mistake is told in one message.

    Raises SystemExit with that message, also for a variable with the service's prefix that no
    setting has (a typing error would otherwise go unseen).
    """
    prefix = settings.model_config.get("env_prefix", "")
    mistakes = [
        f"{name}: no such setting"
        for name in sorted(os.environ)
        if name.startswith(prefix)
        and name.removeprefix(prefix).lower() not in settings.model_fields
    ]
    try:
        loaded = settings()
    except ValidationError as error:
        mistakes += [
            f"{prefix}{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
        ]
    if mistakes:
        raise SystemExit("The settings are not right:\n  " + "\n  ".join(mistakes))
    return loaded

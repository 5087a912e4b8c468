"""Job that makes the registry reject schemas that older or newer readers could not read."""

import httpx2
from pydantic import Field
from pydantic_settings import BaseSettings

from chassis.process.settings import load, settings_config
from platform_setup import ServerUnavailable


class Settings(BaseSettings):
    """URL of the registry's Confluent-compatible API, and the rule."""

    model_config = settings_config("SETUP_REGISTRY_")

    url: str = Field(
        "http://127.0.0.1:8081/apis/ccompat/v7",
        description="URL of the schema registry's Confluent-compatible API.",
    )
    subject: str = Field(
        "user.events-value", description="Subject that gets the rule, beside the global one."
    )
    compatibility: str = Field("FULL_TRANSITIVE", description="Compatibility rule.")


def run() -> None:
    """Set the rule globally and, if it exists, for the subject; raise ServerUnavailable."""
    settings = load(Settings)
    try:
        with httpx2.Client(base_url=settings.url, timeout=10, trust_env=False) as registry:
            put_rule(registry, "/config", settings.compatibility)
            if registry.get(f"/subjects/{settings.subject}/versions").is_success:
                put_rule(registry, f"/config/{settings.subject}", settings.compatibility)
    except httpx2.HTTPError as error:
        raise ServerUnavailable(f"the registry at {settings.url}: {error}") from error
    print(f"schema-rule: set {settings.compatibility}")


def put_rule(registry: httpx2.Client, path: str, compatibility: str) -> None:
    registry.put(path, json={"compatibility": compatibility}).raise_for_status()

"""Aggregates beside users, read from infra/aggregates; `make new-aggregate` adds one."""

from dataclasses import dataclass
from pathlib import Path

import yaml

Ports = dict[str, dict[str, int]]
"""Program → purpose → port, before the instance's offset."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate; its programs have the names of those of users, prefixed with its own name."""

    name: str
    database: str
    fields: str
    """Fields as given to `make new-aggregate`, which compares a second run with them."""
    ports: Ports

    @property
    def apis(self) -> list[str]:
        return [f"{self.name}-{api}" for api in ("command-api", "query-api", "search-api")]

    @property
    def services(self) -> list[str]:
        return [*self.apis, f"{self.name}-redis-projector", f"{self.name}-search-projector"]

    @property
    def supervisor(self) -> str:
        return f"{self.name}-connector-supervisor"

    @property
    def mysql_users(self) -> list[str]:
        return [f"{self.name}_command_api", f"{self.name}_auditor"]

    @property
    def redis_users(self) -> list[str]:
        return [f"{self.name}_redis_projector", f"{self.name}_query_api"]


def read(folder: Path) -> list[Aggregate]:
    """Return the aggregates of a folder, one a file, sorted by name."""
    return [
        Aggregate(**yaml.safe_load(file.read_text("utf-8")))
        for file in sorted(folder.glob("*.yaml"))
    ]

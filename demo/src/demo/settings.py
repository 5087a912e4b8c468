"""Configuration of the demo (environment variables DEMO_*)."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from chassis.auth.settings import ApiSettings
from chassis.process.settings import settings_config

APIS = ("command-api", "query-api", "search-api")
"""In the order of their ports."""


class Settings(ApiSettings):
    """Variables with the prefix DEMO_."""

    model_config = settings_config("DEMO_")
    stopping: ClassVar[str] = "run `make down`"  # the local stack listens on the same ports

    http_port: int = Field(
        3000, description="Port of command-api; query-api and search-api use the next two."
    )
    grpc_port: int = Field(
        1234, description="Port of command-api; query-api and search-api use the next two."
    )
    admin_port: int = 9000
    processes: Literal[1] = Field(1, description="Always 1: the stores are in its memory.")

    def listening(self) -> Mapping[str, Sequence[int]]:
        apis = range(len(APIS))
        return {
            self.variable("admin_port"): [self.admin_port],
            self.variable("http_port"): [self.http_port + number for number in apis],
            self.variable("grpc_port"): [self.grpc_port + number for number in apis],
        }

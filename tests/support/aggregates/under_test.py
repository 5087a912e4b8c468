"""An aggregate as the suites that hold for all of them see it: its modules, by their names."""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from eventstore.ids import uuid7
from local_stack.layout import AGGREGATES

PLURALS = {"user": "users", **{one.name: one.database for one in AGGREGATES}}
NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True)
class AggregateUnderTest:
    """name: in the singular, such as user."""

    name: str

    @property
    def title(self) -> str:
        return self.name.capitalize()

    @property
    def plural(self) -> str:
        return PLURALS[self.name]

    @property
    def samples(self) -> Any:
        """Values of its fields: tests/support/aggregates/samples."""
        return import_module(f"tests.support.aggregates.samples.{self.name}")

    @property
    def path(self) -> str:
        """Of its HTTP APIs."""
        return f"/{self.name}"

    @property
    def key(self) -> str:
        return f"{self.name}_id"

    def program(self, role: str) -> str:
        """The name of its program, such as query-api."""
        return role if self.name == "user" else f"{self.name}-{role}"

    def login(self, role: str) -> str:
        """The user of a store, such as command_api."""
        return role if self.name == "user" else f"{self.name}_{role}"

    def module(self, role: str, name: str) -> Any:
        return import_module(f"{self.login(role.replace('-', '_'))}.{name}")

    @property
    def contracts(self) -> Any:
        return import_module(f"{self.name}_contracts")

    def proto(self, name: str) -> Any:
        """A class of its protobuf package, such as CreateRequest."""
        return getattr(import_module(f"{self.name}_contracts.proto.{self.name}.v1"), name)

    def stub(self, service: str, channel: Any) -> Any:
        return self.proto(f"{self.title}{service}Stub")(channel)

    def change_request(self, **fields: Any) -> Any:
        return self.proto(f"{self.samples.CHANGE}Request")(**fields)

    @property
    def aggregate(self) -> Any:
        """What the event store knows it by."""
        return getattr(self.module("command-api", "application"), self.name.upper())

    def rules(self, name: str) -> Any:
        """A name of the module of its rules."""
        return getattr(self.module("command-api", self.name), name)

    def command(self, verb: str, *arguments: Any, **fields: Any) -> Any:
        """A command, such as Create; Change: whatever a change is called."""
        verb = self.samples.CHANGE if verb == "Change" else verb
        return self.rules(f"{verb}{self.title}")(*arguments, **fields)

    def type(self, participle: str) -> str:
        """The type of an event, such as Created; Changed: whatever a change is called."""
        return self.title + (self.samples.CHANGED if participle == "Changed" else participle)

    def event(self, participle: str, version: int = 1, **fields: Any) -> Any:
        """An event with the sample's values."""
        return self.rules(f"{self.title}Event")(
            uuid7(NOON),
            version,
            uuid7(NOON),
            self.type(participle),
            **self.samples.GIVEN | fields,
            created_at=NOON,
            occurred_at=NOON,
        )

    def id_of(self, event: Any) -> str:
        found: str = getattr(event, self.key)
        return found

    def record(self, participle: str = "Created", **fields: Any) -> dict[str, Any]:
        """An event as the topic has it."""
        return {
            self.key: "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11",
            "version": 1,
            "event_id": "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a12",
            "type": self.type(participle),
            **self.samples.GIVEN,
            "created_at": "2026-11-24T01:02:03.123456Z",
            "occurred_at": "2026-11-24T01:02:03.5Z",
            "traceparent": None,
            **fields,
        }


EVERY = [AggregateUnderTest(name) for name in PLURALS]

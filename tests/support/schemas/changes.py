"""Changes of the contract, allowed and forbidden, for our gate and for the registry alike."""

import copy
from dataclasses import dataclass
from typing import Any

import pytest

from user_contracts import avro_schema

NICKNAME = {"name": "nickname", "type": ["null", "string"], "default": None}


@dataclass(frozen=True)
class Change:
    """The fields that are added (or replace one), and those that are removed."""

    name: str
    puts: tuple[dict[str, Any], ...] = ()
    drops: tuple[str, ...] = ()

    def made(self) -> dict[str, Any]:
        """Return the contract after it."""
        candidate = copy.deepcopy(avro_schema())
        fields = {field["name"]: field for field in candidate["fields"]}
        fields |= {field["name"]: field for field in self.puts}
        candidate["fields"] = [field for name, field in fields.items() if name not in self.drops]
        return candidate


def a(name: str, *types: str, **more: Any) -> dict[str, Any]:
    """Return a field."""
    return {"name": name, "type": types[0] if len(types) == 1 else list(types)} | more


ALLOWED = [
    Change("add an optional field", puts=(NICKNAME,)),
    Change("remove an optional field", drops=("traceparent",)),
]
FORBIDDEN = [
    Change("rename a required field", puts=(a("kind", "string"),), drops=("type",)),
    Change("make an optional field required", puts=(a("first_name", "string"),)),
    Change("add a required field", puts=(a("nickname", "string"),)),
    Change("remove a required field", drops=("event_id",)),
    Change("change a type", puts=(a("version", "string"),)),
    Change("narrow a type", puts=(a("version", "int"),)),
    Change("change an optional type", puts=(a("last_name", "null", "long", default=None),)),
]
RENAMED = Change(
    "rename an optional field",
    puts=(a("given_name", "null", "string", default=None),),
    drops=("first_name",),
)
"""Avro and the registry accept this as the removal of one field and the addition of another."""


def each(*changes: Change) -> pytest.MarkDecorator:
    """Parametrize a test over these changes."""
    return pytest.mark.parametrize("change", changes, ids=lambda change: change.name)

"""What is asked for, checked: nothing is written before it is right."""

import builtins
import keyword
import re
from dataclasses import dataclass
from pathlib import Path

from local_stack.addresses import SERVICES, SUPERVISOR
from local_stack.layout import PORTS
from new_aggregate import Refused, reserved
from new_aggregate.fields import Field, parse

NAME = re.compile(r"[a-z]{2,14}")
STRIDE = 10
LIVING = {program: PORTS[program] for program in (*SERVICES, SUPERVISOR)}
"""The programs of users, and what they listen on."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """number: 1 for the first beside users; its ports are those of users and so many tens more."""

    name: str
    plural: str
    fields: list[Field]
    number: int

    @property
    def ports(self) -> dict[str, dict[str, int]]:
        more = self.number * STRIDE
        return {
            f"{self.name}-{program}": {purpose: port + more for purpose, port in ports.items()}
            for program, ports in LIVING.items()
        }


def asked_for(name: str, fields: str, plural: str | None, root: Path) -> Aggregate:
    """The aggregate; raises Refused with all mistakes at once."""
    mistakes = _mistakes_in(name, root)
    plural = plural or plural_of(name)
    if not mistakes and (not re.fullmatch(r"[a-z]{3,20}", plural) or plural == name):
        mistakes.append(f"PLURAL: {plural}: lower-case letters, and not the name itself")
    elif not mistakes and plural in _databases(root):
        mistakes.append(f"PLURAL: {plural}: a database of this name exists; set another PLURAL")
    found, more = parse(fields, own=_own_names(name, plural))
    if mistakes + more:
        raise Refused("\n".join(mistakes + more))
    return Aggregate(name, plural, found, free_number())


def fields_for(name: str, plural: str, fields: str) -> list[Field]:
    """Other fields for an aggregate that is there; raises Refused with all mistakes at once."""
    found, mistakes = parse(fields, own=_own_names(name, plural))
    if mistakes:
        raise Refused("\n".join(mistakes))
    return found


def _own_names(name: str, plural: str) -> list[str]:
    return [f"{name}_id", name, plural]


def plural_of(name: str) -> str:
    if re.search(r"(s|x|z|ch|sh)$", name):
        return f"{name}es"
    return f"{name[:-1]}ies" if re.search(r"[^aeiou]y$", name) else f"{name}s"


def free_number() -> int:
    """The first whose ports nobody has."""
    taken = {port for ports in PORTS.values() for port in ports.values()}
    own = [port for ports in LIVING.values() for port in ports.values()]
    return next(n for n in range(1, 1000) if not taken & {port + n * STRIDE for port in own})


def _databases(root: Path) -> set[str]:
    """Those of MySQL's own, of users, and of the aggregates that were generated before."""
    files = (root / "infra/aggregates").glob("*.yaml")
    others = [
        re.findall(r"^database: (.*)$", file.read_text("utf-8"), re.MULTILINE) for file in files
    ]
    return {"mysql", "sys", "users"}.union(*others)


def _mistakes_in(name: str, root: Path) -> list[str]:
    if not NAME.fullmatch(name):
        return [f"NAME: {name or 'missing'}: one word of 2 to 14 lower-case letters, such as order"]
    if name in reserved("names") or keyword.iskeyword(name) or hasattr(builtins, name):
        return [f"NAME: {name}: taken here already, or a word of Python"]
    there = [root / "services" / f"{name}-command-api", root / "infra/aggregates" / f"{name}.yaml"]
    there += [root / "schemas/proto" / name]
    return [f"{path.relative_to(root)} is there already" for path in there if path.exists()]

"""Name, plural, fields and ports of an aggregate, and the checks of the arguments."""

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
PROGRAMS = {program: PORTS[program] for program in (*SERVICES, SUPERVISOR)}
"""Programs of the users aggregate, with the ports they listen on."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A validated aggregate.

    number: 1 for the first aggregate after users; its ports are those of users plus 10 x number.
    """

    name: str
    plural: str
    fields: list[Field]
    number: int

    @property
    def ports(self) -> dict[str, dict[str, int]]:
        more = self.number * STRIDE
        return {
            f"{self.name}-{program}": {purpose: port + more for purpose, port in ports.items()}
            for program, ports in PROGRAMS.items()
        }


def requested(name: str, fields: str, plural: str | None, root: Path) -> Aggregate:
    """Return the aggregate for these arguments; raise Refused with every mistake."""
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
    """Return the new fields of an existing aggregate; raise Refused with every mistake."""
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
    """Return the first number whose ports no program uses."""
    taken = {port for ports in PORTS.values() for port in ports.values()}
    own = [port for ports in PROGRAMS.values() for port in ports.values()]
    return next(n for n in range(1, 1000) if not taken & {port + n * STRIDE for port in own})


def _databases(root: Path) -> set[str]:
    """Return the databases of MySQL itself, of users, and of the generated aggregates."""
    files = (root / "infra/aggregates").glob("*.yaml")
    others = [
        re.findall(r"^database: (.*)$", file.read_text("utf-8"), re.MULTILINE) for file in files
    ]
    return {"mysql", "sys", "users"}.union(*others)


def _mistakes_in(name: str, root: Path) -> list[str]:
    if not NAME.fullmatch(name):
        return [f"NAME: {name or 'missing'}: one word of 2 to 14 lower-case letters, such as order"]
    if name in reserved("names") or keyword.iskeyword(name) or hasattr(builtins, name):
        return [f"NAME: {name}: reserved by this project or by Python"]
    there = [root / "services" / f"{name}-command-api", root / "infra/aggregates" / f"{name}.yaml"]
    there += [root / "schemas/proto" / name]
    return [f"{path.relative_to(root)} exists already" for path in there if path.exists()]

"""Fields of an aggregate's events, parsed from FIELDS: `customer:text(100) total:integer`."""

import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from new_aggregate import reserved

FIELD = re.compile(r"(?P<name>[^:]+):(?P<type>[a-z]+)(\((?P<length>[0-9]+)\))?")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
MAX_NAME_LENGTH = 40
MAX_CHARACTERS = (
    4000  # of all texts together: a MySQL row has at most 65,535 bytes, a character up to 4
)
MAX_FIELDS = 30


@dataclass(frozen=True, slots=True)
class Kind:
    """A field type: its name in each system, and two example values in Python syntax.

    avro and opensearch are JSON; empty: the proto3 default value;
    conversion: the function in contracts.events.
    """

    python: str
    sql: str
    avro: str
    proto: str
    opensearch: str
    empty: str
    example: str = ""
    another: str = ""
    conversion: str = "given"


KINDS = {
    "text": Kind("str", "VARCHAR", '"string"', "string", '{"type": "text"}', '""'),
    "integer": Kind("int", "BIGINT", '"long"', "int64", '{"type": "long"}', "0", "42", "43"),
    "boolean": Kind(
        "bool",
        "BOOLEAN",
        '"boolean"',
        "bool",
        '{"type": "boolean"}',
        "False",
        "True",
        "False",
        "boolean",
    ),
    "date": Kind(
        "str",
        "DATE",
        '{"type": "string", "connect.version": 1, "connect.name": "io.debezium.time.IsoDate"}',
        "string",
        '{"type": "date", "format": "strict_date"}',
        '""',
        '"2026-01-31"',
        '"2026-02-28"',
        "day",
    ),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A validated field; length: the maximum number of characters of a text."""

    name: str
    type: str
    length: int = 0

    @property
    def spec(self) -> str:
        """Return the field in the syntax of FIELDS."""
        return f"{self.name}:{self.type}" + (f"({self.length})" if self.length else "")

    @property
    def kind(self) -> Kind:
        return KINDS[self.type]

    @property
    def sql(self) -> str:
        if not self.length:
            return self.kind.sql
        return f"{self.kind.sql}({self.length})".ljust(12) + " CHARACTER SET utf8mb4"

    @property
    def column_type(self) -> str:
        """Return the type as MySQL reports it."""
        if self.length:
            return f"varchar({self.length})"
        return {"BOOLEAN": "tinyint(1)"}.get(self.kind.sql, self.kind.sql.lower())

    @property
    def schema(self) -> str:
        """Return its schema name in the OpenAPI documents."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def example(self) -> str:
        """Return an example for YAML and JSON; a text without quotes."""
        return self._text("Some") if self.length else self.kind.example.lower()

    @property
    def another_example(self) -> str:
        return self._text("Other") if self.length else self.kind.another.lower()

    @property
    def in_python(self) -> str:
        return repr(self.example) if self.length else self.kind.example

    @property
    def another_in_python(self) -> str:
        return repr(self.another_example) if self.length else self.kind.another

    def _text(self, which: str) -> str:
        """Return an example; two differ in the first character, since a length may be 1."""
        return f"{which} {self.name.replace('_', ' ')}"[: self.length].strip()


def parse(text: str, own: Sequence[str]) -> tuple[list[Field], list[str]]:
    """Return the fields and all mistakes; own: names that the aggregate itself uses."""
    words = text.split()
    fields = [field for field in map(_field, words) if field]
    mistakes = [mistake for word in words for mistake in _mistakes(word, own)]
    names = [field.name for field in fields]
    mistakes += [
        f"{name}: given twice" for name in sorted({n for n in names if names.count(n) > 1})
    ]
    texts = [field.length for field in fields if field.type == "text"]
    if not texts:
        mistakes.append(
            "at least one field must be a text, such as note:text(200): search needs it"
        )
    if sum(texts) > MAX_CHARACTERS:
        mistakes.append(
            f"all texts together may have {MAX_CHARACTERS} characters, not {sum(texts)}"
        )
    if len(words) > MAX_FIELDS:
        mistakes.append(f"{MAX_FIELDS} fields at most")
    return fields, mistakes


def _field(word: str) -> Field | None:
    match = FIELD.fullmatch(word)
    if match is None or match["type"] not in KINDS:
        return None
    return Field(match["name"], match["type"], int(match["length"] or 0))


def _mistakes(word: str, own: Sequence[str]) -> Iterator[str]:
    match = FIELD.fullmatch(word)
    if match is None:
        yield f"{word}: write a field as name:text(100), name:integer, name:boolean or name:date"
        return
    name = match["name"]
    yield from _mistakes_in_type(name, match["type"], match["length"])
    if not NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        yield f"{name}: not 1 to {MAX_NAME_LENGTH} lower-case letters, digits, single underscores"
    elif name in reserved("fields") or name in own:
        yield f"{name}: reserved: every aggregate uses this name already"
    elif name.upper() in reserved("mysql") or keyword.iskeyword(name) or hasattr(builtins, name):
        yield f"{name}: a reserved word of SQL or Python; use another name, such as the_{name}"


def _mistakes_in_type(name: str, type_: str, length: str | None) -> Iterator[str]:
    if type_ not in KINDS:
        yield f"{name}: unknown type {type_}; the types are text(N), integer, boolean and date"
    elif type_ != "text" and length:
        yield f"{name}: only a text has a length"
    elif type_ == "text" and not length:
        yield f"{name}: a text needs a maximum length, as in {name}:text(100)"
    elif type_ == "text" and not 1 <= int(length or 0) <= MAX_CHARACTERS:
        yield f"{name}: a text may have 1 to {MAX_CHARACTERS} characters"

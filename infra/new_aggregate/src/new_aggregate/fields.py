"""What an aggregate's events hold, as FIELDS says it: `customer:text(100) total:integer`."""

import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from new_aggregate import reserved

FIELD = re.compile(r"(?P<name>[^:]+):(?P<type>[a-z]+)(\((?P<length>[0-9]+)\))?")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_NAME = 40
MOST_CHARACTERS = (
    4000  # of all texts together: a row of MySQL has 65,535 bytes, a character up to 4
)
MOST_FIELDS = 30


@dataclass(frozen=True, slots=True)
class Kind:
    """What a type is called elsewhere, and two values of it, as Python writes them.

    avro and opensearch are JSON; empty: what a message of proto3 has where nothing was given;
    conversion: of contracts.events.
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
    """length: the most characters of a text."""

    name: str
    type: str
    length: int = 0

    @property
    def said(self) -> str:
        """As FIELDS has it."""
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
        """The type as MySQL reports it."""
        if self.length:
            return f"varchar({self.length})"
        return {"BOOLEAN": "tinyint(1)"}.get(self.kind.sql, self.kind.sql.lower())

    @property
    def schema(self) -> str:
        """Its name in the OpenAPI documents."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def example(self) -> str:
        """As YAML and JSON have it, a text without quotes."""
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
        """Told apart by its first letter, since a text may have one character only."""
        return f"{which} {self.name.replace('_', ' ')}"[: self.length].strip()


def parse(text: str, own: Sequence[str]) -> tuple[list[Field], list[str]]:
    """The fields, and all that is wrong with them. own: names that the aggregate itself takes."""
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
            "at least one field must be a text, such as note:text(200): search looks at it"
        )
    if sum(texts) > MOST_CHARACTERS:
        mistakes.append(
            f"all texts together may have {MOST_CHARACTERS} characters, not {sum(texts)}"
        )
    if len(words) > MOST_FIELDS:
        mistakes.append(f"{MOST_FIELDS} fields at most")
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
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        yield f"{name}: not 1 to {LONGEST_NAME} lower-case letters, digits, single underscores"
    elif name in reserved("fields") or name in own:
        yield f"{name}: every aggregate has something of this name already"
    elif name.upper() in reserved("mysql") or keyword.iskeyword(name) or hasattr(builtins, name):
        yield f"{name}: a word of SQL or Python; take another, such as the_{name}"


def _mistakes_in_type(name: str, type_: str, length: str | None) -> Iterator[str]:
    if type_ not in KINDS:
        yield f"{name}: there is no type {type_}; there are text(N), integer, boolean and date"
    elif type_ != "text" and length:
        yield f"{name}: only a text has a length"
    elif type_ == "text" and not length:
        yield f"{name}: say how long it may be, as in {name}:text(100)"
    elif type_ == "text" and not 1 <= int(length or 0) <= MOST_CHARACTERS:
        yield f"{name}: a text may have 1 to {MOST_CHARACTERS} characters"

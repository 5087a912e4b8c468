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
class Field:
    """length: the most characters of a text; None: a whole number of 64 bits."""

    name: str
    length: int | None = None

    @property
    def type(self) -> str:
        return "integer" if self.length is None else "text"

    @property
    def python(self) -> str:
        return "int" if self.length is None else "str"

    @property
    def empty(self) -> str:
        """What a message of proto3 has where nothing was given, in Python."""
        return "0" if self.length is None else '""'

    @property
    def sql(self) -> str:
        text = f"VARCHAR({self.length})".ljust(12) + " CHARACTER SET utf8mb4"
        return "BIGINT" if self.length is None else text

    @property
    def avro(self) -> str:
        return "long" if self.length is None else "string"

    @property
    def proto(self) -> str:
        return "int64" if self.length is None else "string"

    @property
    def schema(self) -> str:
        """Its name in the OpenAPI documents."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def example(self) -> str:
        return self._one("Some")

    @property
    def another_example(self) -> str:
        return self._one("Other")

    @property
    def another_in_python(self) -> str:
        return "43" if self.length is None else repr(self.another_example)

    @property
    def in_python(self) -> str:
        return "42" if self.length is None else repr(self.example)

    def _one(self, which: str) -> str:
        """Told apart by its first letter, since a text may have one character only."""
        text = f"{which} {self.name.replace('_', ' ')}"
        return "42" if self.length is None else text[: self.length].strip()


def parse(text: str, own: Sequence[str]) -> tuple[list[Field], list[str]]:
    """The fields, and all that is wrong with them. own: names that the aggregate itself takes."""
    words = text.split()
    fields = [field for field in map(_field, words) if field]
    mistakes = [mistake for word in words for mistake in _mistakes(word, own)]
    names = [field.name for field in fields]
    mistakes += [
        f"{name}: given twice" for name in sorted({n for n in names if names.count(n) > 1})
    ]
    texts = [field.length for field in fields if field.length is not None]
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
    return match and Field(match["name"], int(match["length"]) if match["length"] else None)


def _mistakes(word: str, own: Sequence[str]) -> Iterator[str]:
    match = FIELD.fullmatch(word)
    if match is None:
        yield f"{word}: write a field as name:text(100) or name:integer"
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
    if type_ not in {"text", "integer"}:
        yield f"{name}: there is no type {type_}; there are text(N) and integer"
    elif type_ == "integer" and length:
        yield f"{name}: an integer has no length"
    elif type_ == "text" and not length:
        yield f"{name}: say how long it may be, as in {name}:text(100)"
    elif type_ == "text" and not 1 <= int(length or 0) <= MOST_CHARACTERS:
        yield f"{name}: a text may have 1 to {MOST_CHARACTERS} characters"

"""Column types of MySQL and Debezium, normalised for comparison."""

import re

# Spellings that MySQL accepts, and what information_schema reports (MySQL 8.4, "Data Types").
SYNONYMS = {
    "INTEGER": "INT",
    "INT1": "TINYINT",
    "INT2": "SMALLINT",
    "INT3": "MEDIUMINT",
    "MIDDLEINT": "MEDIUMINT",
    "INT4": "INT",
    "INT8": "BIGINT",
    "SERIAL": "BIGINT",
    "BOOL": "TINYINT",
    "BOOLEAN": "TINYINT",
    "DEC": "DECIMAL",
    "NUMERIC": "DECIMAL",
    "FIXED": "DECIMAL",
    "FLOAT4": "FLOAT",
    "FLOAT8": "DOUBLE",
    "REAL": "DOUBLE",
    "CHARACTER": "CHAR",
    "NCHAR": "CHAR",
    "NVARCHAR": "VARCHAR",
    "VARCHARACTER": "VARCHAR",
}
# MySQL chooses among these by length: FLOAT(53) is a DOUBLE, TEXT(200) a TINYTEXT.
BY_LENGTH = {"FLOAT": "DOUBLE"} | {
    f"{size}{kind}": kind for size in ("TINY", "MEDIUM", "LONG") for kind in ("TEXT", "BLOB")
}
TYPES = frozenset(
    (
        *("TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "DECIMAL", "DOUBLE", "BIT", "CHAR"),
        *("VARCHAR", "BINARY", "VARBINARY", "BLOB", "TEXT", "ENUM", "SET", "JSON", "DATE"),
        *("TIME", "DATETIME", "TIMESTAMP", "YEAR"),
    )
)
QUOTED = re.compile(r"'((?:[^']|'')*)'")


def comparable_type(name: str, whole: str) -> str | None:
    """Return a type without its length, named as in information_schema; None: not compared."""
    whole = whole.upper()
    name = SYNONYMS.get(name.upper(), name.upper())
    name = BY_LENGTH.get(name, name)
    if name not in TYPES or re.search(r"\b(BYTE|VARYING|NATIONAL)\b", whole):
        return None
    unsigned = re.search(r"\b(UNSIGNED|ZEROFILL|SERIAL)\b", whole)
    return f"{name} UNSIGNED" if unsigned else name


def comparable_charset(name: str | None) -> str | None:
    """Return a character set in lower case, by its present name."""
    if name is None or name.lower() == "binary":
        return None
    return {"utf8": "utf8mb3"}.get(name.lower(), name.lower())


def enumerated(column_type: str) -> tuple[str, ...]:
    """Return the values of an ENUM or SET."""
    return tuple(plain(value) for value in QUOTED.findall(column_type))


def plain(literal: str) -> str:
    """Return a value without quotes and escapes."""
    inner = literal[1:-1] if literal[:1] == literal[-1:] == "'" and len(literal) > 1 else literal
    return inner.replace("''", "'").replace("\\'", "'")

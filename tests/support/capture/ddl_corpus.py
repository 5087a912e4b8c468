"""Statements of tests/system/capture: from its files, and generated from the server's own lists.

A file is a kind. In it a statement ends with the line that ends with `;`, or between
`DELIMITER //` and `DELIMITER ;` with the line that ends with `//`; a line that starts with `--`
between statements is a comment. `{db}` stands for the database that the file runs in. The line
`-- refused: 1146` means that MySQL refuses the next statement, with this error.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "system" / "capture" / "statements"
REFUSED = re.compile(r"-- refused: (\d+)")
Keywords = Sequence[tuple[str, int]]
"""Rows of information_schema.KEYWORDS: the word, and whether it is reserved."""
DELIMITER = re.compile(r"DELIMITER (\S+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement; refused: MySQL's error number; None: it succeeds."""

    kind: str
    text: str
    refused: int | None = None
    charset: str = "utf8mb4"
    """Character set of its connection."""

    def within(self, database: str) -> str:
        return self.text.replace("{db}", database)


def of_files() -> list[Statement]:
    """Return every statement of every file, files sorted by name."""
    return [
        statement
        for file in sorted(FOLDER.glob("*.sql"))
        for statement in parsed(file.stem, file.read_text("utf-8"))
    ]


def parsed(kind: str, script: str) -> Iterator[Statement]:
    """Yield the statements of a script; raise ValueError for one that does not end."""
    delimiter, lines, refused = ";", list[str](), None
    for line in script.splitlines():
        if not lines and (change := DELIMITER.fullmatch(line)):
            delimiter = change[1]
        elif not lines and (not line.strip() or line.startswith("--")):
            if code := REFUSED.fullmatch(line):
                refused = int(code[1])
        else:
            lines.append(line)
            if line.endswith(delimiter):
                text = "\n".join(lines).removesuffix(delimiter)
                yield Statement(kind, text, refused)
                lines, refused = [], None
    if lines:
        raise ValueError(f"{kind}.sql: no {delimiter} ends {lines[0]}")


def of_keywords(words: Keywords, together: int = 1) -> Iterator[Statement]:
    """Yield tables with a column named after each keyword; reserved words are quoted.

    together: number of keywords in a table.
    """
    columns = [f"`{word}`" if is_reserved else word for word, is_reserved in words]
    for start in range(0, len(columns), together):
        named = ", ".join(f"{name} VARCHAR(20)" for name in columns[start : start + together])
        text = f"CREATE TABLE w_{start} (id INT PRIMARY KEY, {named}) ENGINE = BLACKHOLE"
        yield Statement("keywords", text)


ENCODED = {
    "latin1": "größe façade Ñandú",
    "cp1251": "таблица заказов",
    "greek": "παραγγελία",
    "hebrew": "הזמנה",
    "gbk": "订单表",
    "gb18030": "订单表",
    "big5": "訂單",
    "sjis": "注文表示",
    "ujis": "注文",
    "euckr": "주문",
    "tis620": "สั่ง",
}
"""Character sets of connections, and a name in each."""


def of_charsets() -> Iterator[Statement]:
    """Yield statements whose bytes are not UTF-8: MySQL logs them unchanged."""
    for charset, name in ENCODED.items():
        column = f"`{name}` VARCHAR(9) DEFAULT '{name[:2]}' COMMENT '{name}'"
        text = f"CREATE TABLE `{name} {charset}` (id INT, {column}) COMMENT '{name}'"
        yield Statement("charsets-of-connections", text, charset=charset)
        url = f"CREATE TABLE `{name} url {charset}` (id INT, url INT COMMENT '{name}')"
        yield Statement("charsets-of-connections", url, charset=charset)


def of_lengths() -> Iterator[Statement]:
    """Yield statements that are very long, very wide or very deep."""
    columns = ", ".join(f"column_number_{n} INT COMMENT 'c'" for n in range(300))
    parts = ", ".join(f"PARTITION p{n} VALUES LESS THAN ({n})" for n in range(30))
    values = ", ".join(f"'{n:0>30}'" for n in range(500))
    deep = "(" * 60 + "a" + ")" * 60
    sums = " + ".join(["a"] * 1500)
    calls = "ABS(" * 60 + "a" + ")" * 60
    texts = [
        f"CREATE TABLE l_wide ({columns})",
        f"CREATE TABLE l_partitions (a INT) PARTITION BY RANGE (a) ({parts})",
        f"CREATE TABLE l_enum (a ENUM({values}))",
        f"CREATE TABLE l_comment (a INT) COMMENT '{'x' * 2048}' /* {'y' * 500_000} */",
        f"CREATE TABLE l_deep (a INT, b INT AS ({deep}))",
        f"CREATE TABLE l_sums (a BIGINT, b BIGINT AS ({sums}))",
        f"CREATE TABLE l_calls (a INT, b INT AS ({calls}))",
        f"CREATE TABLE l_blanks (a INT{' ' * 100_000}, url INT)",
        f"CREATE TABLE l_lines (a INT,{chr(10) * 10_000}url INT)",
        f"CREATE VIEW l_union AS {' UNION ALL '.join(f'SELECT {n} AS n' for n in range(300))}",
        f"CREATE PROCEDURE l_procedure () BEGIN {'SET @url = 1; ' * 3000} END",
        f"DROP TABLE IF EXISTS {', '.join(f'l_nowhere_{n}' for n in range(300))}",
    ]
    for text in texts:
        yield Statement("lengths", text)

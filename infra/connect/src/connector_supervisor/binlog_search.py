"""Find the statement in the binary log that changed a table."""

import re
from collections.abc import Collection

from connector_supervisor.mysql_source import Position, Session

BATCH = 5_000  # events of the binary log that are read at once
SEARCHED = 200_000  # events at most, some seconds' work for the server
OF_A_TABLE = re.compile(r"(ALTER|RENAME|DROP|CREATE)\s+(\w+\s+)*?TABLES?\b", re.IGNORECASE)
COMMENTS = re.compile(r"^(\s*/\*.*?\*/)+\s*", re.DOTALL)
TAIL = re.compile(r"\s*/\*\s*xid=\d+\s*\*/\s*$")
USE = re.compile(r"^use `(?:[^`]|``)*`; ")
LONGEST = 300  # characters of a statement in a metric, a log line and an alert


async def newest_ddl(
    mysql: Session, table: str, since: Position | None, parsed: Collection[str]
) -> str | None:
    """Return the newest statement in the binary log that changed the table, after `since`.

    parsed: statements that the connector did parse, whitespace collapsed. None if there is none
    among the newest SEARCHED events.
    """
    named = re.compile(rf"\b{re.escape(table.split('.', 1)[1])}\b", re.IGNORECASE)
    files = [row["Log_name"] for row in await mysql.rows("SHOW BINARY LOGS")]
    left = SEARCHED
    for file in reversed(files):
        if left <= 0 or (since and file < since.file):
            return None
        start = since.offset if since and file == since.file else 4
        found, read = await _changes_in(mysql, file, start, named, left)
        if unparsed := [one for one in found if one not in parsed]:
            return unparsed[-1][:LONGEST]
        left -= read
    return None


async def _changes_in(
    mysql: Session, file: str, start: int, named: re.Pattern[str], most: int
) -> tuple[list[str], int]:
    """Return the statements of a binary log file, and the number of events read."""
    found, read = list[str](), 0
    while read < most:
        query = f"SHOW BINLOG EVENTS IN %s FROM {start:d} LIMIT {BATCH:d}"
        rows = await mysql.rows(query, [file])
        queries = (row["Info"] for row in rows if row["Event_type"] == "Query")
        plain = (COMMENTS.sub("", USE.sub("", TAIL.sub("", one))) for one in queries)
        found += [" ".join(s.split()) for s in plain if OF_A_TABLE.match(s) and named.search(s)]
        read += len(rows)
        if len(rows) < BATCH:
            break
        start = rows[-1]["End_log_pos"]
    return found, read

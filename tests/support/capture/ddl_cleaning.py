"""Removal of what the corpus of statements left on a server."""

from collections.abc import Iterator
from contextlib import closing

from tests.support.capture.ddl_runs import Server

SCHEMA = "information_schema"
TABLES = f"table_name FROM {SCHEMA}.tables WHERE table_type = 'BASE TABLE' AND table_schema"
ROUTINES = f"routine_name FROM {SCHEMA}.routines WHERE routine_type = '%s' AND routine_schema"
LISTS = (
    ("VIEW", 100, f"table_name FROM {SCHEMA}.views WHERE table_schema"),
    ("TABLE", 100, TABLES),
    ("EVENT", 1, f"event_name FROM {SCHEMA}.events WHERE event_schema"),
    ("PROCEDURE", 1, ROUTINES % "PROCEDURE"),
    ("FUNCTION", 1, ROUTINES % "FUNCTION"),
)
"""What a database has: its kind, how many one DROP takes, and the query for their names."""


def cleaned(server: Server, database: str, keep: set[str]) -> None:
    """Remove what the corpus left on the server, and all but these tables in a database."""
    with closing(server.connected(database)) as session, session.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for statement in [*_drops_in(server, database, keep), *_drops_of_server(server)]:
            cursor.execute(statement)


def _drops_in(server: Server, database: str, keep: set[str]) -> Iterator[str]:
    for kind, of, query in LISTS:
        names = [
            name for (name,) in server.rows(f"SELECT {query} = %s", [database]) if name not in keep
        ]
        quoted = [f"`{name.replace('`', '``')}`" for name in names]
        for start in range(0, len(quoted), of):
            yield f"DROP {kind} {', '.join(quoted[start : start + of])}"


def _drops_of_server(server: Server) -> Iterator[str]:
    for user, host in server.rows("SELECT user, host FROM mysql.user WHERE user LIKE 'corpus%'"):
        yield f"DROP USER '{user}'@'{host}'"
    spaces = "SELECT name FROM information_schema.innodb_tablespaces WHERE name LIKE 'corpus%'"
    for (name,) in server.rows(spaces):
        yield f"DROP TABLESPACE {name}"

"""Suspected difference between a table and the connector's structure of it, until confirmed.

The statement that made it may still be unread in the binary log. It is confirmed once the connector
has read past the position at which the difference was seen, or refuses a row.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from connector_supervisor.binlog_search import newest_ddl
from connector_supervisor.captured_table import Mismatch
from connector_supervisor.kafka_connect import Progress
from connector_supervisor.known_failures import Healing
from connector_supervisor.mysql_source import Position, Session


@dataclass(slots=True)
class Suspicion:
    """A difference; gtids: MySQL's transactions when it was first seen."""

    found: Mismatch
    gtids: str
    certain: Mismatch | None = None
    """The difference with its statement."""

    async def settle(
        self,
        mysql: Session,
        progress: Progress,
        trusted: Position | None,
        parsed: Collection[str],
    ) -> None:
        """Decide from the connector's progress; trusted, parsed: see newest_ddl."""
        refuses = any(cause.healing is Healing.SNAPSHOT for cause in progress.causes)
        if refuses or (progress.gtids and await mysql.has_read(progress.gtids, self.gtids)):
            statement = await newest_ddl(mysql, self.found.table, trusted, parsed)
            self.certain = replace(self.found, statement=statement)

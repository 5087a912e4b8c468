"""A difference between a table and what the connector knows of it, until it is certain.

The statement that made it may still wait in the binary log. It does not once the connector has
read past the moment at which the difference was seen, or refuses a row.
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
    """gtids: MySQL's transactions when the difference was first seen."""

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
        """Decide from how far the connector is; trusted, parsed: see newest_ddl."""
        refuses = any(cause.healing is Healing.SNAPSHOT for cause in progress.causes)
        if refuses or (progress.gtids and await mysql.has_read(progress.gtids, self.gtids)):
            statement = await newest_ddl(mysql, self.found.table, trusted, parsed)
            self.certain = replace(self.found, statement=statement)

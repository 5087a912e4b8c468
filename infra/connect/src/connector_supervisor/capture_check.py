"""Check every few seconds that the connector can read what MySQL writes.

It compares MySQL's settings with those that capture requires, and the columns of each captured
table with those that the connector knows.
"""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from prometheus_client import Counter, Gauge

from chassis.pauses import every
from chassis.problems import Unavailable
from connector_supervisor.captured_table import Column, Mismatch, compared
from connector_supervisor.kafka_connect import Connector
from connector_supervisor.mysql_settings import Finding, findings
from connector_supervisor.mysql_source import MySQLSource, Position
from connector_supervisor.schema_history import SchemaHistory
from connector_supervisor.suspicion import Suspicion

EVERY = 5.0  # seconds between two checks

UNSAFE = Gauge(
    "mysql_setting_unsafe",
    "1 for each MySQL setting that capture depends on and that has an unsafe value.",
    ["setting", "value", "required"],
)
MISMATCH = Gauge(
    "captured_table_mismatch",
    "1 for each captured table with columns that the connector does not know.",
    ["table", "difference", "statement"],
)
FAILING = Gauge("capture_check_failing", "1 while settings and tables cannot be checked.")
CHECKS = Counter("capture_checks_total", "Completed checks of settings and tables.")
log = structlog.get_logger()


class CaptureCheck:
    """Component; ready while every setting and every table is as the connector needs it.

    A connector that would publish values under wrong names is paused.
    """

    name = "capture check"

    def __init__(
        self,
        mysql: MySQLSource,
        history: SchemaHistory,
        connector: Connector,
        tables: Sequence[str],
    ) -> None:
        self._mysql = mysql
        self._history = history
        self._connector = connector
        self._tables = tables
        self._suspicions: dict[str, Suspicion] = {}
        self._trusted: Position | None = None
        self._trouble: str | None = "not checked yet"
        self._draining = asyncio.Event()
        self.findings: list[Finding] = []

    @property
    def mismatches(self) -> list[Mismatch]:
        """Return the confirmed differences."""
        return [one.certain for one in self._suspicions.values() if one.certain]

    async def ready(self) -> None:
        """Raise Unavailable with every finding, or with the reason why nothing can be checked."""
        if reasons := self._reasons():
            raise Unavailable("; ".join(reasons))

    async def serve(self) -> None:
        async for _ in every(EVERY, self._draining):
            before = self._reasons()
            try:
                await self._check()
                self._trouble = None
                CHECKS.inc()
            except Unavailable as error:
                self._trouble = str(error)
            if (reasons := self._reasons()) != before:
                log.warning("capture check failed", reasons=reasons)
            self._export()

    async def drain(self) -> None:
        self._draining.set()
        await self._history.close()

    def _reasons(self) -> list[str]:
        found = [self._trouble] if self._trouble else []
        return found + [str(one) for one in (*self.findings, *self.mismatches)]

    async def _check(self) -> None:
        async with self._mysql.session() as mysql:
            self.findings = findings(await mysql.settings())
            before = await mysql.position()
            columns = {table: await mysql.columns(table) for table in self._tables}
            after = await mysql.position()
        if before and after:
            await self._compare(columns, after)
            if not self._suspicions:
                self._trusted = before

    async def _compare(self, columns: Mapping[str, Sequence[Column]], now: Position) -> None:
        progress = await self._connector.progress() if self._suspicions else None
        await self._history.read()  # after the progress, so it is at least as new
        for table, there in columns.items():
            found = compared(table, there, self._history.columns(table))
            suspicion = self._suspicions.get(table)
            if found is None:
                self._suspicions.pop(table, None)
            elif suspicion is None or suspicion.found != found:
                self._suspicions[table] = Suspicion(found, now.gtids)
            elif progress and not suspicion.certain:
                async with self._mysql.session() as mysql:
                    await suspicion.settle(mysql, progress, self._trusted, self._history.statements)
        if progress and progress.gtids and progress.runs:
            await self._pause_misreading()

    async def _pause_misreading(self) -> None:
        """Prevent publishing under wrong names; without an offset a snapshot follows anyway."""
        if misread := [str(one) for one in self.mismatches if one.misreads]:
            log.error("connector paused", reasons=misread)
            await self._connector.pause()

    def _export(self) -> None:
        FAILING.set(self._trouble is not None)
        UNSAFE.clear()
        for finding in self.findings:
            need = finding.requirement
            UNSAFE.labels(need.name, finding.value, need.required).set(1)
        MISMATCH.clear()
        for one in self.mismatches:
            MISMATCH.labels(one.table, one.difference, one.statement or "not found").set(1)

"""Restore of the event store: the dump, completed from what was published since."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pymysql

from chassis.process.settings import load
from chassis.stores.kafka import brokers
from platform_setup import SetupError
from platform_setup.recovery import ledger, published
from platform_setup.recovery.completion import Row, complete
from platform_setup.recovery.connector import Connector
from platform_setup.recovery.event_store import EventStore, Gap, connected
from platform_setup.recovery.report import Report
from platform_setup.recovery.settings import Settings
from platform_setup.recovery.staging import Staging

AT_ONCE = 1000  # rows of a transaction


@dataclass(frozen=True, slots=True)
class Options:
    """Input of a restore. erased: files with ids of erased keys (`ledger`). lost_at: UTC."""

    dump: BinaryIO
    erased: Sequence[Path] = ()
    lost_at: datetime | None = None


def run(options: Options) -> None:
    """Restore, and print the report; raises SetupError. A run that failed can be repeated."""
    settings = load(Settings)
    try:
        with _connector(settings) as connector, closing(connected(settings)) as connection:
            store = EventStore(connection, settings.table)
            if store.exists(store.kept):
                print("restore: an earlier run has stored all rows; finishing it")
            else:
                _restore(settings, options, store, connector)
            # Its snapshot takes no lock, and reads its binlog position a moment after it began:
            # an event committed between the two would never be published.
            if connector:
                connector.resume()
                connector.wait_for_place()
            store.finish()
    except pymysql.MySQLError as error:
        code = error.args[0] if error.args else repr(error)
        raise SetupError(f"MySQL at {settings.mysql_host}: error {code}") from error
    if not settings.connect_url:
        print("restore: reset the connector's offsets and start it (docs/recovery.md)")


@contextmanager
def _connector(settings: Settings) -> Iterator[Connector | None]:
    if not settings.connect_url:
        yield None
        return
    with closing(Connector(settings.connect_url, settings.connector)) as connector:
        yield connector


def _restore(
    settings: Settings, options: Options, store: EventStore, connector: Connector | None
) -> None:
    if not store.exists(store.table):
        raise SetupError(f"table {store.table} does not exist: run `command-api migrate` first")
    report = Report(settings.table, settings.topic, options.lost_at)
    with closing(connected(settings)) as session:
        staging = Staging(session, settings.table)
        staging.prepare()
        report.from_dump = staging.load(options.dump)
        for erasures in ledger.read(options.erased):
            staging.add_erased(erasures)
        _refuse_overlap(staging)
        with _nothing_written(store, connector):
            asyncio.run(_read_topic(settings, staging, report))
            report.newest = staging.newest(options.lost_at)
            _fill(store, staging, settings, report)
            if connector:
                connector.reset()
            store.swap()
    print("\n".join(f"restore: {line}" for line in report.lines()))


def _refuse_overlap(staging: Staging) -> None:
    """Raise SetupError when the event store has users of the dump."""
    if overlap := staging.overlap():
        raise SetupError(
            f"the event store is not empty: {overlap} keys of the dump are in it already;"
            " nothing was changed"
        )


@contextmanager
def _nothing_written(store: EventStore, connector: Connector | None) -> Iterator[None]:
    """Prevent writes and publishing; restore the previous state if the block fails."""
    if connector:
        connector.stop()
    store.close()
    try:
        yield
    except BaseException:
        store.reopen()
        if connector:
            connector.resume()
        raise


async def _read_topic(settings: Settings, staging: Staging, report: Report) -> None:
    decode = published.decoder(settings.registry_url, settings.topic)
    reader = published.Reader(decode, staging.key, staging.columns())
    async for batch in published.read(brokers(settings), settings.topic, reader):
        staging.add_published(batch.events)
        staging.add_removed(batch.removed)
        staging.add_written(batch.written)
        report.unreadable += batch.unreadable


def _fill(store: EventStore, staging: Staging, settings: Settings, report: Report) -> None:
    """Store the completed history of each key, in transactions of about AT_ONCE rows."""
    store.prepare()
    shape, rows, gaps = store.shape(settings.erased_type), list[Row](), list[Gap]()
    for key, found in staging.found():
        done = complete(found, shape)
        report.count(found, done)
        rows += done.rows
        gaps += [(key, *gap) for gap in done.gaps]
        if len(rows) >= AT_ONCE:
            store.add(rows, gaps)
            rows, gaps = [], []
    store.add(rows, gaps)

"""Statements that Debezium could not parse, from the log of Kafka Connect."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.capture.ddl_runs import AROUND, Run, Server

# As Connect logs it, with the statement as in the binary log; it may have many lines.
IGNORED = re.compile(
    rb"Ignoring unparseable DDL statement '(.*?)' \(io\.debezium\.connector\.binlog\.Binlog",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class LogMark:
    """A position in a log, valid although the log may be rotated to .1 and .2 meanwhile."""

    log: Path
    inode: int
    offset: int

    @classmethod
    def at_the_end_of(cls, log: Path) -> "LogMark":
        return cls(log, log.stat().st_ino, log.stat().st_size)

    def since(self) -> bytes:
        """Return what was logged since; raise ValueError if it was deleted by rotation."""
        later = b""
        for file in (self.log, *(self.log.with_name(f"{self.log.name}.{n}") for n in (1, 2))):
            if file.stat().st_ino == self.inode:
                return file.read_bytes()[self.offset :] + later
            later = file.read_bytes() + later
        raise ValueError(f"{self.log} was rotated more than twice")


def unparsed(log: bytes) -> set[bytes]:
    """Return the statements that Debezium skipped, by Connect's log, as `comparable` gives them."""
    return set(map(comparable, IGNORED.findall(log)))


def comparable(text: bytes) -> bytes:
    """Return the part of a statement that is equal in both logs, whatever its character set."""
    return re.sub(rb"[^\x21-\x7e]+", b"", AROUND.sub(b"", text.strip()))


def not_parsed(server: Server, runs: Sequence[Run], skipped: set[bytes]) -> list[Run]:
    """Return the runs that left a statement in the binary log which Debezium skipped."""
    logged = [at for at, text in server.logged(runs) if comparable(text) in skipped]
    return [run for run in runs if any(run.begins <= at < run.ends for at in logged)]

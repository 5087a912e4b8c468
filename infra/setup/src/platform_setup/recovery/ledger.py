"""The ledger of erasures: ids of erased keys, in a file outside MySQL and Kafka.

Each line has an id, a space, and the publishing time (RFC 3339, UTC), but no name.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from platform_setup import SetupError

AT_ONCE = 1000  # lines


def read(files: Iterable[Path]) -> Iterator[Mapping[str, datetime]]:
    """Yield the erasures of these files in batches, times without the zone.

    A last line truncated by a crash is skipped: its erasure is read from the topic again.
    Raises SetupError for a file that is not a ledger.
    """
    for file in files:
        try:
            with file.open(encoding="ascii") as lines:
                whole = (line for line in lines if line.endswith("\n"))
                while some := dict(map(_entry, islice(whole, AT_ONCE))):
                    yield some
        except OSError as error:
            raise SetupError(f"{file}: {error.strerror}") from error
        except ValueError:
            raise SetupError(f"{file} is not a ledger of erasures") from None


def _entry(line: str) -> tuple[str, datetime]:
    key, at = line.split()
    return key, datetime.fromisoformat(at).astimezone(UTC).replace(tzinfo=None)

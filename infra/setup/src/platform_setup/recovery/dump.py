"""Statements of a dump, one at a time.

mysqldump writes each INSERT on one line, of about a megabyte at most (net_buffer_length), and ends
a whole dump with the comment `-- Dump completed`
(https://dev.mysql.com/doc/refman/8.4/en/mysqldump.html).
"""

from collections.abc import Iterator
from typing import BinaryIO

from platform_setup import SetupError

LONGEST = 64 * 1024 * 1024  # bytes of a line: max_allowed_packet of the server
END = b"-- Dump completed"


def inserts(file: BinaryIO, table: str) -> Iterator[bytes]:
    """Yield what follows the table's name in each INSERT into it; skip other statements.

    Raises SetupError at the end of a truncated dump.
    """
    wanted, is_whole = f"INSERT INTO `{table}` ".encode(), False
    while line := file.readline(LONGEST):
        if len(line) == LONGEST:
            raise SetupError(f"the dump has a line over {LONGEST} bytes: not from mysqldump")
        if line.startswith(wanted):
            yield line.removeprefix(wanted).rstrip().removesuffix(b";")
        is_whole = is_whole or line.startswith(END)
    if not is_whole:
        raise SetupError("the dump is truncated: it does not end with `-- Dump completed`")

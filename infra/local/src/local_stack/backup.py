"""The event store in a file, and out of it: all else is made from its rows (docs/recovery.md)."""

import os
import subprocess
from pathlib import Path

from local_stack import StackError
from local_stack.addresses import Addresses
from local_stack.software import Software

# One moment, while all runs; rows alone, for the schema is command-api's to make.
DUMP = (
    "--single-transaction", "--set-gtid-purged=OFF", "--no-create-info", "--no-tablespaces",
    "--skip-add-locks", "--skip-disable-keys", "--order-by-primary",
)  # fmt: skip
TABLE = "user_event"


def save(software: Software, addresses: Addresses, file: Path) -> None:
    """Every event of one moment, as SQL; raises StackError, and leaves no half of a file."""
    part = file.with_name(f"{file.name}.part")
    tool = client(software, addresses, "mysqldump")
    with part.open("wb") as out:
        done = subprocess.run(
            [*tool, *DUMP, addresses.mysql_database, TABLE],
            env=environment(addresses),
            stdout=out,
            stderr=subprocess.PIPE,
            check=False,
        )
    if done.returncode:
        part.unlink()
        raise StackError(f"mysqldump: {done.stderr.decode().strip()}")
    part.rename(file)


def restore(software: Software, addresses: Addresses, file: Path) -> None:
    """Put saved events into the event store; they go on to both views as any others do.

    Raises StackError at an event that is there already, or of a user who went on since: then the
    system is not as empty as docs/recovery.md has it, and nothing of that statement was stored.
    """
    if not file.exists():
        raise StackError(f"there is no file {file}")
    tool = [*client(software, addresses, "mysql"), addresses.mysql_database]
    with file.open("rb") as saved:
        done = subprocess.run(
            tool, env=environment(addresses), stdin=saved, stderr=subprocess.PIPE, check=False
        )
    if done.returncode:
        raise StackError(f"mysql: {done.stderr.decode().strip()}")


def client(software: Software, addresses: Addresses, program: str) -> list[str]:
    address = ["--protocol=tcp", f"--host={addresses.mysql_host}", f"--port={addresses.mysql_port}"]
    charsets = software.packages / "usr/share/mysql/charsets"
    # First: no file of this machine's is read.
    own = ["--no-defaults", "--user=root", f"--character-sets-dir={charsets}"]
    return [*software.unpacked(f"usr/bin/{program}"), *own, *address]


def environment(addresses: Addresses) -> dict[str, str]:
    """The password is in no command line, which all users of a machine may read."""
    return {"PATH": os.defpath, "MYSQL_PWD": addresses.password("root")}

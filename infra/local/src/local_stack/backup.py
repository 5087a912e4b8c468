"""Back up and restore the event store, from which everything else is derived (docs/recovery.md)."""

import os
import shutil
import subprocess
from pathlib import Path

from local_stack import StackError
from local_stack.addresses import Addresses
from local_stack.layout import Instance, erasures
from local_stack.software import Software
from local_stack.supervisor import BIN

# A consistent snapshot without locks. Rows only, since command-api creates the schema; with column
# names, for a table that has gained columns by then.
DUMP = (
    "--single-transaction", "--set-gtid-purged=OFF", "--no-create-info", "--no-tablespaces",
    "--complete-insert", "--skip-add-locks", "--skip-disable-keys", "--order-by-primary",
)  # fmt: skip
TABLE = "user_event"


def save(software: Software, addresses: Addresses, file: Path) -> None:
    """Save all events of one snapshot as SQL, and the ledger of erasures beside it.

    Raises StackError, and leaves no partial file.
    """
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
    if (ledger := erasures(Instance(addresses.instance))).exists():
        shutil.copyfile(ledger, part)
        part.rename(beside(file))


def beside(file: Path) -> Path:
    """Return the path of the ledger of erasures that was saved with a dump."""
    return file.with_name(f"{file.name}.erasures")


def restore(addresses: Addresses, file: Path, *options: str) -> str:
    """Restore saved events, completed with those published since; return the report.

    options: those of `platform-setup restore`. Raises StackError when the event store already has
    users of the dump, and when the restore fails; it can then be run again.
    """
    if not file.exists():
        raise StackError(f"no such file: {file}")
    ledgers = [erasures(Instance(addresses.instance)), beside(file)]
    erased = [f"--erased={ledger}" for ledger in ledgers if ledger.exists()]
    done = subprocess.run(
        [str(BIN / "platform-setup"), "restore", str(file), *erased, *options],
        env=restoring(addresses),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(done.stderr.strip())
    return done.stdout


def restoring(addresses: Addresses) -> dict[str, str]:
    """Return the settings of a restore of the users' event store."""
    settings = {
        "MYSQL_HOST": addresses.mysql_host,
        "MYSQL_PORT": str(addresses.mysql_port),
        "MYSQL_PASSWORD": addresses.password("root"),
        "KAFKA_BOOTSTRAP": addresses.kafka_bootstrap,
        "REGISTRY_URL": addresses.registry_url,
        "CONNECT_URL": addresses.connect_url,
    }
    return {"PATH": os.defpath} | {f"SETUP_RESTORE_{name}": v for name, v in settings.items()}


def client(software: Software, addresses: Addresses, program: str) -> list[str]:
    address = ["--protocol=tcp", f"--host={addresses.mysql_host}", f"--port={addresses.mysql_port}"]
    charsets = software.packages / "usr/share/mysql/charsets"
    # First, so that no option file of this machine is read.
    own = ["--no-defaults", "--user=root", f"--character-sets-dir={charsets}"]
    return [*software.unpacked(f"usr/bin/{program}"), *own, *address]


def environment(addresses: Addresses) -> dict[str, str]:
    """Pass the password here: command lines can be read by all users of a machine."""
    return {"PATH": os.defpath, "MYSQL_PWD": addresses.password("root")}

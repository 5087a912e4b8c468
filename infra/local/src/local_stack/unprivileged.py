"""A server that refuses to run as root runs as nobody there, without a capability.

Its own folders are given to nobody. It can read the rest as anybody can; only where a folder above
is closed to others, /root for instance, it keeps CAP_DAC_READ_SEARCH, which reads and never writes
(capabilities(7)).
"""

import os
import shutil
from pathlib import Path

NOBODY = 65534
DROPPED = ("--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs")
# The secure bit keeps the capability in force for access(2), by which Java asks if it may read.
READING = (
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
    "--securebits=+no_setuid_fixup",
)


def command(*needed: Path) -> list[str]:
    """What goes before the server's command; needed: files and folders that it must read."""
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv") or "setpriv"
    rights = DROPPED if all(map(is_open, needed)) else READING
    return [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *rights]


def is_open(path: Path) -> bool:
    """Whether anybody may read a file or a folder, and enter all folders above."""
    path = path.resolve()
    return bool(path.stat().st_mode & 0o004) and all(
        folder.stat().st_mode & 0o001 for folder in path.parents
    )


def own(*folders: Path) -> None:
    """Give the server its folders, with all that is in them."""
    if os.getuid() != 0:
        return
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)

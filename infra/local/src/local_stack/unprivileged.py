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


def command(own: Path, *needed: Path) -> list[str]:
    """What goes before the server's command; needed: what it must read besides its own folder."""
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv") or "setpriv"
    rights = DROPPED if can_enter(own) and all(map(is_open, needed)) else READING
    return [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *rights]


def is_open(path: Path) -> bool:
    """Whether anybody may read a file or list a folder."""
    return bool(path.stat().st_mode & 0o004) and can_enter(path)


def can_enter(path: Path) -> bool:
    """Whether anybody may enter all folders above."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def own(home: Path, *folders: Path) -> None:
    """Give the server its folders below home; the way to them can be entered, but not listed."""
    if os.getuid() != 0:
        return
    for folder in folders:
        for above in folder.parents:
            if above.is_relative_to(home):
                above.chmod(0o711)
        if folder.stat().st_uid != NOBODY:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)

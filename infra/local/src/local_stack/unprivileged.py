"""Run servers that refuse root as an unprivileged user, without capabilities.

The server's own folders belong to that user. It reads other files by their world permissions; only
where a parent folder is closed to others, such as /root, it keeps CAP_DAC_READ_SEARCH, which never
permits writing (capabilities(7)).
"""

import os
import shutil
from pathlib import Path

NOBODY = 65534
DROPPED = ("--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs")
# The secure bit keeps the capability effective for access(2), by which Java checks readability.
READING = (
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
    "--securebits=+no_setuid_fixup",
)


def command(own: Path, *needed: Path) -> list[str]:
    """Return the prefix of the server's command; needed: paths it reads besides its own folder."""
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv") or "setpriv"
    rights = DROPPED if can_enter(own) and all(map(is_open, needed)) else READING
    return [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *rights]


def is_open(path: Path) -> bool:
    """Return whether others may read the file or list the folder."""
    return bool(path.stat().st_mode & 0o004) and can_enter(path)


def can_enter(path: Path) -> bool:
    """Return whether others may enter all parent folders."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def own(home: Path, *folders: Path) -> None:
    """Give the server its folders below home; their parents can be entered, but not listed."""
    if os.getuid() != 0:
        return
    for folder in folders:
        for above in folder.parents:
            if above.is_relative_to(home):
                above.chmod(0o711)
        if folder.stat().st_uid != NOBODY:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)

"""Find the process that listens on a port, in Linux's /proc (proc(5)); elsewhere it is unknown."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"  # TCP_LISTEN in the column `st` of /proc/net/tcp
UNKNOWN = "a process that this user cannot inspect"


def holder(port: int) -> str:
    """Return `pid 4321, query-api` for the process that listens on a TCP port; else UNKNOWN."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in _processes() if sockets else ():
        if sockets & set(_open_files(process)):
            return f"pid {process.name}, {_program(process)}"
    return UNKNOWN


def _inodes(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        with suppress(OSError):  # no /proc, or no IPv6
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                    yield columns[9]


def _processes() -> Iterator[Path]:
    return (folder for folder in PROC.iterdir() if folder.name.isdigit())


def _open_files(process: Path) -> Iterator[str]:
    """Yield the targets of a process's file descriptors; none if inaccessible or exited."""
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                yield str(descriptor.readlink())


def _program(process: Path) -> str:
    """Return the program's name, without its arguments, which may contain a secret."""
    try:
        words = (process / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return "which has just exited"
    interpreter = Path(words[0]).name
    if not interpreter.startswith("python"):
        return interpreter or "unnamed"
    script = next((Path(word).name for word in words[1:] if word and word != "-m"), "")
    return interpreter if not script or script.startswith("-") else script

"""Several processes of one service behind its ports (decision 0057): start, replace, drain.

The supervisor opens all sockets, forks the workers and the process of the admin port, and waits for
signals; it runs no event loop and no thread, so it can fork at any time. Each worker has a socket
of its own on each port (SO_REUSEPORT): the kernel gives each new connection to one of them.
"""

import gc
import mmap
import os
import signal
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from chassis.process.listening import Address, inherit, listen, listen_internally

STOPS = {signal.SIGTERM, signal.SIGINT}
WATCHED = STOPS | {signal.SIGCHLD, signal.SIGALRM}
YOUNG = 5.0  # seconds; a process that ends sooner would end again and again
ADMIN = 0  # the number of the admin process; workers count from 1
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sockets:
    """The sockets of all processes."""

    admin: Mapping[Address, socket.socket]
    of_worker: Sequence[Mapping[Address, socket.socket]]
    """Each worker's sockets; in place of the admin port's it has a Unix socket."""
    internal: Sequence[str | bytes]
    """The addresses of those Unix sockets."""

    def keep(self, number: int) -> Mapping[Address, socket.socket]:
        """Close all sockets but those of one process, and return these."""
        for index, sockets in enumerate((self.admin, *self.of_worker)):
            if index != number:
                for one in sockets.values():
                    one.close()
        return (self.admin, *self.of_worker)[number]


class SharedCount:
    """A count in memory that forked processes share; one process adds to it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)

    @property
    def value(self) -> int:
        return int.from_bytes(self._memory[:], "big")

    def add(self, number: int) -> None:
        self._memory[:] = (self.value + number).to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class Role:
    """What a forked process does."""

    number: int
    internal: Sequence[str | bytes]
    """Addresses of the workers' own admin servers."""
    workers_end: int
    """A file descriptor: in the admin process it has ended once no worker runs."""
    replaced: SharedCount
    """How many processes were replaced."""

    @property
    def is_worker(self) -> bool:
        return self.number != ADMIN


def opened(host: str, ports: Mapping[str, Sequence[int]], workers: int) -> Sockets:
    """Listen on the ports for so many workers; raises CannotListen."""
    (admin,) = (port for name, (port,) in ports.items() if name.endswith("ADMIN_PORT"))
    public = [port for (port,) in ports.values() if port != admin]
    for port in public:
        listen(host, port).close()  # refused, unlike the sockets below, if anyone listens there
    of_worker = []
    for _ in range(workers):
        sockets = {(host, p): listen(host, p, backlog=1024, reuse_port=True) for p in public}
        of_worker.append(sockets | {(host, admin): listen_internally()})
    addresses = [one[(host, admin)].getsockname() for one in of_worker]
    return Sockets({(host, admin): listen(host, admin)}, of_worker, addresses)


def fork(sockets: Sockets, within: float) -> Role:
    """Fork all processes and return in each of them; the supervisor exits when all have ended.

    within: seconds in which a process that was asked to stop ends. The supervisor exits with 0
    after a graceful stop, and with 1 if a process failed then, or ended just after its start.
    """
    return Supervisor(sockets, within).run()


class Supervisor:
    """Watches the processes: the end of a pipe shows that the other side has ended."""

    def __init__(self, sockets: Sockets, within: float) -> None:
        self._sockets = sockets
        self._within = within
        self._running: dict[int, tuple[int, float]] = {}
        """Process id → the process's number, and when it was started."""
        self._supervisor_end, self._supervisor = os.pipe()
        self._workers_end, self._workers = os.pipe()
        self._replaced = SharedCount()
        self._is_failed = False

    def run(self) -> Role:
        """Return in each forked process; in the supervisor raise SystemExit."""
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        gc.collect()
        gc.freeze()  # pages with old objects stay shared
        missing = list(range(1 + len(self._sockets.of_worker)))
        while not self._is_failed:
            for number in missing:
                if role := self._fork(number):
                    return role
            if signal.sigwait(WATCHED) != signal.SIGCHLD or STOPS & signal.sigpending():
                break
            missing = [number for number, _ in self._ended()]
            self._replaced.add(len(missing))
        raise SystemExit(self._stopped())

    def _fork(self, number: int) -> Role | None:
        """Start a process; return its role in it, None in the supervisor."""
        pid = os.fork()
        if pid:
            self._running[pid] = number, time.monotonic()
            return None
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        os.close(self._supervisor)
        os.close(self._workers_end if number else self._workers)
        inherit(self._sockets.keep(number))
        threading.Thread(target=_end_with, args=(self._supervisor_end,), daemon=True).start()
        return Role(number, self._sockets.internal, self._workers_end, self._replaced)

    def _ended(self) -> list[tuple[int, int]]:
        """Return the number and the exit code of each process that has ended; log them."""
        found = []
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            number, started_at = self._running.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            found.append((number, code))
            self._is_failed |= time.monotonic() - started_at < YOUNG
            action = "stopping all" if self._is_failed else "replaced"
            log.error("process ended", process=number, pid=pid, exit_code=code, action=action)
        return found

    def _stopped(self) -> int | None:
        """Stop all processes gracefully; return the exit code."""
        for sockets in (self._sockets.admin, *self._sockets.of_worker):
            for one in sockets.values():
                one.close()  # the workers' own stay open until they drain
        os.close(self._workers)
        self._signal(signal.SIGTERM)
        signal.alarm(int(self._within) + 1)
        self._reap()
        while self._running:
            if signal.sigwait(WATCHED) == signal.SIGALRM:
                log.critical("processes did not stop in time", pids=list(self._running))
                self._is_failed = True
                self._signal(signal.SIGKILL)
            self._reap()
        return 1 if self._is_failed else None

    def _reap(self) -> None:
        while self._running and (found := os.waitpid(-1, os.WNOHANG))[0]:
            del self._running[found[0]]
            # SIGTERM: it had not begun to handle signals.
            graceful = {0, -signal.SIGTERM}
            self._is_failed |= os.waitstatus_to_exitcode(found[1]) not in graceful

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._running:
            os.kill(pid, number)


def _end_with(supervisor_end: int) -> None:
    """Kill this process when the supervisor has ended: a restarted one needs its ports."""
    os.read(supervisor_end, 1)
    os._exit(1)

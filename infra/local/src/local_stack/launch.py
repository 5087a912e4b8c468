"""Start programs and jobs in the order of their dependencies, as parallel as it allows."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path

from local_stack import StackError, control
from local_stack.layout import Instance
from local_stack.programs import Job, Program
from local_stack.supervisor import NO_WAIT, call, clean_environment

EVERY = 0.1
LAST_LINES = 15
Step = Program | Job
Report = Callable[[str, str, float], None]


class Launch:
    """One `up`; on failure it stops what it started."""

    def __init__(self, instance: Instance, report: Report) -> None:
        self._instance = instance
        self._report = report
        self._given_up = threading.Event()
        self._started: list[str] = []
        self._log_sizes: dict[str, int] = {}

    def run(self, steps: Sequence[Step]) -> None:
        """Return when every program is healthy and every job has succeeded.

        Raises StackError or KeyboardInterrupt, after stopping what was started here.
        """
        sorter = order(steps)
        by_name = {step.name: step for step in steps}
        with ThreadPoolExecutor(len(steps)) as pool:
            running: dict[Future[None], str] = {}
            try:
                while sorter.is_active():
                    for name in sorter.get_ready():
                        running[pool.submit(self._take, by_name[name])] = name
                    done, _ = wait(running, timeout=EVERY, return_when=FIRST_COMPLETED)
                    for future in done:
                        name = running.pop(future)
                        future.result()
                        sorter.done(name)
            except BaseException:
                self._given_up.set()
                wait(running)
                control.stop_all(self._instance, self._started)
                raise

    def _take(self, step: Step) -> None:
        began = time.monotonic()
        what = self._start(step) if isinstance(step, Program) else self._do(step)
        self._report(step.name, what, time.monotonic() - began)

    def _start(self, program: Program) -> str:
        if control.state(self._instance, program.name).is_up:
            self._wait_until_healthy(program)
            return "was running"
        program.prepare()
        next(self._moments(program.start_within))
        self._started.append(program.name)
        self._log_sizes[program.name] = size(self._instance.log(program.name))
        call(self._instance, "startProcess", program.name, NO_WAIT)
        self._wait_until_healthy(program)
        return "healthy"

    def _wait_until_healthy(self, program: Program) -> None:
        first_pid = 0
        for _ in self._moments(program.start_within):
            now = control.state(self._instance, program.name)
            first_pid = first_pid or now.pid
            if now.state == "BACKOFF" or not now.is_up or (now.pid and now.pid != first_pid):
                raise StackError(f"{program.name} exited while starting{self._words(program.name)}")
            try:
                program.healthy()
            except Exception as error:  # noqa: BLE001  each server's client has errors of its own
                last = error
            else:
                return
        raise StackError(
            f"{program.name} was not healthy after {program.start_within:.0f} s "
            f"({last}){self._words(program.name)}"
        )

    def _do(self, job: Job) -> str:
        log = self._instance.log(job.name)
        environment = clean_environment(self._instance) | job.environment
        with (
            log.open("w") as output,
            # In a session of its own: Ctrl-C reaches only this process, which then ends the job.
            subprocess.Popen(
                job.command, env=environment, stdout=output, stderr=output, start_new_session=True
            ) as process,
        ):
            try:
                any(process.poll() is not None for _ in self._moments(job.within))
            finally:
                process.kill()
        if process.returncode:
            how = "took too long" if process.returncode < 0 else "failed"
            raise StackError(f"the job {job.name} {how}{self._words(job.name)}")
        return "done"

    def _moments(self, within: float) -> Iterator[None]:
        """Yield every poll interval until the time is over; raise StackError on cancellation."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self._given_up.is_set():
                raise StackError("cancelled")
            yield
            self._given_up.wait(EVERY)

    def _words(self, name: str) -> str:
        log = self._instance.log(name)
        text = log.read_bytes()[self._log_sizes.get(name, 0) :].decode(errors="replace")
        lines = text.splitlines()[-LAST_LINES:]
        return "\n".join([f". Last lines of {log}:", *(f"  {line}" for line in lines)])


def order(steps: Sequence[Step]) -> TopologicalSorter[str]:
    """Return a sorter that yields a name once its dependencies are done."""
    sorter = TopologicalSorter({step.name: step.after for step in steps})
    sorter.prepare()
    return sorter


def size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0

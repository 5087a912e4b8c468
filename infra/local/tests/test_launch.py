"""A launch of real processes under a real supervisord; needs no server."""

import os
import signal
import sys
from collections.abc import Iterator

import psutil
import pytest

from chassis.testing import eventually
from local_stack import StackError, control, launch, layout, stack, supervisor
from local_stack.layout import Instance
from local_stack.programs import Job, Program

Steps = list[str]
STAY = "import time; print('here', flush=True); time.sleep(600)"
SLOW_TO_STOP = (
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: time.sleep(1) or exit());"
    "print('I take my time', flush=True); time.sleep(600)"
)
DIE = "print('the disk is on fire'); raise SystemExit(3)"


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run one supervisord for all tests: it takes 2 s to end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "ROOT", tmp_path_factory.mktemp("clone"))
        yield Instance("unit")
        control.shut_down(Instance("unit"))


@pytest.fixture
def instance(unit: Instance) -> Iterator[Instance]:
    yield unit
    if supervisor.is_running(unit):
        control.stop_all(unit, list(control.states(unit)))


def program(name: str, code: str, after: tuple[str, ...] = ()) -> Program:
    return Program(name, [sys.executable, "-c", code], after, healthy=lambda: None)


def unhealthy(name: str, code: str, within: float) -> Program:
    def refuse() -> None:
        raise ConnectionError("no answer")

    return Program(name, [sys.executable, "-c", code], (), healthy=refuse, start_within=within)


def job(name: str, code: str, after: tuple[str, ...] = ()) -> Job:
    return Job(name, [sys.executable, "-c", code], after, {})


def run(instance: Instance, *steps: Program | Job) -> Steps:
    """Return the names, in the order in which they were done."""
    done: Steps = []
    supervisor.ensure(instance, [step for step in steps if isinstance(step, Program)])
    launch.Launch(instance, lambda name, _what, _seconds: done.append(name)).run(steps)
    return done


def test_program_starts_after_its_dependencies(instance: Instance) -> None:
    first, last = program("first", STAY), program("last", STAY, after=("between",))
    assert run(instance, last, job("between", "", after=("first",)), first) == [
        "first", "between", "last",
    ]  # fmt: skip
    assert control.states(instance)["last"].is_up


def test_second_run_keeps_running_programs(instance: Instance) -> None:
    steps = (program("server", STAY), job("setup", ""))
    run(instance, *steps)
    before = control.state(instance, "server").pid
    run(instance, *steps)
    assert control.state(instance, "server").pid == before


def test_program_that_exits_at_start_is_reported_with_its_output_and_cleaned_up(
    instance: Instance,
) -> None:
    with pytest.raises(StackError, match=r"(?s)broken exited while starting.*disk is on fire"):
        run(instance, program("fine", STAY), unhealthy("broken", DIE, within=60))
    assert not any(state.is_up for state in control.states(instance).values())


def test_program_that_never_gets_healthy_times_out(instance: Instance) -> None:
    with pytest.raises(StackError, match=r"mute was not healthy after 2 s \(no answer\)"):
        run(instance, unhealthy("mute", STAY, within=2))


def test_program_inherits_only_java_options_of_the_shell(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    monkeypatch.setenv("MYSQL_PASSWORD", "of another system")
    for name in supervisor.COVERAGE:
        monkeypatch.delenv(name, raising=False)
    inherited = set(supervisor.clean_environment(instance))
    assert inherited == {"PATH", "LANG", "HOME", "PEOPLE_INSTANCE", "JDK_JAVA_OPTIONS"}


def test_failed_job_is_reported_with_its_output(instance: Instance) -> None:
    with pytest.raises(StackError, match=r"(?s)the job setup failed.*disk is on fire"):
        run(instance, program("server", STAY), job("setup", DIE, after=("server",)))


async def test_killed_program_is_restarted(instance: Instance) -> None:
    run(instance, program("server", STAY))
    killed = control.state(instance, "server").pid
    os.kill(killed, signal.SIGKILL)

    async def it_runs_again() -> None:
        assert control.state(instance, "server").pid not in (0, killed)

    await eventually(it_runs_again)


def test_shutdown_ends_processes_of_a_killed_supervisord(instance: Instance) -> None:
    run(instance, program("server", STAY))
    server = psutil.Process(control.state(instance, "server").pid)
    supervisord = psutil.Process(server.ppid())
    supervisord.kill()
    supervisord.wait(timeout=10)
    control.shut_down(instance)
    gone, _ = psutil.wait_procs([server], timeout=10)  # init may take its time to reap it
    assert gone == [server]


def test_unknown_program_lists_known_ones(instance: Instance) -> None:
    run(instance, program("server", STAY))
    with pytest.raises(StackError, match=r"no program 'sevrer'; known programs: server"):
        control.pid_of("unit", "sevrer")


async def test_second_shutdown_waits_for_the_first(instance: Instance) -> None:
    run(instance, program("server", SLOW_TO_STOP))
    server = psutil.Process(control.state(instance, "server").pid)

    async def it_is_ready() -> None:
        assert "I take my time" in instance.log("server").read_text()

    await eventually(it_is_ready)
    supervisor.call(instance, "shutdown")
    assert stack.running(instance) == []
    with pytest.raises(StackError, match="instance 'unit' is not running"):
        control.states(instance)
    control.shut_down(instance)
    assert not server.is_running()

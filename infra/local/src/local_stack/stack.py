"""Operations on an instance: up, down, clean, status."""

import fcntl
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from local_stack import (
    StackError,
    addresses,
    control,
    launch,
    output,
    preflight,
    supervisor,
    verifier,
)
from local_stack.addresses import (
    CANARY,
    CONSOLE,
    ERASURE_LEDGER,
    MORE_SERVICES,
    MORE_SUPERVISORS,
    SERVICES,
    SUPERVISOR,
    Addresses,
)
from local_stack.debian import this_distribution
from local_stack.jobs import jobs
from local_stack.layout import Instance, cache
from local_stack.programs import Context, Program
from local_stack.provision import is_provisioned, provision
from local_stack.servers import connector, servers
from local_stack.services import services
from local_stack.software import Software

# The programs that a rank needs to stop cleanly are in later ranks. MySQL takes 10 s while a
# connector that has gone still counts as connected, so the servers stop at the same time.
STOP_ORDER = (
    (CANARY, CONSOLE),
    (*SERVICES, SUPERVISOR, ERASURE_LEDGER, *MORE_SERVICES, *MORE_SUPERVISORS),
    ("connect", "registry", "opensearch", "mysql", "redis", "prometheus"),
    ("kafka",),
)


def fetch() -> Software:
    """Return the servers' programs, downloaded if missing. Raises StackError."""
    distribution = this_distribution()
    if not is_provisioned(distribution, cache()):
        preflight.check_provisioning(distribution, cache())
    return provision(distribution, cache())


def up(instance: Instance, *, with_services: bool) -> Addresses:
    """Start everything and wait for its health; on StackError, what was started is stopped."""
    software = fetch()
    with alone(instance):
        context = Context(instance, addresses.save(instance), software, supervisor.BIN)
        all_servers, all_services = servers(context), services(context)
        unwanted = [] if with_services else [one.name for one in all_services]
        wanted = all_servers if unwanted else all_servers + all_services
        if not supervisor.is_running(instance):
            control.shut_down(instance)  # processes left behind by a supervisord that was killed
        preflight.check_start(instance, [one.name for one in wanted], running(instance))
        write_environments(context)
        is_new = supervisor.ensure(instance, all_servers + all_services)
        try:
            control.stop_all(instance, unwanted)
            launch.Launch(instance, output.step).run([*wanted, *jobs(context)])
        except BaseException:
            if is_new:
                control.shut_down(instance)
            raise
        return context.addresses


def running(instance: Instance) -> list[str]:
    try:
        return [one.name for one in control.states(instance).values() if one.is_up]
    except StackError:
        return []


def write_environments(context: Context) -> None:
    """Write env/<program>.env: settings to run a program from an editor or a shell."""
    programs = [*services(context), connector.supervisor(context)]
    environments = {one.name: one.environment for one in programs} | verifier.environments(context)
    for name, environment in environments.items():
        file = context.instance.folder("env") / f"{name}.env"
        file.touch(mode=0o600)
        file.write_text("".join(f"{k}={v}\n" for k, v in environment.items()))


def down(instance: Instance) -> None:
    """Stop every program of the instance; keep its data."""
    with alone(instance):
        there = running(instance)
        for rank in STOP_ORDER:
            control.stop_all(instance, [name for name in there if kind(name) in rank])
        control.shut_down(instance)


def kind(program: str) -> str:
    """Return the server that a program belongs to: kafka for kafka-2."""
    name, _, number = program.rpartition("-")
    return name if number.isdigit() else program


def clean(instance: Instance) -> None:
    """Stop, and remove the instance's data, logs and passwords; downloads stay in the cache."""
    down(instance)
    shutil.rmtree(instance.home)
    shutil.rmtree(instance.socket_folder, ignore_errors=True)  # absent if the paths are short


def health_of_all(instance: Instance) -> dict[str, str]:
    """Return program → "healthy", or the reason why not; checked in parallel."""
    context = Context(instance, addresses.of(instance), fetch(), supervisor.BIN)
    up_now = set(running(instance))
    programs = [one for one in servers(context) + services(context) if one.name in up_now]
    with ThreadPoolExecutor(len(programs) or 1) as pool:
        answers = pool.map(health_of, programs)
    return dict(zip((one.name for one in programs), answers, strict=True))


def health_of(program: Program) -> str:
    try:
        program.healthy()
    except Exception as error:  # noqa: BLE001  each server's client has errors of its own
        return f"unhealthy: {str(error).splitlines()[0]}"
    return "healthy"


def logs(instance: Instance) -> list[str]:
    """Return the names of all programs and jobs that have a log."""
    return sorted(file.stem for file in (instance.home / "log").glob("*.log"))


@contextmanager
def alone(instance: Instance) -> Iterator[None]:
    """Lock the instance; raise StackError if another command is changing it."""
    with (instance.folder("run") / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                f"another command is changing instance {instance.name!r}: wait until it ends"
            ) from None
        yield

"""supervisord, one for each instance: its configuration, and calls over its socket."""

import http.client
import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any, cast

from supervisor.xmlrpc import SupervisorTransport

from local_stack import StackError
from local_stack.layout import Instance
from local_stack.programs import Program

BIN = Path(sys.executable).parent
MARK = "PEOPLE_INSTANCE"  # set in the environment of every process of an instance
JAVA_OPTIONS = "JDK_JAVA_OPTIONS"
COVERAGE = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_FILE")
ANSWER_WITHIN = 10.0
NO_WAIT = False  # last argument of startProcess and stopProcess

HEAD = """\
[supervisord]
logfile={home}/log/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={home}/run/supervisord.pid
childlogdir={home}/log
{user}
[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

# priority: programs stop in the reverse order of their start.
# startretries: supervisor gives up after so many starts in a row, and a projector must outlast a
# long outage of Kafka; the pauses grow by a second each time.
PROGRAM = """
[program:{name}]
command={command}
directory={home}
environment={environment}
priority={rank}
autostart=false
autorestart=true
startsecs=1
startretries=1000
stopwaitsecs={stop_within}
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""


def config(instance: Instance, programs: list[Program]) -> str:
    """Return the whole configuration, for programs in start order."""
    user = "user=root" if os.getuid() == 0 else ""
    head = HEAD.format(
        home=escaped(str(instance.home)), socket=instance.socket("supervisor"), user=user
    )
    return head + "".join(
        PROGRAM.format(
            name=program.name,
            rank=rank,
            command=escaped(shlex.join(program.command)),
            home=escaped(str(instance.home)),
            environment=environment(program.environment),
            stop_within=program.stop_within,
            log=escaped(str(instance.log(program.name))),
        )
        for rank, program in enumerate(programs)
    )


def environment(variables: dict[str, str]) -> str:
    return ",".join(f'{name}="{escaped(value)}"' for name, value in variables.items())


def escaped(value: str) -> str:
    """Escape a value for supervisor's configuration, where `%` begins an expansion."""
    return value.replace("%", "%%")


def ensure(instance: Instance, programs: list[Program]) -> bool:
    """Ensure that supervisord runs with these programs; return true if it was not running.

    A program whose configuration changed is stopped; its next start uses the new one.
    """
    file = instance.folder("run") / "supervisord.conf"
    file.touch(mode=0o600)
    file.write_text(config(instance, programs))
    # MySQL's socket has a shorter path, so it needs no other folder.
    instance.socket("supervisor").parent.mkdir(mode=0o700, exist_ok=True)
    if is_running(instance):
        update(instance)
        return False
    subprocess.run(
        [str(BIN / "supervisord"), "--configuration", str(file)],
        env=clean_environment(instance),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=ANSWER_WITHIN,
        check=False,  # a failure shows as no answer below
    )
    deadline = time.monotonic() + ANSWER_WITHIN
    while not is_running(instance):
        if time.monotonic() > deadline:
            raise StackError(f"supervisord does not answer: see {instance.log('supervisord')}")
        time.sleep(0.05)
    return True


def clean_environment(instance: Instance) -> dict[str, str]:
    """Return the environment of every process of an instance.

    It has the mark, and of the caller's shell only the options that `java` itself reads (its manual
    page, JDK_JAVA_OPTIONS) and what coverage.py sets for child processes (`make coverage`).
    """
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(Path.home()),
        MARK: str(instance.home),
        **{name: os.environ[name] for name in (JAVA_OPTIONS, *COVERAGE) if name in os.environ},
    }


def update(instance: Instance) -> None:
    ((added, changed, removed),) = call(instance, "reloadConfig")
    for name in (*reversed(changed), *removed):  # stop clients before servers
        call(instance, "stopProcessGroup", name)
        call(instance, "removeProcessGroup", name)
    for name in (*added, *changed):
        call(instance, "addProcessGroup", name)


def is_running(instance: Instance) -> bool:
    """Return whether supervisord answers, and is not about to end: then it refuses other calls."""
    try:
        return bool(call(instance, "getState")["statename"] == "RUNNING")
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return False


def call(instance: Instance, method: str, *arguments: Any) -> Any:
    """Call supervisor's XML-RPC interface; raise OSError if supervisord is not running."""
    transport = SupervisorTransport(serverurl=f"unix://{instance.socket('supervisor')}")
    with xmlrpc.client.ServerProxy(
        "http://supervisor", transport=cast(xmlrpc.client.Transport, transport)
    ) as server:
        return getattr(server.supervisor, method)(*arguments)

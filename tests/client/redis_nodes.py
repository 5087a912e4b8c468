"""A Redis Cluster for one test module: three masters, three replicas, nobody's password."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from free_ports import unused

from local_stack import stack
from local_stack.layout import INFRA
from local_stack.redis_cluster import form

HOST = "127.0.0.1"
SIZE = 6


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URLs of its nodes, with commas between."""
    software = stack.fetch()
    ports = unused(2 * SIZE)
    nodes = [f"{HOST}:{port}" for port in ports[:SIZE]]
    server = [*software.unpacked("usr/bin/redis-server"), str(INFRA / "redis" / "redis.conf")]
    with contextlib.ExitStack() as processes:
        for port, bus in zip(ports[:SIZE], ports[SIZE:], strict=True):
            home = folder / str(port)
            home.mkdir()
            own = ["--bind", HOST, "--port", str(port), "--cluster-port", str(bus)]
            cluster = ["--include", str(INFRA / "redis" / "cluster.conf"), "--dir", str(home)]
            process = subprocess.Popen([*server, *cluster, *own], stdout=subprocess.DEVNULL)
            processes.callback(process.wait)
            processes.callback(process.terminate)
        wait_for(ports[:SIZE])
        form(nodes, software.unpacked("usr/bin/redis-cli"))
        yield ",".join(f"redis://{node}" for node in nodes)


def wait_for(ports: list[int]) -> None:
    deadline = time.monotonic() + 30
    for port in ports:
        while True:
            try:
                socket.create_connection((HOST, port)).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

"""A Redis Cluster for one test module: three masters, three replicas, no passwords."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_stack import stack
from local_stack.layout import INFRA
from local_stack.redis_cluster import form
from tests.support.stack.free_ports import unused

HOST = "127.0.0.1"
SIZE = 6


@dataclass(frozen=True)
class Certificate:
    """Certificate of all nodes, which announce its host name: it covers no address."""

    name: str
    authority: Path
    file: Path
    key: Path

    @property
    def server(self) -> list[str]:
        return [
            *("--tls-cert-file", str(self.file), "--tls-key-file", str(self.key)),
            *("--tls-ca-cert-file", str(self.authority), "--tls-auth-clients", "no"),
            *("--tls-cluster", "yes", "--tls-replication", "yes"),
            *("--cluster-announce-hostname", self.name),
            *("--cluster-preferred-endpoint-type", "hostname"),
        ]


@contextmanager
def running(folder: Path, certificate: Certificate | None = None) -> Iterator[str]:
    """Yield the nodes' URLs, separated by commas; with a certificate they accept TLS only."""
    software = stack.fetch()
    ports = unused(2 * SIZE)
    nodes = [f"{HOST}:{port}" for port in ports[:SIZE]]
    redis_cli = software.unpacked("usr/bin/redis-cli")
    listens, url = ["--port"], f"redis://{HOST}"
    if certificate:
        redis_cli += ["--tls", "--cacert", str(certificate.authority)]
        listens, url = (
            [*certificate.server, "--port", "0", "--tls-port"],
            f"rediss://{certificate.name}",
        )
    server = [*software.unpacked("usr/bin/redis-server"), str(INFRA / "redis" / "redis.conf")]
    with contextlib.ExitStack() as processes:
        for port, bus in zip(ports[:SIZE], ports[SIZE:], strict=True):
            home = folder / str(port)
            home.mkdir()
            own = ["--bind", HOST, "--cluster-port", str(bus), *listens, str(port)]
            cluster = ["--include", str(INFRA / "redis" / "cluster.conf"), "--dir", str(home)]
            process = subprocess.Popen([*server, *cluster, *own], stdout=subprocess.DEVNULL)
            processes.callback(process.wait)
            processes.callback(process.terminate)
        wait_for(ports[:SIZE])
        form(nodes, redis_cli)
        yield ",".join(f"{url}:{port}" for port in ports[:SIZE])


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

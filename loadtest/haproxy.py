"""HAProxy in front of several processes of an API, as in compose and Kubernetes."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtest import wrk
from loadtest.reads import got

PORT = 18980
CONFIGURATION = """
global
    maxconn 2000
    nbthread 1
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    balance leastconn
listen api
    bind 127.0.0.1:{port}
{servers}
"""


@contextmanager
def before(ports: Sequence[int]) -> Iterator[str]:
    """Yield the URL that balances requests over these ports, while the block runs."""
    program, environment = wrk.program("haproxy", "usr/sbin")
    servers = "\n".join(f"    server api-{port} 127.0.0.1:{port}" for port in ports)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "haproxy.cfg"
        file.write_text(CONFIGURATION.format(port=PORT, servers=servers))
        started = subprocess.Popen(  # noqa: S603 - our own words
            [program, "-db", "-f", file], env=os.environ | environment
        )
        try:
            got(f"http://127.0.0.1:{PORT}/")
            yield f"http://127.0.0.1:{PORT}"
        finally:
            started.terminate()
            started.wait()

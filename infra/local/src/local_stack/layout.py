"""Paths, ports and sockets of an instance, and the cache of downloads."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local_stack.aggregates import Ports, read

ROOT = Path(__file__).resolve().parents[4]
INFRA = ROOT / "infra"
AGGREGATES = read(INFRA / "aggregates")
"""Aggregates beside users."""

PORTS: Ports = {
    "mysql": {"sql": 3306},
    "redis": {"redis": 6379, "bus": 6479},
    **{f"redis-{n}": {"redis": 6378 + n, "bus": 6478 + n} for n in range(2, 7)},
    "kafka": {"broker": 9092, "controller": 9093, "metrics": 9094},
    "kafka-2": {"broker": 9192, "controller": 9193, "metrics": 9194},
    "kafka-3": {"broker": 9292, "controller": 9293, "metrics": 9294},
    "opensearch": {"http": 9200, "transport": 9300},
    "opensearch-2": {"http": 9201, "transport": 9301},
    "opensearch-3": {"http": 9202, "transport": 9302},
    "registry": {"http": 8081, "management": 8082},
    "connect": {"http": 8083, "metrics": 8084},
    "command-api": {"http": 3000, "grpc": 1234, "admin": 9000},
    "query-api": {"http": 3001, "grpc": 1235, "admin": 9001},
    "search-api": {"http": 3002, "grpc": 1236, "admin": 9002},
    "redis-projector": {"admin": 9003},
    "search-projector": {"admin": 9004},
    "connector-supervisor": {"admin": 9005},
    "canary": {"admin": 9006},
    "console": {"http": 3003, "admin": 9007},
    "prometheus": {"http": 9090},
    "erasure-ledger": {},
    **{name: ports for aggregate in AGGREGATES for name, ports in aggregate.ports.items()},
}
"""Program → purpose → port, before the instance's offset."""

# sun_path of unix(7) holds 108 bytes; supervisor first binds to the name with ".<pid>" appended.
LONGEST_SOCKET_PATH = 96


@dataclass(frozen=True, slots=True)
class Topology:
    """Numbers of nodes: one, or three, which survive the loss of one."""

    brokers: int = 1
    redis_masters: int = 1
    """Three form a Redis Cluster, each with a replica."""
    opensearch_nodes: int = 1


ONE_OF_EACH = Topology()


@dataclass(frozen=True, slots=True)
class Instance:
    """A stack on this machine; two differ in name and port offset and share only downloads."""

    name: str = "dev"
    port_offset: int = 0
    form: Topology = ONE_OF_EACH

    def nodes(self, server: str) -> list[str]:
        """Return the programs of a server that may have several nodes, such as kafka, kafka-2."""
        masters = self.form.redis_masters
        counts = {
            "kafka": self.form.brokers,
            "redis": masters if masters == 1 else 2 * masters,
            "opensearch": self.form.opensearch_nodes,
        }
        return [server, *(f"{server}-{number}" for number in range(2, counts[server] + 1))]

    @property
    def home(self) -> Path:
        return ROOT / ".local" / self.name

    @property
    def addresses_file(self) -> Path:
        return self.home / "addresses.json"

    def port(self, program: str, purpose: str = "http") -> int:
        return PORTS[program][purpose] + self.port_offset

    def folder(self, *parts: str) -> Path:
        """Return a folder of this instance, created if missing, accessible by its owner only."""
        folder = self.home
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        for part in parts:
            folder = folder / part
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def log(self, name: str) -> Path:
        return self.folder("log") / f"{name}.log"

    def socket(self, name: str) -> Path:
        """Return a unix socket's path, in the temporary folder if the clone's path is too long."""
        path = self.home / "run" / f"{name}.sock"
        is_short = len(os.fsencode(path)) <= LONGEST_SOCKET_PATH
        return path if is_short else self.socket_folder / path.name

    @property
    def socket_folder(self) -> Path:
        """Folder in the temporary folder: `up` creates it if it is needed, `clean` removes it."""
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"people-{os.getuid()}-{digest}"


def erasures(instance: Instance) -> Path:
    """Return the path of the ledger of erasures (docs/recovery.md)."""
    return instance.home / "data" / "erasure-ledger" / "users"


def cache() -> Path:
    """Return the folder of downloads, shared by all clones and instances."""
    if given := os.environ.get("PEOPLE_CACHE"):
        return Path(given).resolve()
    if given := os.environ.get("XDG_CACHE_HOME"):
        return Path(given) / "people"
    return Path("/var/cache/people") if os.getuid() == 0 else Path.home() / ".cache" / "people"

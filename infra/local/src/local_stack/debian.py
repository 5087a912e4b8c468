"""Packages of MySQL, Redis, Prometheus and a browser, by distribution."""

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

from local_stack import StackError

OS_RELEASE = Path("/etc/os-release")
COMMON = ("redis-server", "prometheus")


@dataclass(frozen=True, slots=True)
class Architecture:
    """The names of a processor: Debian's, that of library folders, and the file that loads them."""

    debian: str
    triplet: str
    loader: str

    def libraries(self, content: Path) -> list[Path]:
        """The folders of unpacked libraries: newer releases ship /usr/lib, older ones /lib."""
        return [content / lib / self.triplet for lib in ("usr/lib", "lib")]


AMD64 = Architecture("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2")
ARM64 = Architecture("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1")
ARCHITECTURES = {"x86_64": AMD64, "aarch64": ARM64}  # by the name that uname(2) returns


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution, its suite, and packages of it for a processor."""

    id: str
    suite: str
    components: str
    architecture: Architecture
    packages: tuple[str, ...]
    present: tuple[str, ...] = ()
    """Packages not fetched, since the machine has them."""

    @property
    def keyring(self) -> Path:
        return Path(f"/usr/share/keyrings/{self.id}-archive-keyring.gpg")

    def folder(self, cache: Path) -> Path:
        """Return where the packages are unpacked; another list has another folder."""
        digest = hashlib.sha256(" ".join(self.packages).encode()).hexdigest()[:12]
        return cache / f"{self.id}-{self.suite}-{digest}"


def this_distribution() -> Distribution:
    """Return this machine's distribution; raise StackError if it is not supported."""
    return distribution(os_release(), platform.machine())


def os_release() -> dict[str, str]:
    """Return os-release(5) of this machine, or the system's name."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {"ID": platform.system()}


def distribution(os_release: dict[str, str], machine: str) -> Distribution:
    """The distribution of an os-release(5) file; raise StackError if it is none of ours."""
    name, architecture = os_release.get("ID", "unknown"), ARCHITECTURES.get(machine)
    if architecture and name == "debian":
        # Of Debian's suites only sid has MySQL.
        packages = ("mysql-server-core", "mysql-client-core", *COMMON)
        return Distribution("debian", "sid", "main", architecture, packages)
    if architecture and name == "ubuntu":
        packages = ("mysql-server-core-8.0", "mysql-client-core-8.0", *COMMON)
        suite = _suite(os_release)
        return Distribution("ubuntu", suite, "main universe", architecture, packages)
    raise StackError(
        f"the local stack has servers for Debian and Ubuntu on {' and '.join(ARCHITECTURES)}; "
        f"this is {name} on {machine}: use `docker compose up --build --wait`"
    )


def browser_packages(os_release: dict[str, str], machine: str) -> Distribution:
    """Return a headless browser of the machine's own suite, so that it runs on its own libc.

    Raises StackError where the distribution has no package: Ubuntu's is a snap.
    """
    architecture = ARCHITECTURES.get(machine)
    if architecture and os_release.get("ID") == "debian":
        packages, suite = ("chromium-headless-shell", "fonts-dejavu-core"), _suite(os_release)
        return Distribution("debian", suite, "main", architecture, packages, ("libc6",))
    raise StackError("tests need a browser, and this distribution has no package: install chromium")


def load_packages(os_release: dict[str, str], machine: str) -> Distribution:
    """Return load generators that use less CPU than k6 does, and a proxy.

    Raises StackError if the distribution is not supported.
    """
    name, architecture = os_release.get("ID", "unknown"), ARCHITECTURES.get(machine)
    if architecture and name in {"debian", "ubuntu"}:
        components = "main" if name == "debian" else "main universe"
        packages, suite = ("wrk", "nghttp2-client", "haproxy"), _suite(os_release)
        return Distribution(name, suite, components, architecture, packages, ("libc6",))
    raise StackError("benchmarks need wrk and h2load, which cannot be fetched: install them")


def _suite(os_release: dict[str, str]) -> str:
    return os_release["VERSION_CODENAME"]

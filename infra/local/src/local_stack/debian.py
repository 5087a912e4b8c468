"""Packages of MySQL, Redis, Prometheus and a browser, by distribution."""

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

from local_stack import StackError

OS_RELEASE = Path("/etc/os-release")
COMMON = ("redis-server", "prometheus")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution, its suite, and packages of it."""

    id: str
    suite: str
    components: str
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
    name = os_release.get("ID", "unknown")
    if machine == "x86_64" and name == "debian":
        # Of Debian's suites only sid has MySQL.
        return Distribution(
            "debian", "sid", "main", ("mysql-server-core", "mysql-client-core", *COMMON)
        )
    if machine == "x86_64" and name == "ubuntu":
        packages = ("mysql-server-core-8.0", "mysql-client-core-8.0", *COMMON)
        return Distribution("ubuntu", os_release["VERSION_CODENAME"], "main universe", packages)
    raise StackError(
        f"the local stack runs on Debian and Ubuntu on x86_64; this is {name} on {machine}. "
        "Use `docker compose up` here."
    )


def browser_packages(os_release: dict[str, str], machine: str) -> Distribution:
    """Return a headless browser of the machine's own suite, so that it runs on its own libc.

    Raises StackError where the distribution has no package: Ubuntu's is a snap.
    """
    if machine == "x86_64" and os_release.get("ID") == "debian":
        packages = ("chromium-headless-shell", "fonts-dejavu-core")
        return Distribution("debian", os_release["VERSION_CODENAME"], "main", packages, ("libc6",))
    raise StackError("tests need a browser, and this distribution has no package: install chromium")


def load_packages(os_release: dict[str, str], machine: str) -> Distribution:
    """Return load generators that use less CPU than k6 does, and a proxy.

    Raises StackError if the distribution is not supported.
    """
    if machine == "x86_64" and os_release.get("ID") in {"debian", "ubuntu"}:
        name, suite = os_release["ID"], os_release["VERSION_CODENAME"]
        components = "main" if name == "debian" else "main universe"
        return Distribution(
            name, suite, components, ("wrk", "nghttp2-client", "haproxy"), ("libc6",)
        )
    raise StackError("benchmarks need wrk and h2load, which cannot be fetched: install them")

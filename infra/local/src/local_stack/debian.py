"""Which packages hold MySQL, Redis and Prometheus, by distribution."""

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

from local_stack import StackError

OS_RELEASE = Path("/etc/os-release")
COMMON = ("redis-server", "prometheus")


@dataclass(frozen=True, slots=True)
class Distribution:
    """Whose packages, from which suite."""

    id: str
    suite: str
    components: str
    packages: tuple[str, ...]

    @property
    def keyring(self) -> Path:
        return Path(f"/usr/share/keyrings/{self.id}-archive-keyring.gpg")

    def folder(self, cache: Path) -> Path:
        """Where they lie unpacked; other packages are another folder."""
        digest = hashlib.sha256(" ".join(self.packages).encode()).hexdigest()[:12]
        return cache / f"{self.id}-{self.suite}-{digest}"


def this_distribution() -> Distribution:
    """What this machine runs; raise StackError if it is none of ours."""
    try:
        return distribution(platform.freedesktop_os_release(), platform.machine())
    except OSError:
        return distribution({"ID": platform.system()}, platform.machine())


def distribution(os_release: dict[str, str], machine: str) -> Distribution:
    """The distribution of an os-release(5) file; raise StackError if it is none of ours."""
    name = os_release.get("ID", "unknown")
    if machine == "x86_64" and name == "debian":
        # Of Debian's suites only sid has MySQL.
        return Distribution("debian", "sid", "main", ("mysql-server-core", *COMMON))
    if machine == "x86_64" and name == "ubuntu":
        packages = ("mysql-server-core-8.0", *COMMON)
        return Distribution("ubuntu", os_release["VERSION_CODENAME"], "main universe", packages)
    raise StackError(
        f"the local stack runs on Debian and Ubuntu on x86_64; this is {name} on {machine}. "
        "Use `docker compose up` here."
    )

"""Distribution packages, fetched and verified by apt, unpacked outside the system.

Needs no root and leaves the system unchanged: apt works on its own folders, with this machine's
mirror, proxy and keyring. Programs run through the unpacked loader and libraries.
"""

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from local_stack import StackError
from local_stack.debian import Distribution

# Packages needed only by install scripts are declared as installed.
STUBS = (
    "adduser", "debconf", "init-system-helpers", "lsb-base", "passwd", "perl", "perl-base",
    "procps", "sysvinit-utils",
)  # fmt: skip
STUB = """Package: {name}
Status: install ok installed
Architecture: amd64
Multi-Arch: allowed
Version: 9999
Maintainer: none <none@localhost>
Description: counts as present

"""
UPDATE_WITHIN = 180
DOWNLOAD_WITHIN = 900


def install(wanted: Distribution, cache: Path, progress: Callable[[float], None]) -> None:
    """Fetch and unpack the packages; call `progress` with the percentage. Raises StackError.

    apt keeps what it has downloaded, so an interrupted run resumes; names, versions and hashes
    of the packages are recorded in `manifest.txt`.
    """
    part = wanted.folder(cache).with_suffix(".part")
    lay_out(part, wanted)
    options = apt_options(part)
    apt([*options, "update"], UPDATE_WITHIN)
    apt(
        [*options, "--yes", "--download-only", "--no-install-recommends", "install",
         *wanted.packages],
        DOWNLOAD_WITHIN, progress,
    )  # fmt: skip
    shutil.rmtree(part / "content", ignore_errors=True)
    packages = sorted((part / "archives").glob("*.deb"))
    for package in packages:
        run(["dpkg-deb", "--extract", str(package), str(part / "content")])
    (part / "manifest.txt").write_text("".join(manifest_line(package) for package in packages))
    part.rename(wanted.folder(cache))


def lay_out(part: Path, wanted: Distribution) -> None:
    for folder in ("state/lists/partial", "archives/partial", "empty", "content"):
        (part / folder).mkdir(parents=True, exist_ok=True)
    (part / "status").write_text(
        "".join(STUB.format(name=name) for name in (*STUBS, *wanted.present))
    )
    (part / "sources.list").write_text(
        f"deb [signed-by={wanted.keyring} arch=amd64] {mirror(wanted.id)} {wanted.suite} "
        f"{wanted.components}\n"
    )


def mirror(name: str) -> str:
    """Return the mirror that this machine's apt uses; raise StackError if it has none."""
    sites = run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"])
    candidates = [site for site in sites.splitlines() if "security" not in site]
    if not candidates:
        raise StackError("apt has no mirror: add a `deb` entry to /etc/apt/sources.list.d")
    return next((site for site in candidates if site.rstrip("/").endswith(name)), candidates[0])


def apt_options(part: Path) -> list[str]:
    options = {
        "Dir::State": part / "state",
        "Dir::State::status": part / "status",
        "Dir::Cache": part,
        "Dir::Cache::archives": part / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Etc::sourcelist": part / "sources.list",
        "Dir::Etc::sourceparts": part / "empty",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": part / "empty",
        "Dir::Log": part,
        "APT::Architecture": "amd64",
        "APT::Architectures": "amd64",
        "APT::Sandbox::User": "",
        "APT::Get::AllowUnauthenticated": "false",
        "APT::Get::List-Cleanup": "false",
        "APT::Status-Fd": "1",
        "APT::Update::Error-Mode": "any",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return ["-qq", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]


def apt(
    arguments: list[str], within: float, progress: Callable[[float], None] | None = None
) -> None:
    """Run apt-get; raise StackError with its error message if it fails or takes too long."""
    with subprocess.Popen(
        # Killed when this process ends, for whatever reason, so that its lock is released.
        ["setpriv", "--pdeathsig", "KILL", "apt-get", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        overdue = threading.Timer(within, process.kill)
        overdue.start()
        try:
            for line in process.stdout or ():
                kind, _, rest = line.partition(":")
                if progress and kind == "dlstatus":
                    progress(float(rest.split(":")[1]))
            words = (process.stderr.read() if process.stderr else "").strip()
        finally:
            overdue.cancel()
    if process.returncode:
        errors = [line for line in words.splitlines() if line.startswith("E:")]
        reason = errors[0] if errors else words or f"timed out after {within:.0f} s"
        raise StackError(f"apt-get: {reason}")


def manifest_line(package: Path) -> str:
    with package.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return f"{digest} {package.stem}\n"


def run(command: list[str]) -> str:
    try:
        ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    except subprocess.CalledProcessError as error:
        raise StackError(f"{command[0]}: {error.stderr.strip()}") from error
    return ended.stdout

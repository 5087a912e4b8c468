"""Remove one safeguard at a time in a copy of the project: the suite must detect each.

Each patch in mutants/ names in its first line the scenario that covers the safeguard:
`Watched by: tests/chaos/test_x.py::test_y`, then options of pytest. Exits 1 if one is not detected.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support.project_files import ROOT, project_files

COPY = ROOT / ".local" / "mutants"
PATCHES = Path(__file__).with_name("mutants")
TIMEOUT = 900.0  # seconds for one scenario, including the start of the servers
STACK = ["--instance", "test", "--port-offset", "10000"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A patch, and the scenario that must detect it."""

    file: Path

    @property
    def watched_by(self) -> list[str]:
        return self.file.read_text().splitlines()[0].removeprefix("Watched by: ").split()


def main() -> None:
    """Try the mutants that the arguments name, or all."""
    wanted = [Mutant(file) for file in sorted(PATCHES.glob("*.patch"))]
    if names := sys.argv[1:]:
        wanted = [mutant for mutant in wanted if mutant.file.stem in names]
    survived = []
    for mutant in wanted:
        began = time.monotonic()
        fresh_copy()
        run("git", "apply", str(mutant.file))
        seen = is_seen(mutant)
        survived += [] if seen else [mutant.file.stem]
        word = "detected" if seen else "NOT DETECTED"
        print(f"{mutant.file.stem:32} {word:12} {time.monotonic() - began:4.0f} s", flush=True)
    if survived:
        sys.exit(f"not detected: {', '.join(survived)}")


def fresh_copy() -> None:
    """Copy the current project, with its own virtual environment and no running stack."""
    COPY.mkdir(parents=True, exist_ok=True)
    if (COPY / ".venv" / "ready").exists():
        run(".venv/bin/local-stack", "clean", *STACK)
    for there in COPY.iterdir():
        if there.name not in {".venv", ".local"}:
            remove(there)
    for name in project_files():
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, COPY / name)
    run("make", f"UV={ROOT / '.venv' / 'bin' / 'uv'}", ".venv/ready")


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def is_seen(mutant: Mutant) -> bool:
    """Return whether the scenario fails, and not because of a failed start or stop."""
    log_file = COPY.parent / "chaos" / f"mutant-{mutant.file.stem}.log"
    log_file.parent.mkdir(exist_ok=True)
    with log_file.open("w") as log:
        subprocess.run(
            [".venv/bin/pytest", "-q", "-x", *mutant.watched_by],
            cwd=COPY,
            check=False,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
        )
    lines = log_file.read_text().splitlines()
    return any(line.startswith("FAILED") for line in lines) and not any(
        line.startswith("ERROR") for line in lines
    )


def run(*command: str) -> None:
    subprocess.run(command, cwd=COPY, check=True, timeout=TIMEOUT)


if __name__ == "__main__":
    main()

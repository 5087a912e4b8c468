"""Coverage-guided fuzzing of the decoders: `make fuzz MINUTES=10`.

Atheris, which is libFuzzer for Python, has wheels for Linux on x86-64 only.
A failing input is written to .local/fuzz/<target>/finds; the corpus grows in
.local/fuzz/<target>/corpus, from which fuzz_corpus.py selects inputs for the repository.
"""

import argparse
import subprocess
import sys
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.component.fuzz import fuzz_inputs
from tests.component.fuzz.fuzz_inputs import CORPUS, REGRESSIONS, TARGETS

WORK = Path(".local/fuzz")
INSTRUMENTED = ["http2", "chassis", "projections", "command_api", "query_api", "search_api"]
INSTRUMENTED += ["redis_projector", "search_projector", "user_contracts"]
INSTRUMENTED += ["grpclib", "betterproto", "hpack"]
LARGEST = 4_096  # bytes of an input
FLAGS = [f"-max_len={LARGEST}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]


def main() -> int:
    """Run the targets in turn, or one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []])
    parser.add_argument("--minutes", type=float, default=1.0, help="total time of all targets")
    parser.add_argument("--inside", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside is not None:
        fuzz(options.targets[0], options.inside)
    targets: Sequence[str] = options.targets or TARGETS
    seconds = int(options.minutes * 60 / len(targets))
    return max(1 if _run(name, seconds) else 0 for name in targets)


def fuzz(name: str, flags: Sequence[str]) -> None:
    """Run the fuzzer; never returns."""
    import atheris  # noqa: PLC0415 - there are no wheels for every platform

    with atheris.instrument_imports(include=INSTRUMENTED):
        target = fuzz_inputs.target(name)

    def run(data: bytes) -> None:
        try:
            target.run(data)
        except BaseException:
            (WORK / name / "finds" / sha256(data).hexdigest()[:16]).write_bytes(data)
            sys.stderr.write(f"find, in base64: {b64encode(data).decode()}\n")
            raise

    options: dict[str, Any] = {}
    if hasattr(target, "mutate"):

        def mutate(data: bytes, most: int, seed: int) -> bytes:
            changed: bytes = target.mutate(bytes(data), most, seed, atheris.Mutate)
            return changed[:most]

        options["custom_mutator"] = mutate
    atheris.Setup([sys.argv[0], *flags], run, **options)
    atheris.Fuzz()


def _run(name: str, seconds: int) -> int:
    corpus, finds = WORK / name / "corpus", WORK / name / "finds"
    for directory in (corpus, finds, CORPUS / name):
        directory.mkdir(parents=True, exist_ok=True)
    for file, data in fuzz_inputs.target(name).seeds().items():
        (corpus / f"seed-{file}").write_bytes(data)
    known = [str(one) for one in (CORPUS / name, REGRESSIONS / name) if one.exists()]
    flags = [*FLAGS, f"-artifact_prefix={finds}/"]
    flags += [f"-max_total_time={seconds}", str(corpus), *known]
    command = [sys.executable, "-m", "tests.component.fuzz.fuzz_runner", name, "--inside", *flags]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

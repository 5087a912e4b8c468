"""Reduction of a corpus to the smallest inputs with the same line and branch coverage.

    .venv/bin/python -m tests.component.fuzz.fuzz_corpus TARGET

Reads .local/fuzz/<target>/corpus and adds to tests/component/fuzz/corpus/<target>.
"""

import argparse
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

from tests.component.fuzz import fuzz_inputs
from tests.component.fuzz.fuzz_inputs import CORPUS, TARGETS

WORK = Path(".local/fuzz")
READ = ("/src/", "/hpack/", "/grpclib/")
"""Lines of files with these names are counted."""
Way = tuple[str, int, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    name = parser.parse_args().target
    run = fuzz_inputs.target(name).run
    reached: set[Way] = set()
    for _, data in fuzz_inputs.kept(name):
        reached |= ways(run, data)
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    learnt = [file.read_bytes() for file in (WORK / name / "corpus").iterdir()]
    for data in sorted(learnt, key=len):
        if not (found := ways(run, data)) <= reached:
            reached |= found
            (CORPUS / name / sha256(data).hexdigest()[:16]).write_bytes(data)


def ways(run: Callable[[bytes], None], data: bytes) -> set[Way]:
    """Return the transitions from line to line that an input covers."""
    found: set[Way] = set()

    def enter(frame: FrameType, _event: str, _argument: Any) -> Any:
        file, last = frame.f_code.co_filename, 0

        def step(frame: FrameType, _event: str, _argument: Any) -> Any:
            nonlocal last
            found.add((file, last, frame.f_lineno))
            last = frame.f_lineno
            return step

        return step if any(part in file for part in READ) else None

    sys.settrace(enter)
    try:
        run(data)
    finally:
        sys.settrace(None)
    return found


if __name__ == "__main__":
    main()

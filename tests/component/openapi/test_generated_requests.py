"""Schemathesis finds no request whose response differs from the API's document.

All phases: examples, coverage, fuzzing, and sequences along the documents' links. Exclusions and
their reasons: schemathesis.toml. A failure prints the seed, and each request as a curl command.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.addresses import Addresses

SEED = "1"
EXAMPLES = "20"  # for each operation and phase: some 1,200 requests, in half a minute on two cores


@pytest.mark.e2e
@pytest.mark.parametrize("api", ["command-api", "query-api", "search-api"])  # the first fills views
def test_generated_requests_get_documented_responses(stack: Addresses, api: str) -> None:
    schemathesis = Path(sys.executable).with_name("st")
    document = f"{stack.http[api]}/openapi.json"
    done = subprocess.run(
        [schemathesis, "--no-color", "run", document, "--seed", SEED, "--max-examples", EXAMPLES],
        cwd=Path(__file__).parent,
        check=False,
        text=True,
        timeout=300,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    print(done.stdout)  # noqa: T201 - with a failure pytest shows it
    assert done.returncode == 0
    assert "API Links:" in done.stdout

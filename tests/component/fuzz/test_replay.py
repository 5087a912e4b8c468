"""The fuzzer's corpus and finds, run through the same targets without a fuzzer."""

import pytest

from tests.component.fuzz import fuzz_inputs
from tests.component.fuzz.fuzz_inputs import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_stored_inputs_pass(name: str) -> None:
    target = fuzz_inputs.target(name)
    for file, data in fuzz_inputs.kept(name):
        try:
            target.run(data)
        except Exception as error:
            error.add_note(f"the input: {file}")
            raise

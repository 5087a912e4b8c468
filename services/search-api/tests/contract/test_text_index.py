"""The index of users keeps what every index that can be searched promises."""

import pytest

from projections.conformance.text_index import *


@pytest.fixture
def subject(shelf: TextIndexUnderTest) -> TextIndexUnderTest:
    return shelf

"""Ids of aggregates."""

import pytest

from chassis.problems import Invalid
from eventstore.ids import check_id


@pytest.mark.parametrize("text", ["", "ann", "0192F5A8-4D3C-7A10-8B2E-2F6D1C9E0A11", "*", "{" * 36])
def test_id_that_is_no_canonical_uuid_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        check_id(text)

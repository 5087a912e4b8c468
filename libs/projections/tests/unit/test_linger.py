"""After a small batch the consumer waits for more records; while it catches up it does not."""

import pytest

from projections.kafka.consumer import linger_after


@pytest.mark.parametrize(
    ("records", "seconds"),
    [(0, 0.0), (1, 0.001), (10, 0.010), (25, 0.025), (499, 0.025), (500, 0.0), (2000, 0.0)],
)
def test_linger_grows_with_the_last_batch_and_is_bounded(records: int, seconds: float) -> None:
    assert linger_after(records) == pytest.approx(seconds)

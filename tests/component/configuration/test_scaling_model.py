"""docs/scaling.md has the capacity model's results, and the model is consistent."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from loadtest.capacity_model import HEADROOM, Load, Needs, One, User, needs, table

PAGE = (Path(__file__).parents[3] / "docs" / "scaling.md").read_text("utf-8")
TODAY = Load()
BILLION = replace(TODAY, users=1_000_000_000)


def of(load: Load) -> Needs:
    return needs(load, One(), User())


@pytest.mark.parametrize("today", [TODAY, BILLION], ids=["a million users", "a billion"])
def test_scaling_page_has_the_model_s_tables(today: Load) -> None:
    assert table([(f"{n} times", today.times(n)) for n in (1, 10, 100, 1000)]) in PAGE


@pytest.mark.parametrize("today", [TODAY, BILLION])
def test_more_load_never_needs_less(today: Load) -> None:
    columns = [asdict(of(today.times(n))) for n in (1, 10, 100, 1000)]
    for name in columns[0]:
        values = [column[name] for column in columns]
        assert values == sorted(values), name


def test_users_without_load_need_storage_but_no_processes() -> None:
    few, many = of(TODAY), of(BILLION)
    assert many.redis_gb == pytest.approx(1000 * few.redis_gb)
    assert (many.command_apis, many.query_apis) == (few.command_apis, few.query_apis)
    assert many.redis_masters > few.redis_masters


def test_result_has_headroom() -> None:
    one, found = One(), of(TODAY.times(100))
    load = TODAY.times(100)
    assert found.command_apis * one.command_api * HEADROOM >= load.creates
    assert (found.command_apis - 1) * one.command_api * HEADROOM < load.creates
    assert found.partitions >= max(found.redis_projectors, found.search_projectors)

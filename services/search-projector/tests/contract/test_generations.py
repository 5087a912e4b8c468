"""What every store promises about the generations of the view."""

from datetime import UTC, datetime

import pytest
from opensearchpy import AsyncOpenSearch

from chassis.problems import Unavailable
from projections.generations import Directives, Generations, OperationRefused, State
from projections.opensearch.change import DocumentChange
from projections.opensearch.generations import OpenSearchGenerations

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOG = "a log"
ANN = "0192f5a8-4d3c-7a10-8b2e-2f6d1c9e0a11"
AnyGenerations = Generations[DocumentChange]


def put(key: str, version: int) -> DocumentChange:
    document = {"id": key, "version": version, "first_name": "Ann", "last_name": "Lee"}
    return DocumentChange(key, version, NOW, document)


def gone(key: str, version: int) -> DocumentChange:
    return DocumentChange(key, version, NOW, {"id": key, "version": version, "deleted": True})


async def names(generations: OpenSearchGenerations, client: AsyncOpenSearch) -> dict[str, object]:
    """The first name that each generation holds of Ann."""
    found = {}
    for generation in (await generations.state()).kept:
        index = f"{generations._alias}-{generation}"
        document = await client.get(index=index, id=ANN, params={"ignore": 404})
        found[generation] = document.get("_source", {}).get("first_name")
    return found


async def searched(client: AsyncOpenSearch, alias: str) -> int:
    """How many documents a reader finds."""
    return int((await client.count(index=alias))["count"])


async def test_at_first_generation_1_serves_and_nothing_is_decided(
    generations: AnyGenerations,
) -> None:
    assert await generations.state() == State(kept=frozenset({"1"}))


async def test_a_note_is_kept_until_it_is_taken_back(generations: AnyGenerations) -> None:
    await generations.note({"paused_at": "2026-01-01T00:00:00Z", "done": 3})
    await generations.note({"total": 7})
    state = await generations.state()
    assert (state.paused_at, state.done, state.total) == ("2026-01-01T00:00:00Z", 3, 7)
    assert state.directives == Directives("1", None, is_paused=True)
    await generations.note({"paused_at": None, "done": None})
    assert await generations.state() == State(kept=frozenset({"1"}), total=7)


async def test_one_generation_at_a_time_is_built(generations: AnyGenerations) -> None:
    await generations.add("2")
    await generations.add("2")
    state = await generations.state()
    assert state == State(kept=frozenset({"1", "2"}), building="2")
    with pytest.raises(OperationRefused, match="2"):
        await generations.add("3")


async def test_each_generation_has_its_own_offsets(generations: AnyGenerations) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.views("1").advance(LOG, {0: (None, 5)})
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}
    await generations.views("2").advance(LOG, {0: (None, 3)})
    assert await generations.views("1").offsets(LOG, [0]) == {0: 5}


async def test_a_switch_ends_the_building_and_can_be_taken_back(
    generations: AnyGenerations,
) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.note({"done": 5, "total": 5, "dead_letters": 1, "leading": "2"})
    assert (await generations.state()).directives == Directives("1", "2")
    await generations.switch("1", "2")
    assert await generations.state() == State("2", "1", frozenset({"1", "2"}))
    await generations.switch("2", "1")
    assert await generations.state() == State("1", "2", frozenset({"1", "2"}))


async def test_who_switches_late_is_told(generations: AnyGenerations) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.switch("1", "2")
    await generations.switch("1", "2")  # a repeat is not late
    await generations.add("3")
    with pytest.raises(OperationRefused, match="generation 2 serves, not 1"):
        await generations.switch("1", "3")
    assert (await generations.state()).serving == "2"


async def test_a_pause_outlives_a_switch(generations: AnyGenerations) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.note({"paused_at": "2026-01-01T00:00:00Z"})
    await generations.add("2")
    await generations.switch("1", "2")
    assert (await generations.state()).directives == Directives("2", is_paused=True)


async def test_a_dropped_generation_leaves_nothing(generations: AnyGenerations) -> None:
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.views("2").apply([put(ANN, 1)])
    await generations.views("2").advance(LOG, {0: (None, 5)})
    await generations.drop("2")
    await generations.drop("2")
    assert (await generations.state()).kept == {"1"}
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}


@pytest.mark.integration
async def test_a_deletion_reaches_every_generation_that_is_kept(
    opensearch_generations: OpenSearchGenerations, client: AsyncOpenSearch
) -> None:
    generations = opensearch_generations
    await generations.views("1").offsets(LOG, [])
    await generations.views("1").apply([put(ANN, 1)])
    await generations.add("2")
    await generations.views("2").apply([put(ANN, 1)])
    await generations.switch("1", "2")
    await generations.add("3")
    await generations.views("3").apply([put(ANN, 1)])
    assert await names(generations, client) == dict.fromkeys("123", "Ann")
    assert await generations.views("2").apply([gone(ANN, 2)]) == []
    assert await names(generations, client) == dict.fromkeys("123")


@pytest.mark.integration
async def test_the_leading_generation_gets_each_change_and_its_offsets_stay(
    opensearch_generations: OpenSearchGenerations, client: AsyncOpenSearch
) -> None:
    generations = opensearch_generations
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    both = generations.views("1", leading="2")
    await both.apply([put(ANN, 1)])
    await both.advance(LOG, {0: (None, 5)})
    assert await names(generations, client) == {"1": "Ann", "2": "Ann"}
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}


@pytest.mark.integration
@pytest.mark.parametrize("change", [put(ANN, 1), gone(ANN, 1)], ids=["write", "deletion"])
async def test_a_change_that_one_generation_rejects_is_rejected(
    opensearch_generations: OpenSearchGenerations, client: AsyncOpenSearch, change: DocumentChange
) -> None:
    generations = opensearch_generations
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    number = {"dynamic": False, "properties": {"id": {"type": "integer"}}}
    await client.indices.delete(index=f"{generations._alias}-2")
    await client.indices.create(index=f"{generations._alias}-2", body={"mappings": number})
    for views in (generations.views("1", leading="2"), generations.views("2", leading="1")):
        (rejected,) = await views.apply([change])
        assert rejected.change is change
        assert "mapper_parsing_exception" in rejected.reason


@pytest.mark.integration
async def test_all_that_was_filled_is_found_from_the_switch_on(
    opensearch_generations: OpenSearchGenerations, client: AsyncOpenSearch
) -> None:
    generations = opensearch_generations
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.views("2").apply([put(ANN, 1)])
    assert await searched(client, generations._alias) == 0
    await generations.switch("1", "2")
    assert await searched(client, generations._alias) == 1


@pytest.mark.integration
async def test_an_index_that_was_lost_while_it_served_serves_again_under_its_number(
    opensearch_generations: OpenSearchGenerations, client: AsyncOpenSearch
) -> None:
    generations = opensearch_generations
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await generations.switch("1", "2")
    await client.indices.delete(index=f"{generations._alias}-2")
    assert (await generations.state()).serving == "2"
    assert await generations.views("2").offsets(LOG, [0]) == {0: None}
    assert await searched(client, generations._alias) == 0


@pytest.mark.integration
async def test_a_generation_that_is_being_filled_does_not_serve_when_the_other_is_lost(
    opensearch_generations: OpenSearchGenerations, client: AsyncOpenSearch
) -> None:
    generations = opensearch_generations
    await generations.views("1").offsets(LOG, [])
    await generations.add("2")
    await client.indices.delete(index=f"{generations._alias}-1")
    await generations.views("2").offsets(LOG, [0])
    assert not await client.indices.exists_alias(name=generations._alias)


async def test_an_opensearch_that_is_away_is_told(unused_ports: list[int]) -> None:
    address = f"http://127.0.0.1:{unused_ports[0]}"
    async with AsyncOpenSearch(address, max_retries=0) as client:
        away = OpenSearchGenerations(client, {}, "users")
        for call in (
            away.state(),
            away.note({"done": 1}),
            away.add("2"),
            away.switch("1", "2"),
            away.drop("1"),
            away.ping(),
        ):
            with pytest.raises(Unavailable):
                await call

"""A command is followed from stop to stop, with one clock."""

from typing import Any

import pytest

from console import commands, propagation

ID = "0193f6a0-0000-7000-8000-000000000001"
NAMES = {"first_name": "Ada", "last_name": "Lovelace"}


async def test_a_created_user_is_followed_to_every_stop(console: Any) -> None:
    stops = await console.stops("POST", "/user", json=NAMES)
    assert next(iter(stops)) == "command-api"
    assert set(stops) == {"command-api", "kafka", "query-api", "search-api"}
    assert stops["command-api"]["user"] == {"id": ID, "version": 1, **NAMES}
    assert all(0 < stop["ms"] < 5000 for stop in stops.values())


async def test_a_rename_is_followed_at_its_own_version(console: Any, people: Any) -> None:
    people.users[ID] = {"id": ID, "version": 1, **NAMES}
    stops = await console.stops(
        "PATCH", f"/user/{ID}", json={"last_name": "King"}, headers={"If-Match": '"1"'}
    )
    assert stops["command-api"]["version"] == 2
    assert people.requests[0].headers["If-Match"] == '"1"'
    assert people.requests[1].query["q"] == "Ada King"
    assert all("ms" in stop for stop in stops.values())


async def test_deleted_user_is_followed_until_no_view_shows_it(console: Any, people: Any) -> None:
    people.users[ID] = {"id": ID, "version": 1, **NAMES}
    stops = await console.stops("DELETE", f"/user/{ID}")
    assert stops["command-api"]["user"] is None
    assert people.requests[1].query["q"] == "Ada Lovelace"
    assert all("ms" in stop for stop in stops.values())


async def test_rename_without_a_change_is_not_followed(console: Any, people: Any) -> None:
    people.users[ID] = {"id": ID, "version": 1, **NAMES}
    stops = await console.stops("PATCH", f"/user/{ID}", json={}, headers={"If-Match": '"2"'})
    assert list(stops) == ["command-api"]


async def test_stop_that_is_not_passed_in_time_has_a_reason(
    console: Any, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(propagation, "FOLLOW", 0.3)
    people.shows = people.topic.is_read = False
    monkeypatch.setattr(people.topic, "_remember", lambda _: None)
    stops = await console.stops("POST", "/user", json=NAMES)
    assert "ms" in stops["command-api"]
    assert stops["kafka"]["missing"].startswith("the topic is not being read")
    assert stops["query-api"]["missing"].startswith("not yet")
    assert stops["search-api"]["missing"].startswith("not among the first 100")


async def test_commands_over_the_limit_are_rejected(
    console: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MAX_RUNNING", 0)
    async with console.page.post("/user", json=NAMES) as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"

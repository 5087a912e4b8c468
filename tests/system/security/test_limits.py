"""Rate limits: a client that exceeds its limit gets Retry-After; other clients do not."""

from typing import Any

from tests.support.clients.tokens import bearer, token
from tests.support.schemas import contract


async def test_client_has_one_rate_limit_for_http_and_grpc(limited_servers: Any, apis: Any) -> None:
    url, ann = limited_servers.urls["query-api"] + "/user", bearer(token())
    for left in (2, 1, 0):
        async with limited_servers.session.get(url, headers=ann) as response:
            assert response.status == 200
            assert response.headers["RateLimit-Policy"] == '"minute";q=3;w=60'
            assert response.headers["RateLimit"].startswith(f'"minute";r={left};t=')
    async with limited_servers.session.get(url, headers=ann) as response:
        assert response.status == 429
        assert 15 <= int(response.headers["Retry-After"]) <= 20
        await contract.check("query-api", response)
    status, body = await limited_servers.call(apis[1], "/user.v1.UserQueries/List", ann)
    assert (status, body["problem-type"]) == ("RESOURCE_EXHAUSTED", "urn:problem:too-many-requests")
    assert 15 <= int(body["retry-after"]) <= 20
    assert body["ratelimit"].startswith('"minute";r=0;t=')


async def test_another_client_at_the_same_address_is_served(limited_servers: Any) -> None:
    url = limited_servers.urls["query-api"] + "/user"
    for subject, last in (("ann", 429), ("bob", 200)):
        for _ in range(4 if last == 429 else 3):
            async with limited_servers.session.get(url, headers=bearer(token(sub=subject))) as got:
                status = got.status
        assert status == last


async def test_token_guesses_are_limited_by_address_without_affecting_clients(
    limited_servers: Any,
) -> None:
    url, statuses = limited_servers.urls["query-api"] + "/user", []
    for number in range(5):
        async with limited_servers.session.get(url, headers=bearer(f"guess{number}")) as got:
            statuses.append(got.status)
    assert statuses == [401, 401, 401, 429, 429]
    async with limited_servers.session.get(url, headers=bearer(token())) as got:
        assert got.status == 200

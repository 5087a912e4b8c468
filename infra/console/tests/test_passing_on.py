"""The page's requests reach the APIs unchanged, and so do the responses."""

from typing import Any

import pytest

from chassis.problems import Kind

ID = "0193f6a0-0000-7000-8000-000000000001"


async def test_problem_of_an_api_is_passed_on_unchanged(console: Any, people: Any) -> None:
    people.problem = (412, b'{"type": "urn:problem:stale-version"}')
    async with console.page.delete(f"/user/{ID}") as response:
        assert response.status == 412
        assert response.content_type == "application/problem+json"
        assert await response.read() == people.problem[1]


async def test_unavailable_api_is_a_problem_with_its_name(
    start: Any, unused_ports: list[int]
) -> None:
    async with start(f"http://127.0.0.1:{unused_ports[0]}") as console:
        for method, path, name in (
            ("POST", "/user", "command-api"),
            ("DELETE", f"/user/{ID}", "command-api"),
            ("GET", "/user", "query-api"),
            ("GET", "/user/search?q=x", "search-api"),
        ):
            async with console.page.request(method, path) as response:
                assert response.status == 503
                problem = await response.json(content_type="application/problem+json")
                assert problem["type"] == f"urn:problem:{Kind.UNAVAILABLE}"
                assert problem["detail"].startswith(f"{name} does not answer")


async def test_request_reaches_the_api_unchanged(console: Any, people: Any) -> None:
    async with console.page.get("/user/search?q=%C5%BDi%C5%BEek%26x&limit=3") as response:
        assert response.status == 200
    async with console.page.get("/user?limit=3") as response:
        assert response.headers["Link"] == '</user?cursor=next>; rel="next"'
    assert [str(request.rel_url) for request in people.requests] == [
        "/user/search?q=%C5%BDi%C5%BEek%26x&limit=3",
        "/user?limit=3",
    ]


async def test_a_form_of_another_site_does_not_become_json(console: Any, people: Any) -> None:
    """Browsers send such a form without a preflight; command-api rejects its content type."""
    people.problem = (415, b"{}")
    body = {"data": b'{"first_name": "Ada"}', "headers": {"Content-Type": "text/plain"}}
    async with console.page.post("/user", **body) as response:
        assert response.status == 415
    assert people.requests[0].content_type == "text/plain"


@pytest.mark.parametrize("path", ["/readyz", "/metrics", f"/user/{ID}", f"/user/{ID}/history"])
async def test_other_paths_are_not_found(console: Any, people: Any, path: str) -> None:
    async with console.page.get(path) as response:
        assert response.status in {404, 405}
    assert people.metrics_asked == 0

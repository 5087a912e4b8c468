"""The page loads only its own files, and treats all data as text."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[1] / "src" / "console" / "page"


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html"),
        ("/console.css", "text/css"),
        ("/console.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
async def test_every_file_comes_with_the_strict_policy(
    console: Any, path: str, content_type: str
) -> None:
    async with console.page.get(path) as response:
        assert response.status == 200
        assert response.content_type == content_type
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_cached_file_is_not_sent_again(console: Any) -> None:
    async with console.page.get("/console.js") as first:
        known = {"If-None-Match": first.headers["ETag"]}
    async with console.page.get("/console.js", headers=known) as again:
        assert again.status == 304


def test_the_page_loads_only_its_own_files() -> None:
    html = (PAGE / "index.html").read_text()
    loaded = set(re.findall(r'(?:src|href)="([^"#]+)"', html))
    assert loaded == {"console.css", "console.js", "icon.svg"}
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", html)


def test_script_creates_no_markup_from_text() -> None:
    script = (PAGE / "console.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)

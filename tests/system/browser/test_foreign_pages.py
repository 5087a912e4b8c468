"""Pages of other sites, in a real browser of an operator of the system (case H5).

One site resolves its own name to this machine's address (DNS rebinding), another one sends forms
and requests to localhost.
"""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from chassis.testing import eventually
from local_stack.addresses import Addresses
from tests.support.clients.api_clients import ApiClient
from tests.support.clients.browser import launched
from tests.support.stack.survival import created, letters, visible

pytestmark = pytest.mark.e2e
FORM = """<form method=post enctype=text/plain action="{url}">
<input name='{{"first_name": "Forged", "last_name": "{name}", "x": "' value='"}}'></form>"""
FETCH = """async ([url, method, body]) => {
    const types = {'Content-Type': body ? 'application/json' : 'text/plain'};
    for (const mode of ['cors', 'no-cors'])
        try { await fetch(url, {method, body, mode, headers: mode == 'cors' ? types : {}}) }
        catch (refused) { }
}"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Launch a browser that resolves evil.test to this machine, as a DNS server may do."""
    async with launched("--host-resolver-rules=MAP evil.test 127.0.0.1") as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context()
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """Serve a page of another site; return its address."""

    async def shown(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><body>win a prize", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", shown)
    async with TestServer(app) as server:
        yield f"http://evil.test:{server.port}/"


def of_a_browser(stack: Addresses) -> dict[str, str]:
    """Return each address of ours that serves HTTP/1.1, with a path."""
    ports = {f"{name}'s admin port": f"{url}/metrics" for name, url in stack.admin.items()}
    return ports | {
        "console": f"{stack.console_url}/user",
        "command-api": stack.http["command-api"],
        "query-api": f"{stack.http['query-api']}/user",
        "search-api": f"{stack.http['search-api']}/user/search/a",
    }


async def test_rebound_name_reads_and_changes_nothing(
    page: Page, stack: Addresses, http: ApiClient
) -> None:
    user = await created(http)
    await eventually(lambda: visible(http, user), within=30)
    for listener, url in of_a_browser(stack).items():
        served = await page.goto(url)
        assert served is not None
        assert served.status == 200, listener
        answer = await page.goto(url.replace("127.0.0.1", "evil.test"))
        assert answer is not None
        assert answer.status == 400, listener
        assert user["last_name"] not in await page.content()
    for base in (stack.console_url, stack.http["command-api"]):
        rebound = f"{base}/user/{user['id']}".replace("127.0.0.1", "evil.test")
        await page.evaluate(FETCH, [rebound, "DELETE", None])
    await visible(http, user)


async def test_page_of_another_site_changes_nothing(
    page: Page, stack: Addresses, http: ApiClient, site: str
) -> None:
    user, name = await created(http), letters()
    for base in (stack.console_url, stack.http["command-api"]):
        await page.goto(site)
        await page.evaluate(FETCH, [f"{base}/user/{user['id']}", "DELETE", None])
        body = f'{{"first_name": "Forged", "last_name": "{name}"}}'
        await page.evaluate(FETCH, [f"{base}/user", "POST", body])
        await page.set_content(FORM.format(url=f"{base}/user", name=name))
        async with page.expect_navigation():
            await page.evaluate("document.forms[0].submit()")
        assert "urn:problem:" in await page.content()
    later = await created(http)
    await eventually(lambda: visible(http, later), within=30)
    await visible(http, user)
    assert await http.search(name) == []

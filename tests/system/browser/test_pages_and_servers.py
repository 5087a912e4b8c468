"""Pages of other sites against the servers of the local stack, in a real browser (case H6).

OpenSearch, Kafka Connect, the registry and Prometheus have no login. A page reaches them by its own
host name (DNS rebinding), by a form, by fetch, and by an image.
"""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from playwright.async_api import Error, Page

from chassis.testing import eventually
from local_stack import control
from local_stack.addresses import Addresses
from local_stack.layout import PORTS, Instance
from tests.support.clients.api_clients import ApiClient
from tests.support.clients.browser import launched
from tests.support.stack.survival import created, visible

pytestmark = pytest.mark.e2e
REFUSED = {400, 403, 404, 405}
# These are read-only, and serve metrics only.
READ_ONLY = {"metrics", "prometheus"}
FORM = "<form method=post enctype=text/plain action='{url}'><input name=a value=b></form>"
FETCH = """async ([url, method, mode]) => {
    try { await fetch(url, {method, mode, body: method == 'POST' ? '{}' : undefined}) }
    catch (refused) { }
}"""
IMAGE = """url => new Promise(done => {
    const image = new Image();
    image.onload = image.onerror = done;
    image.src = url;
})"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """Open a page in a browser that resolves evil.test to this machine, as a DNS server may do."""
    async with launched("--host-resolver-rules=MAP evil.test 127.0.0.1") as browser:
        yield await browser.new_page()


def listeners(stack: Addresses) -> Iterator[tuple[str, str, int]]:
    """Return each port of each running program: program, purpose, number."""
    for program in control.states(Instance(stack.instance)):
        for purpose, port in PORTS[program].items():
            yield program, purpose, port + stack.port_offset


def changes(stack: Addresses) -> list[tuple[str, str]]:
    """Return requests each of which would do harm."""
    connector = f"{stack.connect_url}/connectors/user-events"
    return [
        ("POST", f"{stack.opensearch_url}/users/_close"),
        ("POST", f"{stack.opensearch_url}/users/_delete_by_query?q=*"),
        ("DELETE", f"{stack.opensearch_url}/_all"),
        ("POST", f"{connector}/restart?includeTasks=true"),
        ("PUT", f"{connector}/stop"),
        ("DELETE", connector),
        ("DELETE", f"{stack.registry_url}/subjects/user.events-value"),
        ("POST", f"{stack.prometheus_url}/-/quit"),
        ("POST", f"{stack.prometheus_url}/api/v1/admin/tsdb/delete_series?match[]=up"),
    ]


def rebound(url: str) -> str:
    return url.replace("127.0.0.1", "evil.test")


async def status(page: Page, url: str) -> int | None:
    """Return the status of a navigation; None without an HTTP server."""
    try:
        answer = await page.goto(url)
    except Error:
        return None
    return answer.status if answer else None


async def serve_as_before(stack: Addresses) -> None:
    connector = f"{stack.connect_url}/connectors/user-events/status"
    async with aiohttp.ClientSession() as session:
        async with session.get(connector) as answer:
            state = await answer.json()
        async with session.get(f"{stack.registry_url}/subjects") as answer:
            assert "user.events-value" in await answer.json()
        async with session.get(f"{stack.prometheus_url}/-/ready") as answer:
            assert answer.ok
    assert [state["connector"]["state"], *(one["state"] for one in state["tasks"])] == [
        "RUNNING"
    ] * 2


async def test_no_listener_accepts_a_web_page_s_host_name(page: Page, stack: Addresses) -> None:
    for program, purpose, port in listeners(stack):
        if not READ_ONLY & {program, purpose}:
            answered = await status(page, f"http://evil.test:{port}/")
            assert answered is None or answered in REFUSED, (program, purpose)


async def test_page_of_another_site_changes_no_server(
    page: Page, stack: Addresses, http: ApiClient
) -> None:
    user = await created(http)
    await eventually(lambda: visible(http, user), within=30)
    for method, url in changes(stack):
        await status(page, rebound(url))  # the page now has the server's own origin
        await page.evaluate(FETCH, [rebound(url), method, "cors"])
        await page.goto(f"http://evil.test:{stack.port_offset + PORTS['opensearch']['http']}/")
        await page.evaluate(FETCH, [url, method, "no-cors"])
        if method == "POST":
            await page.set_content(FORM.format(url=url))
            async with page.expect_navigation():
                await page.evaluate("document.forms[0].submit()")
    later = await created(http)
    await eventually(lambda: visible(http, later), within=30)
    await visible(http, user)
    await eventually(lambda: serve_as_before(stack), within=30)


async def test_image_of_another_site_is_refused(page: Page, stack: Addresses) -> None:
    for base in (stack.opensearch_url, stack.connect_url, stack.registry_url):
        await page.goto(rebound(stack.opensearch_url))
        async with page.expect_response(f"{base}/**") as response:
            await page.evaluate(IMAGE, f"{base}/")
        assert (await response.value).status == 403

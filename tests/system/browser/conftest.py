"""A real browser on the console of the running test stack."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page

from local_stack.addresses import Addresses
from tests.support.clients.browser import launched
from tests.support.stack.faults import stopped

TIMEOUT = 15_000  # milliseconds for each wait of a test


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
async def quiet(stack: Addresses) -> AsyncIterator[None]:
    """Stop the canary: its users would change what a test counts."""
    async with stopped("canary"):
        yield


@pytest.fixture
async def page(browser: Browser, stack: Addresses, quiet: None) -> AsyncIterator[Page]:
    """Open the console on a desktop; an error of its script or its policy fails the test."""
    complaints: list[str] = []

    def events(message: ConsoleMessage) -> None:
        # The browser itself logs a response that is a problem.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    context = await browser.new_context(viewport={"width": 1120, "height": 900})
    context.set_default_timeout(TIMEOUT)
    page = await context.new_page()
    page.on("console", events)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(stack.console_url)
    await page.get_by_text("live", exact=True).wait_for()
    yield page
    await context.close()
    assert complaints == []

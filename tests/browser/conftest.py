"""A real browser on the console of the running test stack."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright
from trouble import stopped

from local_stack import browser as browsers
from local_stack.addresses import Addresses
from local_stack.layout import cache

FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WITHIN = 15_000  # milliseconds for whatever a test waits for


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    found = await asyncio.to_thread(browsers.browser, cache())
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found.program, args=FLAGS, env={**os.environ, **found.environment}
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def quiet(stack: Addresses) -> AsyncIterator[None]:
    """No user comes and goes but those of the tests: the canary's would move what a test counts."""
    async with stopped("canary"):
        yield


@pytest.fixture
async def page(browser: Browser, stack: Addresses, quiet: None) -> AsyncIterator[Page]:
    """The console, live, on a desktop; a complaint of its script or its policy fails the test."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # An answer that is a problem is logged by the browser itself.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    context = await browser.new_context(viewport={"width": 1120, "height": 900})
    context.set_default_timeout(WITHIN)
    page = await context.new_page()
    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(stack.console_url)
    await page.get_by_text("live", exact=True).wait_for()
    yield page
    await context.close()
    assert complaints == []

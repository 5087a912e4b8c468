"""A real browser, Chromium, for the duration of a test."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from local_stack import browser as browsers
from local_stack.layout import cache

FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@asynccontextmanager
async def launched(*flags: str) -> AsyncIterator[Browser]:
    found = await asyncio.to_thread(browsers.browser, cache())
    environment: dict[str, str | float | bool] = {**os.environ, **found.environment}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found.program, args=[*FLAGS, *flags], env=environment
        )
        yield browser
        await browser.close()

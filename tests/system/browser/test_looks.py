"""The console on a phone, in light and dark, by keyboard, and with an unavailable dependency."""

import uuid
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from tests.support.stack.faults import stopped

pytestmark = pytest.mark.e2e
expect.set_options(timeout=15_000)
# For each text: contrast of its colour to the first background below it (WCAG 2, 1.4.3).
CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const under = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return numbers(colour)[3] === 0 ? under(element.parentElement) : colour;
  };
  const texts = "h1, h2, small, label, input, button:enabled, th, td, li, .note";
  return [...document.querySelectorAll(texts)].map((element) => {
    const [a, b] = [light(getComputedStyle(element).color), light(under(element))];
    return [element.outerHTML.slice(0, 80), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""
FOCUSED = """() => {
  const style = getComputedStyle(document.activeElement);
  return [document.activeElement.name || document.activeElement.textContent, style.outlineStyle];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_has_enough_contrast(page: Page, scheme: Literal["light", "dark"]) -> None:
    await page.emulate_media(color_scheme=scheme)
    await expect(page.locator("#connector")).to_have_text("running")
    contrasts = await page.evaluate(CONTRASTS)
    assert len(contrasts) > 30
    assert [found for found in contrasts if found[1] < 4.5] == []


async def test_a_phone_scrolls_in_one_direction_only(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    longest = "W" * 100
    await page.locator("#create input").first.fill(longest)
    await page.locator("#create input").last.fill(longest)
    await page.keyboard.press("Enter")
    await expect(page.locator("#list")).to_contain_text(longest)
    await page.locator("#list button").first.press("Enter")
    await expect(page.locator("dialog[open]")).to_be_visible()

    width = await page.evaluate("document.documentElement.scrollWidth")
    dialog = await page.locator("dialog[open]").evaluate("one => one.scrollWidth - one.clientWidth")
    assert width == 360
    assert dialog == 0


async def test_focus_order_follows_the_page_and_is_visible(page: Page) -> None:
    await page.request.post(f"{page.url}user", data={"first_name": "Tab", "last_name": "Order"})
    await page.reload()
    await expect(page.locator("#list li").first).to_be_visible()
    people = await page.locator("#list li").count()
    is_older = await page.get_by_role("button", name="Older").is_enabled()
    expected = ["first_name", "last_name", "Create", *["Rename", "Delete"] * people]
    expected += ["Newest", *["Older"] * is_older, "q"]
    for name in expected:
        assert await page.evaluate(FOCUSED) == [name, "solid"]
        await page.keyboard.press("Tab")


async def test_unavailable_projector_is_shown_and_recovers(page: Page) -> None:
    lag = page.locator('[data-of="search-projector"][data-figure="lag"]')
    await expect(lag).to_have_text("0")
    async with stopped("search-projector"):
        await expect(page.locator("#programs")).to_contain_text("search-projector unavailable")
        await expect(lag).to_have_text("unknown")
        await page.locator("#create input").first.fill("Nobody")
        await page.locator("#create input").last.fill(f"Finds{uuid.uuid4().hex}")
        await page.keyboard.press("Enter")
        times = page.locator("#journey .time")
        await expect(times.nth(2)).to_contain_text("ms")
        await expect(times.nth(3)).to_contain_text("not seen: not among the first 100")
    await expect(page.locator("#programs")).to_contain_text(
        "search-projector ready", timeout=60_000
    )


async def test_page_reconnects_to_a_restarted_console(page: Page) -> None:
    async with stopped("console"):
        await expect(page.locator("#connection")).to_contain_text("does not answer")
        await page.locator("#create input").first.fill("Ada")
        await page.locator("#create input").last.fill("Lovelace")
        await page.keyboard.press("Enter")
        await expect(page.locator("#create-problem")).to_have_text("The console does not answer.")
    await expect(page.locator("#connection")).to_have_text("live", timeout=60_000)
    await page.keyboard.press("Enter")
    await expect(page.locator("#journey-title")).to_have_text("Created Ada Lovelace")

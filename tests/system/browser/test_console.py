"""Use of the console in a real browser, through every server."""

import asyncio
import json
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.support.stack.survival import letters

pytestmark = pytest.mark.e2e
expect.set_options(timeout=15_000)
STOPS = ("command-api", "kafka", "query-api", "search-api")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def unique(prefix: str) -> str:
    """Return a name that no other test has, of A to Z only, so that search sees one word."""
    return prefix + letters()


async def create(page: Page, first: str, last: str) -> None:
    """Create a user by keyboard, from the element that has the focus after loading."""
    await expect(page.locator("#create input").first).to_be_focused()
    await page.keyboard.insert_text(first)
    await page.keyboard.press("Tab")
    await page.keyboard.insert_text(last)
    await page.keyboard.press("Enter")


async def passed(page: Page, title: str) -> list[float]:
    """Wait until the command with this title has passed every stop; return the times, in ms."""
    await expect(page.locator("#journey-title")).to_have_text(title)
    times = page.locator("#journey .time")
    await expect(times).to_have_text([re.compile(r"^[\d.]+ ms$")] * len(STOPS))
    return [float(text.removesuffix(" ms")) for text in await times.all_text_contents()]


def person(page: Page, pane: str, name: str) -> Locator:
    """Return a user's item in the list or among the results."""
    return page.locator(f"#{pane} li").filter(has_text=name)


async def press(page: Page, item: Locator, deed: str) -> None:
    await item.get_by_role("button", name=deed).focus()
    await page.keyboard.press("Enter")


async def test_user_is_created_renamed_and_deleted_by_keyboard(page: Page) -> None:
    last = unique("Lee")
    await create(page, "Bruce", last)
    command, kafka, query, search = await passed(page, f"Created Bruce {last}")
    assert 0 < command < min(kafka, query, search)
    await expect(page.locator("#announcement")).to_contain_text("OpenSearch after")
    await expect(page.locator("#create input").first).to_be_focused()

    await page.get_by_role("searchbox").focus()
    await page.keyboard.type(last.lower())
    for pane in ("list", "results"):
        await expect(person(page, pane, f"Bruce {last}")).to_contain_text("version 1")
    await expect(page.locator("#search-count")).to_have_text("1 found")

    await press(page, person(page, "list", last), "Rename")
    await expect(page.locator("#rename input").first).to_be_focused()
    await page.locator("#rename input").first.fill("Brandon")
    await page.keyboard.press("Enter")
    await passed(page, f"Renamed Bruce {last} to Brandon {last}")
    for pane in ("list", "results"):
        await expect(person(page, pane, f"Brandon {last}")).to_contain_text("version 2")

    await press(page, person(page, "results", last), "Delete")
    await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await passed(page, f"Deleted Brandon {last}")
    for pane in ("list", "results"):
        await expect(person(page, pane, last)).to_have_count(0)


async def test_hostile_name_is_shown_as_text(page: Page) -> None:
    last = unique("Drop")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    await create(page, HOSTILE, last)
    await passed(page, f"Created {HOSTILE} {last}")
    await page.get_by_role("searchbox").fill(last)
    for pane in ("list", "results"):
        await expect(person(page, pane, last).locator("bdi")).to_have_text(f"{HOSTILE} {last}")
    await press(page, person(page, "list", last), "Delete")
    await expect(page.locator("#delete bdi")).to_have_text(f"{HOSTILE} {last}")

    assert await page.title() == "people: console"
    assert await page.locator("img, #list script, #results script, dialog script").count() == 0
    assert [url for url in requests if url.endswith("/x")] == []


async def test_problem_shows_the_api_s_message(page: Page) -> None:
    await create(page, "x" * 101, "y")
    problem = page.locator("#create-problem")
    await expect(problem).to_contain_text("The request is not valid")
    await expect(problem).to_contain_text("100")
    await expect(page.locator("#create input").first).to_have_value("x" * 101)


async def test_form_submitted_twice_creates_one_user(page: Page) -> None:
    sent: list[str] = []
    answered = asyncio.Event()

    async def slow(route: Route) -> None:
        sent.append(route.request.method)
        await answered.wait()
        await route.continue_()

    await page.route("**/user", slow)
    last = unique("Twice")
    await create(page, "Ada", last)
    await page.keyboard.press("Enter")
    answered.set()
    await passed(page, f"Created Ada {last}")
    assert sent == ["POST"]


async def test_second_rename_of_the_same_version_is_rejected(page: Page) -> None:
    last = unique("Race")
    await create(page, "Ada", last)
    await passed(page, f"Created Ada {last}")
    await press(page, person(page, "list", last), "Rename")
    other = await page.context.new_page()
    await other.goto(page.url)
    await press(other, person(other, "list", last), "Rename")
    await other.locator("#rename input").first.fill("Eve")
    await other.keyboard.press("Enter")
    await passed(other, f"Renamed Ada {last} to Eve {last}")

    await page.locator("#rename input").first.fill("Ida")
    await page.keyboard.press("Enter")

    await expect(page.locator("#rename .problem")).to_contain_text("different version")
    await page.keyboard.press("Escape")
    await expect(person(page, "list", last)).to_contain_text(f"Eve {last}")


async def test_list_pages_back_and_forth(page: Page) -> None:
    for number in range(7):
        answer = await page.request.post(
            f"{page.url}user", data={"first_name": f"Page {number}", "last_name": unique("Turn")}
        )
    await page.reload()
    # By its id: the first item may be the canary's user, which is deleted again.
    (command_api, *_) = (await answer.text()).splitlines()
    newest = page.locator(f'#list [data-id="{json.loads(command_api)["user"]["id"]}"]')
    await expect(newest).to_have_count(1)
    await page.get_by_role("button", name="Older").press("Enter")
    await expect(newest).to_have_count(0)
    await page.get_by_role("button", name="Newest").press("Enter")
    await expect(newest).to_have_count(1)

"""What the page costs, measured by the browser. Sizes are asserted; times are printed: a busy machine has others."""

import gzip
import json
from pathlib import Path
from typing import Any

from playwright.async_api import Route, expect
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitors

SCRIPT_BYTES = 200_000
FIRST_CONTENT_MS = 1_000
LONG_TASK_MS = 100
IMAGES = 2_000
PAGE = 100
DIST = Path(__file__).parents[2] / "services/web/dist/assets"
OBSERVE = """
window.tasks = [];
new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((it) => it.duration)))
  .observe({ type: "longtask", buffered: true });
"""


async def test_script_is_small_and_content_is_there_at_once(visitor: Visitors, owner: Owner) -> None:
    person = await owner()
    await person.generate("seen at once", visibility="public", count=4)
    stranger = await visitor()
    await stranger.page.goto("/explore")
    await expect(stranger.tiles().first.locator("img")).to_be_visible()
    figures: dict[str, float] = await stranger.page.evaluate(
        """() => ({
            firstContent: performance.getEntriesByName("first-contentful-paint")[0].startTime,
            firstImages: Math.min(...performance.getEntriesByType("resource")
                .filter((it) => it.name.includes("/previews/")).map((it) => it.responseEnd)),
            script: performance.getEntriesByType("resource")
                .filter((it) => it.initiatorType === "script").reduce((sum, it) => sum + it.encodedBodySize, 0),
        })"""
    )
    on_disk = sum(len(gzip.compress(path.read_bytes(), 9)) for path in DIST.glob("*.js"))
    print(
        f"\\nfirst content {figures['firstContent']:.0f} ms, first image {figures['firstImages']:.0f} ms, "
        f"script {figures['script'] / 1000:.0f} kB compressed ({on_disk / 1000:.0f} kB on disk)"
    )
    assert 0 < figures["script"] <= SCRIPT_BYTES
    assert on_disk <= SCRIPT_BYTES


async def test_scrolling_two_thousand_images_has_no_long_task(visitor: Visitors, owner: Owner) -> None:
    person = await owner()
    (image_id,) = await person.generate("one of two thousand", visibility="public")
    assert person.user_id is not None
    scrolling = await visitor()
    page = scrolling.page

    # The list is made up, so that it is long; every picture is a real one from the real service.
    async def listed(route: Route) -> None:
        query = dict(part.split("=") for part in route.request.url.partition("?")[2].split("&"))
        start = int(query.get("cursor", "0"))
        items = [_item(person.user_id or "", n) for n in range(start, start + PAGE)]
        more = str(start + PAGE) if start + PAGE < IMAGES else None
        await route.fulfill(
            status=200, content_type="application/json", body=json.dumps({"items": items, "next_cursor": more})
        )

    async def pictured(route: Route) -> None:
        real = f"{image_id}?{route.request.url.partition(chr(63))[2]}"
        await route.continue_(url=f"{scrolling.made_for}/v1/previews/{real}")

    await page.route("**/v1/explore*", listed)
    await page.route("**/v1/previews/**", pictured)
    await page.add_init_script(OBSERVE)
    await page.goto("/explore")
    await expect(scrolling.tiles().first.locator("img")).to_be_visible()
    await page.evaluate("window.tasks.length = 0")
    most_tiles = 0
    for _ in range(400):
        await page.mouse.wheel(0, 900)
        await page.evaluate("new Promise(requestAnimationFrame)")
        most_tiles = max(most_tiles, await scrolling.tiles().count())
        if await page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 200"):
            last = await scrolling.tiles().last.get_attribute("data-image")
            if last == f"img_{IMAGES - 1:032d}":
                break
    await expect(scrolling.tile(f"img_{IMAGES - 1:032d}")).to_be_attached()
    tasks: list[float] = await page.evaluate("window.tasks")
    longest = max(tasks, default=0)
    print(
        f"\\nscrolled {IMAGES} images: {len(tasks)} tasks over 50 ms, the longest {longest:.0f} ms "
        f"(budget {LONG_TASK_MS}), at most {most_tiles} images in the document"
    )
    assert most_tiles < 150


def _item(owner_id: str, n: int) -> dict[str, Any]:
    width, height = ((1024, 1024), (1024, 576), (768, 1024))[n % 3]
    created = f"2026-01-01T{23 - n // 3600:02d}:{59 - n // 60 % 60:02d}:{59 - n % 60:02d}Z"
    return {
        "id": f"img_{n:032d}",
        "owner_id": owner_id,
        "visibility": "public",
        "created_at": created,
        "width": width,
        "height": height,
    }

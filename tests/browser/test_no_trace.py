"""Of images that were always private a stranger's browser sees no trace; of their owner's nothing stays behind."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitors

PROMPT = "zanzibar marmalade observatory"
PUBLIC_PROMPT = "quixotic samovar meridian"


async def test_stranger_walks_everywhere_and_gets_no_id_prompt_or_byte(
    visitor: Visitors, owner: Owner, name: str
) -> None:
    person = await owner()
    hidden = await person.generate(PROMPT, visibility="private", count=2)
    shown = await person.generate(PUBLIC_PROMPT, visibility="public")
    pictures = [
        (await person.get(path)).content
        for image_id in hidden
        for path in (
            *(f"/v1/previews/{image_id}?width={width}" for width in (256, 512, 1024)),
            *(f"/v1/downloads/{image_id}?format={format_}" for format_ in ("jpg", "png")),
        )
    ]

    stranger = await visitor(is_recorded=True)
    page = stranger.page
    await page.goto("/")
    await stranger.shown(shown[0])
    await stranger.tile(shown[0]).get_by_role("link").click()
    await expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Escape")
    await page.goto("/creations/private")
    await expect(page.get_by_role("heading", name="Sign in to see your creations")).to_be_visible()
    await stranger.sign_in(name)
    await stranger.take_plan("Take Plus")
    await page.goto("/creations/all")
    await stranger.generate("something of my own", "Private")
    await page.goto("/explore")
    await stranger.shown(shown[0])
    await page.reload()
    await stranger.shown(shown[0])

    traffic = await stranger.traffic.settled()
    assert len(traffic.addresses) > 30
    everything = bytes(traffic.everything)
    # The search finds what is there: else it would prove nothing.
    assert shown[0].encode() in everything
    assert (await person.get(f"/v1/previews/{shown[0]}?width=1024")).content[2_000:2_064] in everything
    for image_id in hidden:
        assert image_id.encode() not in everything
    # A prompt is its owner's, also that of a public image.
    for word in (*PROMPT.split(), *PUBLIC_PROMPT.split()):
        assert word.encode() not in everything
    for picture in pictures:
        assert len(picture) > 3_000
        assert picture[2_000:2_064] not in everything


async def test_pasted_address_of_a_private_image_says_what_an_unknown_one_says(visitor: Visitors, owner: Owner) -> None:
    person = await owner()
    (hidden,) = await person.generate(PROMPT, visibility="private")
    stranger = await visitor()
    said = []
    for image_id in (hidden, "img_00000000000000000000000000000000"):
        await stranger.page.goto(f"/images/{image_id}")
        details = stranger.page.get_by_role("dialog", name="Image details")
        await expect(details).to_contain_text("There is nothing here")
        said.append((await details.inner_text(), await stranger.page.title()))
    assert said[0] == said[1]


async def test_nothing_of_the_owner_is_stored_and_back_shows_none_after_sign_out(visitor: Visitors, name: str) -> None:
    person = await visitor(is_recorded=True)
    page = person.page
    await person.sign_in(name)
    await person.take_plan("Take Plus")
    await page.goto("/creations/all")
    await person.generate(PROMPT, "Private")
    image_id = await person.only_image()
    await person.tile(image_id).get_by_role("link").click()
    await expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    await page.get_by_label("Close").click()
    await page.get_by_label("Prompt", exact=True).fill("typed and never sent")
    for field in (page.get_by_label("Prompt", exact=True), page.get_by_label("Seed")):
        await expect(field).to_have_attribute("autocomplete", "off")  # the browser keeps nothing to offer to the next
    cookie = next(it for it in await person.context.cookies() if it["name"] == "pg_session")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert await page.evaluate("document.cookie") == ""

    await page.get_by_role("navigation", name="Main").get_by_role("link").last.click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/explore")  # signing out loads the page anew
    await expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    for _ in range(4):
        await page.go_back()
        await page.wait_for_load_state()
        await expect(page.locator("body")).not_to_contain_text(PROMPT)
        await expect(page.locator(f"[data-image='{image_id}']")).to_have_count(0)
        await expect(page.locator(".tile-lock, .details-image img")).to_have_count(0)
    await page.goto("/creations/private")
    await expect(page.get_by_role("heading", name="Sign in to see your creations")).to_be_visible()
    assert await page.evaluate("sessionStorage.length + localStorage.length") <= 1  # the empty draft of nobody
    assert "never sent" not in await page.evaluate("JSON.stringify(sessionStorage)")
    assert [it for it in await person.context.cookies() if it["name"] == "pg_session"] == []

    traffic = await person.traffic.settled()
    data = [it for it in traffic.responses if "/v1/" in it[0] or "/dev/" in it[0]]
    assert len(data) > 20
    for address, _, headers in data:
        expected = "no-cache" if "/previews/" in address and image_id not in address else "no-store"
        assert expected in headers["cache-control"], address


@pytest.mark.parametrize("path", ["/explore", "/creations/all", "/account"])
async def test_page_asks_nobody_but_its_own_host(visitor: Visitors, path: str) -> None:
    stranger = await visitor(is_recorded=True)
    await stranger.page.goto(path)
    await expect(stranger.page.get_by_role("navigation", name="Main")).to_be_visible()
    traffic = await stranger.traffic.settled()
    assert all(address.startswith((stranger.made_for, "blob:")) for address in traffic.addresses)
    headers = next(headers for address, _, headers in traffic.responses if address.endswith(path))
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow, noarchive"
    assert await stranger.page.locator("meta[name=robots]").get_attribute("content") == "noindex, nofollow, noarchive"

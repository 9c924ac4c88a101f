"""Another site's page in the same browser: it does nothing in the person's name, and can't show the page in a frame.

Its host is the same and only its port differs, so that `SameSite=Strict` keeps no cookie back: what holds is the check
of Origin.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from playwright.async_api import Frame, Page
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitor, Visitors

REFUSED = 403
# Needs no body, no header and no answer that is read: just what one site's page can send to another.
SEND = """(address) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  document.body.append(form);
  form.submit();
}"""
FRAME = """(address) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.onload = () => done();
  frame.src = address;
  document.body.replaceChildren(frame);
})"""


@asynccontextmanager
async def other_site() -> AsyncGenerator[str, None]:
    """Serve a page that forbids itself nothing."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        page = b"<!doctype html><title>elsewhere</title><link rel=icon href=data:,>"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def signed_in(visitor: Visitors, name: str | None) -> tuple[Visitor, Page]:
    """Give somebody signed in, and a second tab of theirs."""
    assert name is not None
    person = await visitor()
    await person.sign_in(name)
    return person, await person.context.new_page()


async def test_another_sites_page_undoes_nothing_with_the_persons_cookie(visitor: Visitors, owner: Owner) -> None:
    person = await owner()
    (image_id,) = await person.generate("stays private", visibility="public")
    made_private = await person.make(image_id, "private")
    undo = f"/v1/changes/{made_private.json()['change']['id']}/undo"
    at_home, tab = await signed_in(visitor, person.user_id)
    async with other_site() as address:
        await tab.goto(address)
        async with tab.expect_response(f"**{undo}") as asked:
            await tab.evaluate(SEND, f"{at_home.made_for}{undo}")
    answer = await asked.value
    sent = await answer.request.all_headers()
    assert "pg_session=" in sent["cookie"], "without the cookie it would be refused anyway"
    assert sent["origin"] == address
    assert (answer.status, (await answer.json())["code"]) == (REFUSED, "origin_differs")
    assert (await person.get(f"/v1/images/{image_id}")).json()["visibility"] == "private"


async def test_another_sites_page_cannot_show_the_page_in_a_frame(visitor: Visitors, name: str) -> None:
    at_home, tab = await signed_in(visitor, name)
    async with other_site() as address:
        await tab.goto(address)
        assert await framed(tab, address) == f"{address}/", "a frame works as such"
        for path in ("/explore", "/creations/all", "/account"):
            assert (await framed(tab, f"{at_home.made_for}{path}")).startswith("chrome-error:")


async def framed(tab: Page, address: str) -> str:
    """Put a frame into the tab's page; give what came to be in it."""
    await tab.evaluate(FRAME, address)
    frames: list[Frame] = [frame for frame in tab.frames if frame != tab.main_frame]
    assert len(frames) == 1
    return frames[0].url

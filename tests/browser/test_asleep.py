"""Tabs that were asleep: hidden and frozen by the browser itself, while elsewhere an image was made private."""

import json

from playwright.async_api import Browser
from tests.browser.conftest import Owner
from tests.browser.sleeper import tab
from tests.e2e.stack import Stack

TABS = "[...document.querySelectorAll('.tab')].map((it) => it.textContent).join(' ')"
SIGN_IN = """fetch("/dev/session", {{
  method: "POST", headers: {{ "Content-Type": "application/json" }}, body: JSON.stringify({{ user_id: {user_id} }}),
}}).then(() => location.assign("/creations/all"))"""


def is_there(image_id: str, inside: str) -> str:
    return f"document.querySelector(\"[data-image='{image_id}'] {inside}\") !== null"


async def test_tabs_that_slept_show_the_truth_when_they_wake(browser: Browser, stack: Stack, owner: Owner) -> None:
    person = await owner()
    hidden, shown = await person.generate("made private while they sleep", visibility="public", count=2)
    explore = f"{stack.base_url}/explore"
    async with tab(browser, explore) as at_home, tab(browser, explore) as stranger:
        await at_home.evaluate(SIGN_IN.format(user_id=json.dumps(person.user_id)))
        await at_home.until(TABS, "All2 Public2 Private0")
        for sleeper in (at_home, stranger):
            await sleeper.until(is_there(hidden, "img"))
            await sleeper.fall_asleep()

        assert (await person.make(hidden, "private")).status_code == 200
        assert await at_home.evaluate(TABS) == "All2 Public2 Private0"
        assert not await at_home.evaluate(is_there(hidden, ".tile-lock"))
        assert await stranger.evaluate(is_there(hidden, "img")), "it has nothing to catch up with: it didn't sleep"

        for sleeper in (at_home, stranger):
            await sleeper.wake()
        await at_home.until(is_there(hidden, ".tile-lock"))
        await at_home.until(TABS, "All2 Public1 Private1")
        await stranger.until(is_there(hidden, "img"), expected=False)
        assert await stranger.evaluate(is_there(shown, "img"))
        for sleeper in (at_home, stranger):
            assert await sleeper.evaluate("window.slept"), "it was loaded anew"

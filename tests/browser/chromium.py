"""The browser of the tests: `PLAYWRIGHT_CHROMIUM`, Debian's Chromium, or an installed Chrome."""

import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-sandbox"),
)


def path() -> str | None:
    """Give where there is a browser; None where there is none."""
    named = os.environ.get("PLAYWRIGHT_CHROMIUM")
    return named or next((found for name in _NAMES if (found := shutil.which(name))), None)


@asynccontextmanager
async def chromium() -> AsyncGenerator[Browser, None]:
    """Run it until the context ends."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path(), args=list(_QUIET))
        try:
            yield browser
        finally:
            await browser.close()

"""A list of any length, in front of a visitor or in the truth; every picture is a real one, from the real service."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.seeding import insert
from playwright.async_api import Route
from tests.browser.visitor import Visitor
from tests.e2e.stack import Stack

from shared import mongo
from shared.ids import UserId
from shared.visibility import Visibility

PAGE = 100
SHAPES = ((1024, 1024), (1024, 576), (768, 1024))


def id_of(number: int) -> str:
    """Give the id of an image of the made-up list."""
    return f"img_{number:032d}"


async def owns(stack: Stack, user_id: str, count: int) -> None:
    """Put public images straight into the truth, as if they had been generated long ago."""
    assert stack.mongo_url is not None
    client = mongo.connect(stack.mongo_url)
    collection = mongo.database(client, "gallery")["images"]
    newest = datetime.now(UTC) - timedelta(days=1)
    await insert(collection, UserId(user_id), count, [Visibility.PUBLIC], newest)
    await client.close()


async def show_long_list(visitor: Visitor, image_id: str, owner_id: str, length: int) -> None:
    """Make Explore `length` images long."""

    async def listed(route: Route) -> None:
        cursor = parse_qs(urlsplit(route.request.url).query).get("cursor", ["0"])
        start = int(cursor[0])
        end = min(start + PAGE, length)
        body = {
            "items": [_item(owner_id, number) for number in range(start, end)],
            "next_cursor": str(end) if end < length else None,
        }
        await route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    await visitor.page.route("**/v1/explore*", listed)
    await show_one_picture_for_all(visitor, image_id)


async def show_one_picture_for_all(visitor: Visitor, image_id: str) -> None:
    """Let every preview be asked for as that of `image_id`, which the visitor may see."""

    async def pictured(route: Route) -> None:
        query = urlsplit(route.request.url).query
        await route.continue_(url=f"{visitor.made_for}/v1/previews/{image_id}?{query}")

    await visitor.page.route("**/v1/previews/**", pictured)


def _item(owner_id: str, number: int) -> dict[str, Any]:
    width, height = SHAPES[number % len(SHAPES)]
    created = f"2026-01-01T{23 - number // 3600:02d}:{59 - number // 60 % 60:02d}:{59 - number % 60:02d}Z"
    return {
        "id": id_of(number),
        "owner_id": owner_id,
        "visibility": "public",
        "created_at": created,
        "width": width,
        "height": height,
    }

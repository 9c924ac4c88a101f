"""A just-made image's row is waited for a moment, and never longer."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import httpx
import pytest

from download import decision
from shared.auth import User
from shared.consistency import Sight
from shared.http.problems import Problem
from shared.ids import UserId, new_image_id


class _SwallowingSights:
    """Never knows a row; the second look swallows the cancellation that reaches it, as the store's client may."""

    looks = 0

    async def of(self, _: str) -> Sight:
        self.looks += 1
        if self.looks == 2:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return Sight(None, "fallback")


@pytest.mark.timeout(10)
async def test_wait_ends_though_the_time_outs_cancellation_is_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision, "_ROW_WITHIN_S", 0.05)
    truth = {"owner_id": "ann", "visibility": "private"}
    gallery = httpx.MockTransport(lambda _: httpx.Response(200, json=truth))
    async with httpx.AsyncClient(transport=gallery) as http:
        decisions = decision.Decisions(cast("Any", _SwallowingSights()), http, "http://gallery")
        with pytest.raises(Problem) as refusal:
            await decisions.decide(new_image_id(), User(UserId("ann"), frozenset(), "a token"))
    assert refusal.value.status == 503

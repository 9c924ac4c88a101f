"""The procedural back end: the same request gives the same picture, another one another picture."""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import AsyncGenerator
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from generation.backends import RenderRequest
from generation.backends.procedural import ProceduralBackend
from generation.backends.procedural.painting import paint
from generation.backends.procedural.reading import FAMILIES, read

PROMPTS = ["misty mountains at dawn", "sea at sunset", "tokyo at night", "red bauhaus poster", "a deep green forest"]
SECRET = "zanzibar-teapot-4711"

Inspect = Any


def request(prompt: str = "a cat", seed: int = 1, width: int = 256, height: int = 256) -> RenderRequest:
    return RenderRequest(prompt=prompt, seed=seed, width=width, height=height)


def ignore(_: float) -> None:
    pass


@pytest.fixture
async def backend() -> AsyncGenerator[ProceduralBackend, None]:
    backend = ProceduralBackend()
    yield backend
    await backend.aclose()


async def test_caller_asks_twice_gets_the_same_bytes(backend: ProceduralBackend) -> None:
    assert await backend.render(request(), ignore) == await backend.render(request(), ignore)


async def test_caller_asks_with_two_at_once_gets_the_same_bytes(backend: ProceduralBackend) -> None:
    one, other = await asyncio.gather(backend.render(request(), ignore), backend.render(request(), ignore))
    assert one == other


def histogram(pixels: NDArray[np.float32]) -> NDArray[np.float64]:
    counts, _ = np.histogramdd(pixels.reshape(-1, 3), bins=(6, 6, 6), range=[(0, 256)] * 3)
    share: NDArray[np.float64] = counts / counts.sum()
    return share


def test_other_prompts_give_visibly_other_pictures(inspect: Inspect) -> None:
    seen = {prompt: histogram(inspect(paint(request(prompt), ignore)).pixels) for prompt in PROMPTS}
    for one, other in combinations(PROMPTS, 2):
        assert np.abs(seen[one] - seen[other]).sum() / 2 > 0.3, (one, other)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_another_seed_gives_another_picture_of_the_same_kind(prompt: str, inspect: Inspect) -> None:
    one, other = (inspect(paint(request(prompt, seed), ignore)).pixels for seed in (1, 2))
    assert np.abs(one - other).mean() > 8
    assert read(prompt, 1, 64, 64).family == read(prompt, 2, 64, 64).family


def test_one_changed_word_without_meaning_changes_the_picture(inspect: Inspect) -> None:
    one, other = (inspect(paint(request(prompt), ignore)).pixels for prompt in ("qwerty one", "qwerty two"))
    assert np.abs(one - other).mean() > 8


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [(1024, 576), (576, 1024), (680, 1024)])
def test_every_family_paints_every_shape_lively(family: str, size: tuple[int, int], inspect: Inspect) -> None:
    word = {"geometric": "bauhaus", "night": "aurora", "dunes": "sahara"}.get(family, family)
    assert read(word, 3, *size).family == family
    picture = inspect(paint(request(word, 3, *size), ignore))
    assert picture.size == size
    assert picture.chunks == {b"IHDR", b"IDAT", b"IEND"}
    assert picture.pixels.std() > 12


@pytest.mark.parametrize(
    ("prompt", "family"),
    [
        ("A CITY at Night", "city"),
        ("two mountains", "mountains"),
        ("ｓｅａ", "sea"),
        ("starry night", "night"),
        ("roses in a garden", "bloom"),
    ],
)
def test_words_of_the_prompt_steer_the_scene(prompt: str, family: str) -> None:
    assert read(prompt, 1, 64, 64).family == family


@pytest.mark.parametrize("prompt", ["", " ", "日本の庭", "🦊" * 50, "x" * 5000, "\ud800", "\0"])
def test_any_text_gives_a_picture(prompt: str, inspect: Inspect) -> None:
    assert inspect(paint(request(prompt, width=96, height=64), ignore)).size == (96, 64)


def test_unknown_prompts_spread_over_the_families() -> None:
    assert {read(f"zq{number}", 1, 64, 64).family for number in range(200)} == set(FAMILIES)


async def test_caller_sees_progress_grow_to_one_on_the_loops_thread(backend: ProceduralBackend) -> None:
    told: list[tuple[float, int]] = []
    await backend.render(request(), lambda fraction: told.append((fraction, threading.get_ident())))
    fractions = [fraction for fraction, _ in told]
    assert len(fractions) >= 6
    assert all(0 <= one < other <= 1 for one, other in pairwise(fractions))
    assert fractions[-1] == 1
    assert {thread for _, thread in told} == {threading.get_ident()}


def painting_threads() -> int:
    """How many threads are inside `paint` at this moment."""
    count = 0
    for top in sys._current_frames().values():
        frame: Any = top
        while frame is not None and frame.f_code is not paint.__code__:
            frame = frame.f_back
        count += frame is not None
    return count


async def test_caller_cancels_and_nothing_goes_on_painting(backend: ProceduralBackend) -> None:
    begun = asyncio.Event()
    told: list[float] = []

    def on_progress(fraction: float) -> None:
        told.append(fraction)
        begun.set()

    # Three for two threads: one of them is cancelled before it has a thread.
    renders = [asyncio.create_task(backend.render(request(width=1024, height=1024), on_progress)) for _ in range(3)]
    await begun.wait()
    for render in renders:
        render.cancel()
    outcomes = await asyncio.gather(*renders, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    assert painting_threads() == 0
    assert 1.0 not in told


async def test_loop_goes_on_while_a_large_picture_is_painted(backend: ProceduralBackend) -> None:
    painting = asyncio.create_task(backend.render(request("wind", width=1024, height=1024), ignore))
    longest, before = 0.0, time.perf_counter()
    while not painting.done():
        await asyncio.wait({painting}, timeout=0.001)
        longest, before = max(longest, time.perf_counter() - before), time.perf_counter()
    # About 10 ms on an idle machine; the bound only tells apart from painting on the loop, which takes a second.
    assert longest < 0.25


async def test_prompt_is_in_no_log_repr_or_file(backend: ProceduralBackend, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asked = request(SECRET)
    png = await backend.render(asked, ignore)
    assert SECRET not in repr(asked)
    assert SECRET not in str(asked)
    assert SECRET not in caplog.text
    assert SECRET.encode() not in png

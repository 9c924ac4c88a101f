"""The http back end against a provider that behaves, fails, refuses and lies; every exchange is a real one."""

import asyncio
import base64
import io
import logging
import threading
from collections.abc import AsyncGenerator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from generation.backends import RenderError, RenderFailed, RenderRefused, RenderRequest
from generation.backends.http import HttpBackend
from generation.backends.http.retrying import ATTEMPTS

PROMPT = "Zanzibar teapot, juggling 4711 herons"
REQUEST = RenderRequest(prompt=PROMPT, seed=7, width=96, height=64)
KEY = "sk-very-secret"

Provider = Any
Inspect = Any


def ignore(_: float) -> None:
    pass


def encoded(size: tuple[int, int] = (96, 64), kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 40, 90)).save(out, kind, **options)
    return out.getvalue()


def answer(picture: bytes) -> Response:
    return JSONResponse({"data": [{"b64_json": base64.b64encode(picture).decode()}]})


def refusal(message: str, status: int = 400) -> Response:
    return JSONResponse({"error": {"message": message, "code": "content_policy_violation"}}, status)


def backend_for(url: str, timeout_s: float = 20.0) -> HttpBackend:
    return HttpBackend(url, SecretStr(KEY), "painter-1", timeout_s, first_wait_s=0.01)


@pytest.fixture
async def backend(provider: Provider) -> AsyncGenerator[HttpBackend, None]:
    backend = backend_for(provider.url)
    yield backend
    await backend.aclose()


async def test_caller_asks_and_gets_a_clean_picture(provider: Provider, backend: HttpBackend, inspect: Inspect) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", PROMPT)
    provider.answers = [answer(encoded(pnginfo=text, dpi=(72, 72)))]
    told: list[float] = []
    picture = inspect(png := await backend.render(REQUEST, told.append))
    assert picture.chunks == {b"IHDR", b"IDAT", b"IEND"}
    assert PROMPT.encode() not in png
    assert picture.size == (96, 64)
    assert provider.asked == [
        {"model": "painter-1", "prompt": PROMPT, "n": 1, "size": "96x64", "response_format": "b64_json"}
    ]
    assert provider.keys == [f"Bearer {KEY}"]
    assert all(one < other for one, other in pairwise(told))
    assert told[-1] == 1


@pytest.mark.parametrize(
    "picture",
    [
        encoded((200, 200), "JPEG"),
        encoded((50, 300), "WEBP"),
        encoded((96, 64), "JPEG", exif=Image.Exif()),
    ],
)
async def test_caller_gets_the_size_asked_for_whatever_comes(
    provider: Provider, backend: HttpBackend, inspect: Inspect, picture: bytes
) -> None:
    provider.answers = [answer(picture)]
    got = inspect(await backend.render(REQUEST, ignore))
    assert got.size == (96, 64)
    assert np.abs(got.pixels.mean(axis=(0, 1)) - (200, 40, 90)).max() < 4


async def test_caller_gets_transparency_on_white(provider: Provider, backend: HttpBackend, inspect: Inspect) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (96, 64), (0, 0, 0, 0)).save(out, "PNG")
    provider.answers = [answer(out.getvalue())]
    assert inspect(await backend.render(REQUEST, ignore)).pixels.min() == 255


async def test_provider_without_a_key_is_asked_without_one(provider: Provider) -> None:
    provider.answers = [answer(encoded())]
    backend = HttpBackend(provider.url, None, "painter-1", 20)
    await backend.render(REQUEST, ignore)
    await backend.aclose()
    assert provider.keys == [None]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_busy_provider_is_asked_again_and_answers(provider: Provider, backend: HttpBackend, status: int) -> None:
    provider.answers = [Response(status_code=status), Response(status_code=status), answer(encoded())]
    assert (await backend.render(REQUEST, ignore)).startswith(b"\x89PNG")
    assert len(provider.asked) == 3


@pytest.mark.parametrize(("status", "code"), [(429, "provider_busy"), (503, "provider_unavailable")])
async def test_provider_that_stays_busy_is_given_up(
    provider: Provider, backend: HttpBackend, status: int, code: str
) -> None:
    provider.answers = [Response(status_code=status, headers={"Retry-After": "0"})]
    with pytest.raises(RenderFailed) as failure:
        await backend.render(REQUEST, ignore)
    assert failure.value.code == code
    assert len(provider.asked) == ATTEMPTS


async def test_retry_after_is_waited_for(provider: Provider, backend: HttpBackend) -> None:
    provider.answers = [Response(status_code=429, headers={"Retry-After": "1"}), answer(encoded())]
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await backend.render(REQUEST, ignore)
    assert loop.time() - begun >= 1


async def test_nobody_listens_and_caller_is_told() -> None:
    backend = backend_for("http://127.0.0.1:1/v1")
    with pytest.raises(RenderFailed) as failure:
        await backend.render(REQUEST, ignore)
    await backend.aclose()
    assert failure.value.code == "provider_unreachable"


async def test_provider_that_never_answers_is_given_up_in_time(provider: Provider) -> None:
    release = threading.Event()

    async def never() -> Response:
        await asyncio.to_thread(release.wait)
        return answer(encoded())

    provider.answers = [never]
    backend = backend_for(provider.url, timeout_s=0.3)
    with pytest.raises(RenderFailed) as failure:
        await backend.render(REQUEST, ignore)
    release.set()
    await backend.aclose()
    assert failure.value.code == "provider_too_slow"
    assert len(provider.asked) == 1


async def test_caller_cancels_and_the_provider_is_left_alone(provider: Provider, backend: HttpBackend) -> None:
    release = threading.Event()

    async def never() -> Response:
        await asyncio.to_thread(release.wait)
        return answer(encoded())

    provider.answers = [never]
    before = asyncio.all_tasks()
    render = asyncio.create_task(backend.render(REQUEST, ignore))
    await asyncio.to_thread(provider.being_asked.wait)
    render.cancel()
    with pytest.raises(asyncio.CancelledError):
        await render
    release.set()
    assert asyncio.all_tasks() == before
    assert len(provider.asked) == 1


@pytest.mark.parametrize("status", [400, 422])
async def test_refused_request_tells_the_providers_reason(
    provider: Provider, backend: HttpBackend, status: int
) -> None:
    provider.answers = [refusal("Your request was rejected by our\nsafety system.", status)]
    with pytest.raises(RenderRefused) as refused:
        await backend.render(REQUEST, ignore)
    assert refused.value.detail == "Your request was rejected by our safety system."
    assert len(provider.asked) == 1


async def test_reason_that_quotes_the_prompt_becomes_a_neutral_sentence(
    provider: Provider, backend: HttpBackend
) -> None:
    provider.answers = [refusal(f"The prompt '{PROMPT}' is not allowed.")]
    with pytest.raises(RenderRefused) as refused:
        await backend.render(REQUEST, ignore)
    assert refused.value.detail == "The image provider refused this request."


@pytest.mark.parametrize("status", [401, 403, 404, 405])
async def test_wrong_key_or_address_is_a_task_for_the_operator(
    provider: Provider, backend: HttpBackend, status: int
) -> None:
    provider.answers = [refusal(f"Incorrect API key provided: {KEY}", status)]
    with pytest.raises(RenderFailed) as failure:
        await backend.render(REQUEST, ignore)
    assert failure.value.code == "provider_misconfigured"
    assert KEY not in failure.value.detail
    assert len(provider.asked) == 1


async def test_prompt_and_key_are_in_no_log_and_no_error(
    provider: Provider, backend: HttpBackend, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "uvicorn")
    for answers in ([refusal(PROMPT)], [Response(PROMPT)], [Response(PROMPT, status_code=500)], [answer(encoded())]):
        provider.answers = list(answers)
        try:
            await backend.render(REQUEST, ignore)
        except RenderError as error:
            chain = [error, error.__cause__, error.__context__ if not error.__suppress_context__ else None]
            assert all(PROMPT not in f"{link!r} {link} {getattr(link, 'detail', '')}" for link in chain)
    assert "Zanzibar" not in caplog.text
    assert KEY not in caplog.text

"""Asks a provider for pictures: POST {base}/images/generations, as OpenAI and many servers understand it."""

import asyncio

import httpx
from pydantic import SecretStr

from generation.backends.http import failures
from generation.backends.http.answers import Elsewhere, read_picture, read_reason
from generation.backends.http.decoding import decode
from generation.backends.http.retrying import FIRST_WAIT_S, read_retry_after, retrying
from generation.backends.port import ProgressListener, RenderRefused, RenderRequest
from generation.backends.rendering_thread import RenderingThread, Report

CONNECT_TIMEOUT_S = 5.0
MAX_BODY = 32 * 1024 * 1024
"""Bytes of an answer; a 4-megapixel PNG in base64 is half of that."""
MAX_ERROR_BODY = 64 * 1024

OK, BAD_REQUEST, TOO_MANY, UNPROCESSABLE, SERVER_ERROR = 200, 400, 429, 422, 500


class HttpBackend:
    """Pictures from a provider. Every byte it sends is taken as hostile: bounded, decoded, encoded anew."""

    name = "http"

    def __init__(
        self,
        url: str,
        api_key: SecretStr | None,
        model: str,
        timeout_s: float,
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:
        self._base = httpx.URL(url.rstrip("/") + "/")
        self._model = model
        self._timeout_s = timeout_s
        self._first_wait_s = first_wait_s
        headers = {"Authorization": f"Bearer {api_key.get_secret_value()}"} if api_key else {}
        self._client = httpx.AsyncClient(
            headers=headers,
            # No redirects: they could carry prompt and key to another host.
            follow_redirects=False,
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
        )
        self._threads = RenderingThread("decoding", at_once=1)

    async def render(self, request: RenderRequest, on_progress: ProgressListener) -> bytes:
        """Ask, with bounded retries, within `timeout_s` seconds in all; then decode off the event loop."""
        on_progress(0.05)
        try:
            async with asyncio.timeout(self._timeout_s):
                encoded = await retrying(lambda: self._ask(request), self._first_wait_s)
        except TimeoutError:
            raise failures.too_slow() from None
        on_progress(0.9)

        def rendering(report: Report) -> bytes:
            picture = decode(encoded, request.width, request.height)
            report(1.0)
            return picture

        return await self._threads.run(rendering, on_progress)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        self._threads.close()

    async def _ask(self, request: RenderRequest) -> bytes:
        question = {
            "model": self._model,
            "prompt": request.prompt,
            "n": 1,
            "size": f"{request.width}x{request.height}",
            "response_format": "b64_json",
        }
        post = self._client.build_request("POST", self._base.join("images/generations"), json=question)
        status, body = await self._exchange(post)
        if status in {BAD_REQUEST, UNPROCESSABLE}:
            raise RenderRefused("provider_refused", read_reason(body, request.prompt))
        if status != OK:
            raise failures.misconfigured(status)
        # Not on the loop: parsing 30 MB would hold it up.
        found = await self._threads.run(lambda _: read_picture(body), lambda _: None)
        return await self._fetch(found) if isinstance(found, Elsewhere) else found.encoded

    async def _fetch(self, place: Elsewhere) -> bytes:
        try:
            url = self._base.join(place.url)
        except httpx.InvalidURL:
            raise failures.unusable() from None
        # Another host would be told of us, or could be one inside our network.
        if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port):
            raise failures.unusable()
        status, body = await self._exchange(self._client.build_request("GET", url))
        if status != OK:
            raise failures.unusable()
        return body

    async def _exchange(self, message: httpx.Request) -> tuple[int, bytes]:
        """Send, and read no more than is allowed. Raises `TransientFailure` for what another try may mend."""
        try:
            answer = await self._client.send(message, stream=True)
            try:
                _raise_if_transient(answer)
                body = await _read(answer, MAX_BODY if answer.status_code == OK else MAX_ERROR_BODY)
            finally:
                await answer.aclose()
        except httpx.ConnectTimeout:
            raise failures.unreachable() from None
        except httpx.TimeoutException:
            raise failures.too_slow() from None
        except httpx.TransportError:
            raise failures.unreachable() from None
        except httpx.DecodingError:
            raise failures.unusable() from None
        return answer.status_code, body


def _raise_if_transient(answer: httpx.Response) -> None:
    retry_after_s = read_retry_after(answer.headers.get("Retry-After"))
    if answer.status_code == TOO_MANY:
        raise failures.busy(retry_after_s)
    if answer.status_code >= SERVER_ERROR:
        raise failures.unavailable(retry_after_s)


async def _read(answer: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    # Counted after decompression, piece by piece: a small body can't unpack into a large one unseen.
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > limit:
            raise failures.unusable()
    return bytes(body)

"""No request body larger than the cap gets through, whether its length is declared or not."""

from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import Problem

MAX_BODY_BYTES = 2_000_000


class BodyCap:
    """Middleware: 413 `body_too_large` beyond `max_bytes`."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > self._max:
            await self._refuse(scope, receive, send)
            return
        counted = _Counted(receive, send, self._max)
        try:
            with suppress(ClientDisconnect):
                await self._app(scope, counted.receive, counted.send)
        except Exception:
            if not counted.too_large:
                raise
        if counted.too_large and not counted.answered:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = Problem(
            413,
            "body_too_large",
            f"The body may have {self._max} bytes at the most.",
            headers={"Connection": "close"},  # the rest of it isn't read
        )
        await problem.response()(scope, receive, send)


class _Counted:
    """The two channels of one request: to the application, too large a body looks like a caller who left."""

    def __init__(self, receive: Receive, send: Send, max_bytes: int) -> None:
        self._receive = receive
        self._send = send
        self._left = max_bytes
        self.answered = False

    @property
    def too_large(self) -> bool:
        return self._left < 0

    async def receive(self) -> Message:
        if self.too_large:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.too_large else message

    async def send(self, message: Message) -> None:
        if self.too_large and not self.answered:
            return  # what it says to a half-read body isn't the answer
        self.answered = True
        await self._send(message)

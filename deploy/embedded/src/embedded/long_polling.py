"""A proxy that gives the embedded broker long polling: it answers an empty fetch at once, a real Kafka waits.

Without it every idle consumer asks some 1,500 times a second, and a few of them fill a machine. The proxy holds
an empty fetch answer back until somebody produces to one of its topics, or the fetch's own waiting time is over,
and then asks the broker again; a fetch that wants many bytes at once gets what has come when its time is over.
Everything else goes through untouched, in order. The broker listens on another loopback address of the same port,
and tells clients so; that address is replaced by one of the same length, so that clients come here.
"""

import asyncio
import io
import signal
import struct
import sys
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass

import uvloop
from aiokafka.protocol import fetch, produce

from embedded.ports import BROKER_HOST, LOOPBACK

_PRODUCE, _FETCH, _METADATA, _FIND_COORDINATOR = 0, 1, 3, 10
_MAX_FRAME = 128 * 1024 * 1024
_ANSWERS = {answer.API_VERSION: answer for name, answer in vars(fetch).items() if name.startswith("FetchResponse_v")}
_REQUESTS = {
    (api, request.API_VERSION): request
    for api, module, prefix in ((_PRODUCE, produce, "ProduceRequest_v"), (_FETCH, fetch, "FetchRequest_v"))
    for name, request in vars(module).items()
    if name.startswith(prefix)
}


@dataclass(frozen=True, slots=True)
class _Request:
    api: int
    version: int
    frame: bytes
    may_wait_s: float
    min_bytes: int
    topics: frozenset[str]
    produced_before: int


class LongPollingProxy:
    """Sits between Kafka clients and one broker."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._produced: Counter[str] = Counter()
        self._more = asyncio.Condition()
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, ended: asyncio.Event) -> None:
        """Serve until `ended` is set.

        Raises:
            OSError: the port is taken.
        """
        server = await asyncio.start_server(self._accept, LOOPBACK, self._port, limit=1024 * 1024)
        async with server:
            await ended.wait()
            for connection in self._connections:
                connection.cancel()

    async def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        with suppress(OSError, asyncio.IncompleteReadError, ValueError, asyncio.CancelledError):
            broker, to_broker = await asyncio.open_connection(BROKER_HOST, self._port, limit=1024 * 1024)
            sent: deque[_Request] = deque()
            again = _AskAgain(self._port)
            pumps = [
                asyncio.create_task(self._pump_requests(client, to_broker, sent)),
                asyncio.create_task(self._pump_answers(broker, to_client, sent, again)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                to_broker.close()
                again.close()
        to_client.close()

    async def _pump_requests(
        self, client: asyncio.StreamReader, to_broker: asyncio.StreamWriter, sent: deque[_Request]
    ) -> None:
        while True:
            frame = await _read_frame(client)
            api, version = struct.unpack_from(">hh", frame)
            topics, waits, min_bytes = _asked_for(frame, api, version)
            # Only a fetch may be asked again.
            kept = frame if waits else b""
            sent.append(_Request(api, version, kept, waits, min_bytes, topics, self._count(topics)))
            await _write_frame(to_broker, frame)

    async def _pump_answers(
        self, broker: asyncio.StreamReader, to_client: asyncio.StreamWriter, sent: deque[_Request], again: "_AskAgain"
    ) -> None:
        while True:
            frame = await _read_frame(broker)
            request = sent.popleft()
            if request.api == _PRODUCE:
                self._produced.update(request.topics)
                async with self._more:
                    self._more.notify_all()
            elif request.may_wait_s and _is_too_little(frame, request):
                await self._wait_for_more(request)
                if self._count(request.topics) != request.produced_before:
                    frame = await again.ask(request.frame)
            elif request.api in {_METADATA, _FIND_COORDINATOR}:
                frame = frame.replace(BROKER_HOST.encode(), LOOPBACK.encode())
            await _write_frame(to_client, frame)

    async def _wait_for_more(self, request: _Request) -> None:
        if request.min_bytes > 1:
            await asyncio.sleep(request.may_wait_s)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(request.may_wait_s), self._more:
                await self._more.wait_for(lambda: self._count(request.topics) != request.produced_before)

    def _count(self, topics: frozenset[str]) -> int:
        # A fetch that names none goes on with its session's: any of them may be meant.
        return sum(self._produced[topic] for topic in topics or self._produced)


class _AskAgain:
    """A connection of its own for fetches that are asked a second time: theirs may be in use for later requests."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._broker: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, frame: bytes) -> bytes:
        """Ask the broker; give its answer.

        Raises:
            OSError, IncompleteReadError: it is gone.
        """
        if self._broker is None:
            self._broker = await asyncio.open_connection(BROKER_HOST, self._port, limit=1024 * 1024)
        reader, writer = self._broker
        await _write_frame(writer, frame)
        return await _read_frame(reader)

    def close(self) -> None:
        """Disconnect."""
        if self._broker is not None:
            self._broker[1].close()


async def _read_frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    if not 0 <= size <= _MAX_FRAME:
        raise ValueError("not a Kafka frame")
    return await reader.readexactly(size)


async def _write_frame(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(struct.pack(">i", len(frame)) + frame)
    await writer.drain()


def _asked_for(frame: bytes, api: int, version: int) -> tuple[frozenset[str], float, int]:
    """Give the topics that a fetch or a produce names, and for how many seconds and bytes a fetch may wait."""
    request = _REQUESTS.get((api, version))
    if request is None:
        return frozenset(), 0.0, 0
    # Before the body: api, version, correlation id (8 bytes), client id.
    (length,) = struct.unpack_from(">h", frame, 8)
    body = request.SCHEMA.decode(io.BytesIO(frame[10 + max(length, 0) :]))
    named = dict(zip(request.SCHEMA.names, body, strict=True))
    topics = frozenset(topic for topic, _ in named["topics"])
    return topics, named.get("max_wait_time", 0) / 1000, named.get("min_bytes", 0)


def _is_too_little(frame: bytes, request: _Request) -> bool:
    answer = _ANSWERS.get(request.version)
    if answer is None:
        return False
    fetched = answer.decode(io.BytesIO(frame[4:]))  # after the correlation id
    parts = [part for _, partitions in fetched.topics for part in partitions]
    if any(part[1] for part in parts):
        return False  # an error is told at once
    return sum(len(part[-1] or b"") for part in parts) < max(request.min_bytes, 1)


async def _main(port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await LongPollingProxy(port).serve(ended)


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1])))

"""Does a store answer its own protocol? A port that merely accepts isn't ready.

Written out, without the client libraries: importing those takes as long as the stores' start.
"""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from embedded.ports import LOOPBACK

_ID = 1

_API_VERSIONS_KEY, _CLIENT = 18, b"probe"
_API_VERSIONS = struct.pack(">hhih", _API_VERSIONS_KEY, 0, _ID, len(_CLIENT)) + _CLIENT

_OP_MSG = 2013
_PING = b"\x10ping\x00\x01\x00\x00\x00" + b"\x02$db\x00\x06\x00\x00\x00admin\x00" + b"\x00"  # BSON without its length
_FINE = b"\x01ok\x00" + struct.pack("<d", 1.0)

_GET = f"GET / HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode()


async def probe_kafka(host: str, port: int) -> None:
    """Ask the broker for its API versions.

    Raises:
        OSError: it doesn't answer as a broker.
    """
    async with _connected(port, host) as (reader, writer):
        writer.write(struct.pack(">i", len(_API_VERSIONS)) + _API_VERSIONS)
        _, answered_id, error = struct.unpack(">iih", await reader.readexactly(10))
    if answered_id != _ID or error:
        raise ConnectionError("this isn't a Kafka broker")


async def probe_mongo(port: int) -> None:
    """Ping the store.

    Raises:
        OSError: it doesn't answer as a Mongo store.
    """
    body = b"\x00\x00\x00\x00\x00" + struct.pack("<i", len(_PING) + 4) + _PING
    async with _connected(port) as (reader, writer):
        writer.write(struct.pack("<iiii", len(body) + 16, _ID, 0, _OP_MSG) + body)
        length, _, answered_id, _ = struct.unpack("<iiii", await reader.readexactly(16))
        answer = await reader.readexactly(min(length - 16, 4_000))
    if answered_id != _ID or _FINE not in answer:
        raise ConnectionError("this isn't a Mongo store")


async def probe_s3(port: int) -> None:
    """Ask without a signature: a working store refuses that with its own error document.

    Raises:
        OSError: it doesn't answer as an S3 store.
    """
    async with _connected(port) as (reader, writer):
        writer.write(_GET)
        answer = await reader.read(4_000)
        while not reader.at_eof() and len(answer) < 4_000:  # noqa: PLR2004 - more than its error document has
            answer += await reader.read(4_000)
    if b"<Error>" not in answer:
        raise ConnectionError("this isn't an S3 store")


@asynccontextmanager
async def _connected(
    port: int, host: str = LOOPBACK
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    except asyncio.IncompleteReadError:
        raise ConnectionError("it hung up") from None
    finally:
        writer.close()

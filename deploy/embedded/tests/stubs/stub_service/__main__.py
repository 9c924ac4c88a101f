import asyncio
import signal
import sys

import uvicorn

from .app import create_app
from .settings import Settings
from .worker import create_worker


async def work(settings: Settings) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with create_worker(settings):
        await ended.wait()


if __name__ == "__main__":
    settings = Settings()
    if sys.argv[1:] == ["worker"]:
        asyncio.run(work(settings))
    else:
        uvicorn.run(create_app(settings), host=settings.host, port=settings.port, access_log=False)

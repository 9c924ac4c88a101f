"""`python -m generation [worker]`: serve the API, or run a worker, with settings from the environment."""

import asyncio
import signal
import sys

from generation.app import create_app
from generation.settings import Settings, WorkerSettings
from generation.worker import create_worker
from shared.probing import answering_probes
from shared.serve import serve
from shared.settings import load
from shared.telemetry import log_as_json


async def _work(settings: WorkerSettings) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with create_worker(settings) as readiness, answering_probes(readiness, settings.host, settings.probe_port):
        await ended.wait()


def main(arguments: list[str]) -> None:
    """Run the role that is asked for."""
    if arguments == ["worker"]:
        worker_settings = load(WorkerSettings)
        log_as_json("generation-worker", worker_settings.log_level)
        asyncio.run(_work(worker_settings))
    elif not arguments:
        settings = load(Settings)
        serve(create_app(settings), "generation", settings)
    else:
        sys.exit("usage: python -m generation [worker]")


if __name__ == "__main__":
    main(sys.argv[1:])

"""How a service's process serves its application."""

import uvicorn
from fastapi import FastAPI

from shared.settings import ServiceSettings
from shared.telemetry import log_as_json


def serve(app: FastAPI, service: str, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way get ten seconds to end."""
    log_as_json(service, settings.log_level)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
        limit_concurrency=1_000,
    )

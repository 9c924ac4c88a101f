"""A container's health check, by the process's own readiness; run every few seconds, so it loads next to nothing."""

import os
import socket
import sys
from collections.abc import Mapping

_WITHIN_S = 5.0


def is_healthy(environment: Mapping[str, str]) -> bool:
    """Ask this container's process on its own port (`HEALTH_PATH` for one that isn't a service)."""
    port = environment.get("PROBE_PORT") or environment.get("PORT", "8000")
    path = environment.get("HEALTH_PATH", "/readyz")
    try:
        with socket.create_connection(("127.0.0.1", int(port)), _WITHIN_S) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(not is_healthy(os.environ))

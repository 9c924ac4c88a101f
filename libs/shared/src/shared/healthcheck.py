"""`python -m shared.healthcheck`: a container's health check, by the process's own readiness."""

import http.client
import os
import sys

_WITHIN_S = 3.0


def is_healthy(environment: dict[str, str]) -> bool:
    """Ask this container's process on its own port (`HEALTH_PATH` for one that isn't a service)."""
    port = environment.get("PROBE_PORT") or environment.get("PORT", "8000")
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=_WITHIN_S)
    try:
        connection.request("GET", environment.get("HEALTH_PATH", "/readyz"))
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_healthy(dict(os.environ)))

"""Loopback ports: the one that people use, and free ones for children."""

import random
import socket

from embedded.errors import PortError

LOOPBACK = "127.0.0.1"
BROKER_HOST = "127.0.0.2"
"""Where the broker itself listens, behind the front of `long_polling`; as long as LOOPBACK, which replaces it."""
# Below the range from which systems give ports to outgoing connections: nothing takes one between choice and use.
_FIRST, _LAST = 20_000, 32_000
_TRIES = 200


def listen_on(port: int) -> socket.socket:
    """Listen on `port` (0: a free one) of the loopback address.

    Raises:
        PortError: it is taken or not allowed.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise PortError(
            f"PORT {port} can't be listened on ({error.strerror}): choose another one, e.g. PORT={port % 60_000 + 1}."
        ) from None
    listener.setblocking(False)
    return listener


class Ports:
    """Gives free ports to those who start together, each port once: nobody listens on them until all are given."""

    def __init__(self, first: int = _FIRST, last: int = _LAST) -> None:
        self._first, self._last = first, last
        self._given: set[int] = set()
        self._chooser = random.SystemRandom()

    def take(self) -> int:
        """Give a port that nothing listens on now.

        Raises:
            PortError: none was found.
        """
        for _ in range(_TRIES):
            port = self._chooser.randint(self._first, self._last)
            if port not in self._given and _is_free(port):
                self._given.add(port)
                return port
        raise PortError(f"No free port between {self._first} and {self._last} was found.")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return False
        return True

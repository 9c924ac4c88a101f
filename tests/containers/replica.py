"""A stand-in for a service's replica: it writes down each request that it gets, and answers or breaks off.

`python replica.py FILE PATH...`: it breaks off once it has read a request for one of these paths. It runs in a
container that holds nothing but Python, so it imports nothing of ours.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FILE, BREAKS_OFF_AT = Path(sys.argv[1]), tuple(sys.argv[2:])


class Replica(BaseHTTPRequestHandler):
    """Takes any method."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._take
        raise AttributeError(name)

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        with FILE.open("a") as file:
            file.write(json.dumps({"method": self.command, "path": self.path, "body": body, "headers": headers}) + "\n")
        if self.path.startswith(BREAKS_OFF_AT):
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Replica).serve_forever()

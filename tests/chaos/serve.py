"""`python -m tests.chaos.serve SERVICE [--build NAME]`: a service as it is, or a test build of it.

A test build puts parts of its own in the place of the service's, by its composition root: see `tests.chaos.builds`.
`issuer` serves the development issuer's keys.
"""

import argparse
import importlib
import os
from pathlib import Path

import uvicorn

SERVICES = ("entitlement", "gallery", "download", "generation")


def main() -> None:
    """Serve what the command line names, with settings from the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service", choices=[*SERVICES, "issuer"])
    parser.add_argument("--build", help="a test build")
    wanted = parser.parse_args()
    if wanted.service == "issuer":
        _serve_issuer()
    else:
        _serve(wanted.service, wanted.build)


def _serve(service: str, build: str | None) -> None:
    from shared.serve import serve  # noqa: PLC0415 - late, so that the issuer starts without it
    from shared.settings import load  # noqa: PLC0415

    settings = load(importlib.import_module(f"{service}.settings").Settings)
    create_app = importlib.import_module(f"{service}.app").create_app
    if build is None:
        app = create_app(settings)
    else:
        app = importlib.import_module("tests.chaos.builds").create(create_app, settings, service, build)
    serve(app, service, settings)


def _serve_issuer() -> None:
    from embedded.issuer import DevelopmentIssuer, create_issuer_app  # noqa: PLC0415

    key = Path(os.environ["ISSUER_KEY_FILE"]).read_text()
    app = create_issuer_app(DevelopmentIssuer(key))
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()

"""`python -m embedded`: the command, and what it tells the person in the terminal."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from embedded.ending import leaving_nothing
from embedded.errors import EmbeddedError
from embedded.services import Catalogue
from embedded.settings import EmbeddedSettings
from embedded.supervisor import Ready, Run
from shared.settings import load

_DEMO_TIMEOUT_S = 30.0


def create_cli(catalogue: Catalogue) -> typer.Typer:
    """Make the command that runs `catalogue`."""
    cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

    @cli.command()
    def embedded(
        split: Annotated[
            bool, typer.Option("--split", help="Run each service and the worker in a process of its own.")
        ] = False,
        demo: Annotated[
            bool, typer.Option("--demo", help="Make three accounts with some images: free, plus and lapsed.")
        ] = False,
        as_json: Annotated[
            bool, typer.Option("--json", help="Print the ready line as one JSON object, and nothing else.")
        ] = False,
    ) -> None:
        """Run the whole of Private Generations on embedded stores; PORT (8080) and DATA_DIR (./.data) say where."""
        terminal = Terminal(as_json)
        logging.getLogger("embedded").addHandler(logging.NullHandler())  # until there is a folder for its log

        async def on_ready(ready: Ready) -> None:
            terminal.show(ready)
            if demo:
                await terminal.make_demo(ready)

        run = Run(load(EmbeddedSettings), catalogue, split, terminal.report, on_ready)
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(leaving_nothing(run.until_ended(), terminal.report))
        except EmbeddedError as error:
            terminal.report(str(error))
            raise typer.Exit(1) from None

    return cli


class Terminal:
    """Standard output for the ready message, standard error for everything that happens."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def report(self, sentence: str) -> None:
        """Say what happened."""
        typer.echo(sentence, err=True)

    def show(self, ready: Ready) -> None:
        """Say that it is ready, and what to try."""
        if self._as_json:
            line = {
                "event": "ready",
                "address": ready.address,
                "data_dir": str(ready.folder.path),
                "kafka_bootstrap_servers": ready.kafka_bootstrap_servers,
                "mongo_url": ready.mongo_url,
            }
            typer.echo(json.dumps(line))
        else:
            typer.echo(_WELCOME.format(address=ready.address, folder=ready.folder.path))
        sys.stdout.flush()

    async def make_demo(self, ready: Ready) -> None:
        """Make the demo's accounts; a failure is said and doesn't end the run."""
        import httpx  # noqa: PLC0415 - the stores start sooner without it

        from embedded.demo import ACCOUNTS, DemoError, create_demo  # noqa: PLC0415

        try:
            async with httpx.AsyncClient(base_url=ready.address, timeout=_DEMO_TIMEOUT_S, trust_env=False) as client:
                made = await create_demo(client)
        except (DemoError, httpx.TransportError) as error:
            self.report(f"The demo couldn't be made: {error}.")
            return
        names = ", ".join(account.user_id for account in ACCOUNTS)
        self.report(f"The demo's accounts are there: {names}{'' if made else ' (made before)'}.")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - as the HTTP server does: where there is one it is quicker
    except ImportError:
        return None
    return uvloop.new_event_loop


_WELCOME = """\
Private Generations is ready at {address}   (data and logs in {folder}; Ctrl-C ends it)
Anybody who reaches this port can sign in as anybody and take any plan: the issuer (/dev/token) and the built-in
billing are for development only. Open the address in a browser, or try it here:

  A={address}
  TOKEN=$(curl -s $A/dev/token --json '{{"user_id": "alice"}}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s $A/v1/subscription -X PUT -H "Authorization: Bearer $TOKEN" --json '{{"plan": "plus"}}'
  curl -s $A/v1/generations -H "Authorization: Bearer $TOKEN" \\
       --json '{{"prompt": "a lighthouse at dawn", "visibility": "private"}}'
  curl -s "$A/v1/creations?visibility=private" -H "Authorization: Bearer $TOKEN"
  curl -s "$A/v1/downloads/IMAGE_ID?format=png" -H "Authorization: Bearer $TOKEN" -o image.png
"""

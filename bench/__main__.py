"""`python -m bench [NAMES…]`: run some benches, or all, and print one table of ratios."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from bench import (
    bulk,
    conversions,
    gallery_page,
    held_up,
    indistinguishable,
    machine,
    printing,
    revocation,
    stored_rendition,
)
from bench.measuring import Pace
from bench.results import Result

BENCHES: dict[str, Callable[[Pace], Awaitable[Result]]] = {
    "gallery-page": gallery_page.measure,
    "conversions": conversions.measure,
    "stored-rendition": stored_rendition.measure,
    "revocation": revocation.measure,
    "bulk": bulk.measure,
    "held-up": held_up.measure,
    "indistinguishable": indistinguishable.measure,
}
_WITHIN_S = 1_200
"""A bench that takes longer than this hangs."""
_WIDTH_OF_FILES = 120
_progress = Console(stderr=True, highlight=False)


def bench(
    names: Annotated[list[str] | None, typer.Argument(help=f"Some of: {', '.join(BENCHES)}. None: all.")] = None,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Rounds of each; fewer are quicker and say less.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Measure the system against peers in the same run; all of it takes six to ten minutes.

    Each bench starts the embedded stack anew, on free ports and in a folder of its own, and removes it; or it uses
    the system at E2E_BASE_URL, with its stores at KAFKA_BOOTSTRAP_SERVERS and MONGO_URL. Progress goes to standard
    error. Nothing fails because it is slow: the figures are for reading.
    """
    chosen = list(dict.fromkeys(names or BENCHES))
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(BENCHES)}")
    load_before = machine.load()
    results = uvloop.run(_run(chosen, rounds))
    found_on = machine.facts(load_before)
    if as_json:
        typer.echo(printing.as_json(results, found_on))
    else:
        terminal = Console()
        printing.show(results, found_on, terminal if terminal.is_terminal else Console(width=_WIDTH_OF_FILES))


async def _run(names: Sequence[str], rounds: int) -> dict[str, Result]:
    results = {}
    for name in names:
        _progress.print(f"{name} …")
        async with asyncio.timeout(_WITHIN_S):
            results[name] = await BENCHES[name](Pace(rounds, lambda text: _progress.print(f"  {text}")))
    return results


if __name__ == "__main__":
    typer.run(bench)

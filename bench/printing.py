"""How results are shown: one table of ratios for the whole run, the other tables below it; or all as JSON."""

import dataclasses
import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table as RichTable

from bench.machine import Machine
from bench.results import Ratio, Result, Table


def as_json(results: Mapping[str, Result], machine: Machine) -> str:
    """Give everything as one JSON object."""
    benches = {name: dataclasses.asdict(result) for name, result in results.items()}
    return json.dumps({"machine": dataclasses.asdict(machine), "benches": benches}, indent=2)


def show(results: Mapping[str, Result], machine: Machine, console: Console) -> None:
    """Print everything for a person."""
    ratios = [ratio for result in results.values() for ratio in result.ratios]
    if ratios:
        console.print(_ratios(ratios))
    for result in results.values():
        for table in result.tables:
            console.print(_other(table))
    console.print(f"Measured on {machine}", soft_wrap=True)


def _ratios(ratios: list[Ratio]) -> RichTable:
    shown = RichTable(title="ours / peer (1 = as fast as the peer, 2 = takes twice as long)")
    shown.add_column("what")
    for name in ("ours, ms", "peer, ms", "lowest", "median", "highest", "rounds"):
        shown.add_column(name, justify="right")
    for it in ratios:
        times = (f"{it.ours_ms:.2f}", f"{it.peer_ms:.2f}")
        of_rounds = (f"{it.lowest:.2f}", f"[bold]{it.median:.2f}[/bold]", f"{it.highest:.2f}", str(it.rounds))
        shown.add_row(it.what, *times, *of_rounds)
    return shown


def _other(table: Table) -> RichTable:
    shown = RichTable(title=table.title)
    for number, name in enumerate(table.columns):
        is_text = all(isinstance(row[number], str) for row in table.rows)
        shown.add_column(name, justify="left" if is_text else "right")
    for row in table.rows:
        shown.add_row(*(cell if isinstance(cell, str) else f"{cell:.2f}" for cell in row))
    return shown

"""What a bench gives: ratios, and tables of what else it saw; both as data, so that they can be printed or stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours against a peer over some rounds; times are medians of medians in milliseconds, ratios have no unit."""

    what: str
    ours_ms: float
    peer_ms: float
    lowest: float
    median: float
    highest: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Table:
    """Something else worth seeing; every row has a cell for each column."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float]]


@dataclass(frozen=True, slots=True)
class Result:
    """All that one bench found."""

    ratios: Sequence[Ratio] = ()
    tables: Sequence[Table] = field(default=())

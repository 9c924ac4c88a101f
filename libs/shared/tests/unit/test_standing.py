"""How a position stands against the log's end."""

import pytest

from shared.bus.log_ends import standing
from shared.bus.positions import Position


@pytest.mark.parametrize(
    ("offset", "end", "end_later", "known", "expected"),
    [
        (5, 5, 5, True, "at_end"),
        (4, 5, 5, True, "behind"),
        (7, 5, 9, True, "at_end"),
        (7, 5, 7, True, "at_end"),
        (7, 5, 6, True, "another_log"),
        (5, 5, 5, False, "another_log"),
        (4, 5, 5, False, "another_log"),
        (0, 0, 0, True, "at_end"),
    ],
    ids=[
        "at its end",
        "a record is missing",
        "the log has grown since its end was asked for",
        "and stands at its end",
        "the log went back",
        "another log that is as long",
        "another log that is longer",
        "an empty log",
    ],
)
def test_standing(offset: int, end: int, end_later: int, known: bool, expected: str) -> None:
    assert standing(Position(offset, 100), end, end_later, known) == expected

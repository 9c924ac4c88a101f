"""What is kept in `docs` says what the code says."""

from pathlib import Path

from tests.rules import settings_table

from shared.contracts import documents

DOCS = Path(__file__).parents[2] / "docs"


def test_event_contract_is_up_to_date() -> None:
    assert (DOCS / "events/asyncapi.json").read_text() == documents.text()


def test_settings_table_is_up_to_date_and_explains_every_setting() -> None:
    table = settings_table.table()
    assert (DOCS / "settings.md").read_text() == table
    unexplained = [line for line in table.splitlines() if line.startswith("| `") and line.endswith("|  |")]
    assert unexplained == []

"""A short campaign and one mutant on the embedded stack: the long ones are `make chaos`."""

from pathlib import Path

import pytest
from tests.chaos.campaign import Campaign, Plan
from tests.chaos.mutants.__main__ import hunt
from tests.chaos.reporting import as_text
from tests.chaos.stack import Shape, running

_FAULTS = ("freeze-download", "late-publisher", "poison", "duplicate", "reorder", "restart")


@pytest.mark.timeout(300)
async def test_strangers_see_nothing_hidden_while_faults_come_and_go(tmp_path: Path) -> None:
    plan = Plan(seconds=25, seed=5, faults=_FAULTS, images=8, writers=2, rate=60, quiet_s=(0.3, 1.0))
    async with running(Shape(), tmp_path / "data") as stack:
        report = await Campaign(stack, plan, lambda _: None).run()
    assert report.is_fine, as_text(report, plan)
    assert report.hidings > 5
    assert report.verdict.must_refuse > 100
    assert report.verdict.share >= 0.5


@pytest.mark.timeout(300)
async def test_the_checker_sees_a_barrier_that_does_not_wait() -> None:
    caught = await hunt("barrier", seeds=(1,))
    assert caught.is_caught

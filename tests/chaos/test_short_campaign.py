"""A short campaign and one mutant on the embedded stack: the long ones are `make chaos`."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.chaos.campaign import Campaign, Plan
from tests.chaos.mutants.__main__ import hunt
from tests.chaos.reporting import as_text
from tests.chaos.stack import Shape, running

_FAULTS = ("freeze-download", "late-publisher", "poison", "duplicate", "reorder", "restart")

_KAFKA = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")


async def holds(shape: Shape, faults: Sequence[str], folder: Path) -> None:
    plan = Plan(seconds=25, seed=5, faults=faults, images=8, quiet_s=(0.3, 1.0))
    async with running(shape, folder / "data") as stack:
        report = await Campaign(stack, plan, lambda _: None).run()
    assert report.is_fine, as_text(report, plan)
    assert report.hidings > 5
    assert report.verdict.must_refuse > 100
    assert report.verdict.share >= 0.5


@pytest.mark.timeout(300)
async def test_strangers_see_nothing_hidden_while_faults_come_and_go(tmp_path: Path) -> None:
    await holds(Shape(), _FAULTS, tmp_path)


@pytest.mark.timeout(300)
@pytest.mark.skipif(_KAFKA is None, reason="KAFKA_BOOTSTRAP_SERVERS doesn't name a real Kafka whose topics may be lost")
async def test_strangers_see_nothing_hidden_on_a_real_kafka_while_replicas_are_killed(tmp_path: Path) -> None:
    await holds(Shape(kafka=_KAFKA), (*_FAULTS, "kill", "rebalance-storm"), tmp_path)


@pytest.mark.timeout(300)
async def test_the_checker_sees_a_barrier_that_does_not_wait() -> None:
    caught = await hunt("barrier", seeds=(1,))
    assert caught.is_caught

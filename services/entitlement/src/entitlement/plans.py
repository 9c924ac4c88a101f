"""The plan table: the one place that says what a plan costs and allows."""

from dataclasses import dataclass
from typing import Literal

from shared.contracts import Capabilities, Format

PlanId = Literal["free", "basic", "plus", "pro", "team"]
_ALL_FORMATS = tuple(Format)


@dataclass(frozen=True, slots=True)
class Plan:
    """One row of the table. Prices are US dollars a month, for each member where there is a least number of them."""

    id: PlanId
    usd_per_month: int
    capabilities: Capabilities
    least_members: int | None = None


def _allows(*, private: bool, formats: tuple[Format, ...], at_once: int) -> Capabilities:
    return Capabilities(
        private_generation=private, formats=formats, generations_at_once=at_once, images_per_generation=4
    )


PLANS: dict[PlanId, Plan] = {
    plan.id: plan
    for plan in (
        Plan("free", 0, _allows(private=False, formats=(Format.JPG,), at_once=1)),
        Plan("basic", 8, _allows(private=False, formats=(Format.JPG,), at_once=2)),
        Plan("plus", 20, _allows(private=True, formats=_ALL_FORMATS, at_once=8)),
        Plan("pro", 60, _allows(private=True, formats=_ALL_FORMATS, at_once=32)),
        Plan("team", 30, _allows(private=True, formats=_ALL_FORMATS, at_once=32), least_members=2),
    )
}

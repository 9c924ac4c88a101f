"""What a generation says of itself, and when its request counts as lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from generation.domain import SIZES, Generation, Status, request_event, result_event
from generation.resending import is_lost
from generation.schemas import GenerationRequest, ProgressView
from shared.ids import GenerationId, ImageId, UserId
from shared.visibility import Visibility

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MARKER = "zanzibar-teapot-4711"


def document(**fields: Any) -> dict[str, Any]:
    generation = Generation(
        id=GenerationId("gen_1"),
        owner_id=UserId("ann"),
        prompt=MARKER,
        visibility=Visibility.PRIVATE,
        aspect_ratio="1:1",
        seed=424_242_424,
        image_ids=[ImageId("img_1"), ImageId("img_2")],
        created_at=NOW,
        changed_at=NOW,
    )
    return {**generation.model_dump(by_alias=True), "lease": None, "published": {"offset": 5}, **fields}


def test_request_carries_ids_and_the_frozen_visibility_never_the_prompt_or_seed() -> None:
    event = request_event(document())
    assert (event.key, event.visibility, event.image_ids) == ("gen_1", "private", ("img_1", "img_2"))
    assert MARKER not in event.model_dump_json()
    assert "424242424" not in event.model_dump_json()


def test_result_carries_images_or_the_code_of_the_failure_without_its_detail() -> None:
    image = {"image_id": "img_1", "width": 8, "height": 8, "master_key": "img_1/a.png"}
    made = result_event(document(outcome="succeeded", images=[image], finished_at=NOW))
    assert [it.image_id for it in made.images] == ["img_1"]
    assert (made.visibility, made.failure_code) == ("private", None)
    failure = {"code": "refused", "detail": "because of the word teapot"}
    failed = result_event(document(outcome="failed", images=[image], failure=failure, finished_at=NOW))
    assert (failed.images, failed.failure_code) == ((), "refused")
    assert "teapot" not in failed.model_dump_json()


def test_nothing_shows_a_prompt_by_accident() -> None:
    generation = Generation.model_validate(document())
    assert MARKER not in repr(generation)
    assert MARKER not in repr(GenerationRequest(prompt=MARKER))
    assert MARKER not in ProgressView.of(generation).model_dump_json()


def test_only_three_statuses_are_final() -> None:
    assert {it for it in Status if it.is_final} == {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}


def test_every_size_suits_a_model_and_its_ratio() -> None:
    for name, (width, height) in SIZES.items():
        across, down = (int(it) for it in name.split(":"))
        assert width % 8 == height % 8 == 0
        assert max(width, height) == 1024
        assert abs(width / height - across / down) < 0.01, name


@pytest.mark.parametrize("prompt", ["", "   ", "a\x00b", "a\x1bb", "x" * 2_001])
def test_prompt_that_is_none_is_refused(prompt: str) -> None:
    with pytest.raises(ValidationError):
        GenerationRequest(prompt=prompt)


def test_prompt_is_kept_as_it_is_but_for_the_space_around_it() -> None:
    assert GenerationRequest(prompt="  katze\n\tim 雨 🐈 ").prompt == "katze\n\tim 雨 🐈"


LEASED = {"worker": "wrk_1", "until": NOW + timedelta(seconds=1)}
EXPIRED = {"worker": "wrk_1", "until": NOW - timedelta(seconds=1)}


@pytest.mark.parametrize(
    ("end", "workers_at", "lease", "lost"),
    [
        (9, 3, None, False),  # it waits in the log
        (9, 5, None, False),  # it is the next one
        (9, 6, None, True),  # it was passed, and nobody has it
        (5, 0, None, True),  # the log has forgotten it
        (9, 6, LEASED, False),  # somebody works on it
        (9, 6, EXPIRED, True),  # who worked on it is dead
        (9, 5, EXPIRED, False),  # so, but it is going to be read again
    ],
)
def test_request_counts_as_lost_only_when_it_neither_waits_nor_is_worked_on(
    end: int, workers_at: int, lease: dict[str, Any] | None, lost: bool
) -> None:
    assert is_lost(document(lease=lease), end, workers_at, NOW) is lost

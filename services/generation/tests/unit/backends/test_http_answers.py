"""What of a provider's reason may be passed on, and when it may be asked again."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from generation.backends.http.answers import MAX_REASON, NEUTRAL_REASON, read_reason
from generation.backends.http.retrying import read_retry_after

PROMPT = "A Portrait of Ludmilla Quux, sipping blue-green tea in the Rue Obscure 4711"


def reason(message: object, prompt: str = PROMPT) -> str:
    return read_reason(json.dumps({"error": {"message": message}}).encode(), prompt)


@pytest.mark.parametrize(
    "message",
    [
        "Your request was rejected as a result of our safety system.",
        "This request has been blocked by our content filters.",
        "Billing hard limit has been reached.",
        "Size must be one of 512x512 or 1024x1024.",
    ],
)
def test_owner_reads_a_reason_that_tells_nothing(message: str) -> None:
    assert reason(message) == message


@pytest.mark.parametrize(
    "message",
    [
        PROMPT,
        PROMPT.upper(),
        f"Not allowed: {PROMPT}",
        "The name 'Ludmilla' is not allowed.",
        "LUDMILLA\u200b is not allowed",
        "Lud\u200bmilla is not allowed",
        "Ｌｕｄｍｉｌｌａ is not allowed",
        "rejected: a%20portrait%20of%20ludmilla%20quux",
        "blocked word: blue_green sipping",
        "4711",
        "x" * 400 + " Ludmilla",
    ],
)
def test_owner_never_reads_a_reason_with_words_of_the_prompt(message: str) -> None:
    assert reason(message) == NEUTRAL_REASON


@pytest.mark.parametrize(
    ("message", "prompt"),
    [
        ("The word cat is not allowed.", "cat"),
        ("不允许：日本の庭", "静かな日本の庭の絵"),
        ("Слово кот запрещено", "Кот"),
    ],
)
def test_short_and_unspaced_prompts_are_found_too(message: str, prompt: str) -> None:
    assert reason(message, prompt) == NEUTRAL_REASON


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'{"error": null}', b'{"error": {"message": 5}}', b"\xff", b"<p>"]
)
def test_owner_reads_a_neutral_sentence_when_there_is_no_reason(body: bytes) -> None:
    assert read_reason(body, PROMPT) == NEUTRAL_REASON


def test_owner_reads_a_reason_of_bounded_length_in_one_line() -> None:
    assert len(reason("nope " * 500)) <= MAX_REASON
    assert reason("nope\n\x1b[31m  again\x00") == "nope [31m again"


def test_plain_text_error_is_a_reason() -> None:
    assert read_reason(b'{"error": "Safety system."}', PROMPT) == "Safety system."


@pytest.mark.parametrize(("value", "seconds"), [(None, None), ("7", 7.0), ("soon", None), ("-3", None), ("", None)])
def test_retry_after_is_read_or_ignored(value: str | None, seconds: float | None) -> None:
    assert read_retry_after(value) == seconds


def test_retry_after_may_be_a_date() -> None:
    seconds = read_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True))
    assert seconds is not None
    assert 25 < seconds <= 30

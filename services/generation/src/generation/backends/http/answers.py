"""Reads a provider's answers: the picture, where it is, or why there is none."""

import base64
import binascii
import json
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from generation.backends.http.failures import unusable

MAX_REASON = 300
"""Characters of a provider's reason that are passed on."""

NEUTRAL_REASON = "The image provider refused this request."

_SHORTEST_TELLING_WORD = 4
# Words that say nothing about a prompt although they may be in one: what refusals are made of.
_COMMON_WORDS = """
    about again allowed appears because been blocked cannot check code content contain contains could describe
    details detected different does error failed filter from generate generated generation guidelines have help image
    images input into invalid just make many material model modify must only other photo picture please policies
    policy prompt provider refused rejected request requests result safety same should size some support supported
    system terms than that their them there these they this those text through triggered unsafe usage used user
    violate violates violation were what when which will with words your
"""
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Inline:
    """The picture is in the answer."""

    encoded: bytes


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The picture is at an address, which the provider chose: not to be trusted."""

    url: str


def read_picture(body: bytes) -> Inline | Elsewhere:
    """Find the picture in the body of a 200. Raises `RenderFailed` if there is none."""
    try:
        first = json.loads(body)["data"][0]
        if isinstance(text := first.get("b64_json"), str):
            return Inline(base64.b64decode(text, validate=True))
        if isinstance(url := first.get("url"), str):
            return Elsewhere(url)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, binascii.Error):
        pass  # told below, without the cause: its text quotes the body
    raise unusable()


def read_reason(body: bytes, prompt: str) -> str:
    """The provider's reason for refusing, bounded, or a neutral sentence if there is none that hides the prompt."""
    try:
        error = json.loads(body)["error"]
        message = error if isinstance(error, str) else error["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return NEUTRAL_REASON
    if not isinstance(message, str):
        return NEUTRAL_REASON
    # The whole message is compared before it is cut, and as it is shown: control characters can't split a word.
    printable = "".join(c for c in message if c.isprintable() or c.isspace())
    reason = " ".join(printable.split())
    if not reason or tells_of(reason, prompt):
        return NEUTRAL_REASON
    return reason if len(reason) <= MAX_REASON else reason[: MAX_REASON - 1] + "…"


def tells_of(message: str, prompt: str) -> bool:
    """Whether a message gives away words of the prompt. In doubt it does: reasons travel on topics, prompts never."""
    said, asked = _words(unquote(message)), _words(prompt)
    telling = {word for word in asked if len(word) >= _SHORTEST_TELLING_WORD and word not in _COMMON}
    if telling & set(said):
        return True
    if asked and f" {' '.join(asked)} " in f" {' '.join(said)} ":
        return True
    return bool(_pairs(message) & _pairs(prompt))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


def _pairs(text: str) -> set[str]:
    """Neighbouring letters outside ASCII: many scripts don't put spaces between words."""
    runs = re.findall(r"[^\W\d_a-z]{2,}", unicodedata.normalize("NFKC", text).casefold())
    return {run[i : i + 2] for run in runs for i in range(len(run) - 1)}

"""Reads a prompt for what it asks to see: which kind of scene, in which mood. The rest its hash decides."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np

from generation.backends.procedural.noise import Random
from generation.backends.procedural.palette import NAMES, Palette, palette

Family = Literal[
    "mountains", "sea", "dunes", "night", "forest", "city", "space", "flow", "marble", "geometric", "bloom"
]
FAMILIES: tuple[Family, ...] = get_args(Family)

_FAMILY_WORDS: dict[Family, str] = {
    "mountains": "mountain alp peak valley hill summit glacier cliff canyon landscape volcano lake fog mist himalaya",
    "sea": "sea ocean beach wave island coast harbour harbor boat ship sail lighthouse water shore fish whale horizon",
    "dunes": "dune desert sand sahara oasis camel egypt pyramid savanna cactus mars",
    "forest": "forest wood tree jungle pine birch fox deer bear wolf path grove woodland fairy bird moss",
    "city": "city street skyline skyscraper building tower tokyo york london paris urban cyberpunk town car bridge",
    "space": "space planet galaxy cosmos cosmic nebula astronaut universe orbit saturn alien rocket spaceship robot",
    "flow": "flow wind ink line calligraphy hair thread silk dance music smoke field current fur energy",
    "marble": "marble liquid abstract fluid swirl agate smoke dream lava paint watercolor watercolour psychedelic oil",
    "geometric": "geometric bauhaus pattern minimal minimalist poster shape cubist mosaic tile grid logo circle retro",
    "bloom": "flower bloom garden rose dahlia peony lotus petal spring bouquet mandala butterfly floral portrait",
    # Last, so that on a tie "city at night" is a city: its mood brings the night.
    "night": "night star aurora midnight moon moonlight northern milky constellation camp owl firefly",
}
_MOOD_WORDS: dict[str, str] = {
    "dawn": "dawn sunrise morning early soft pastel hazy",
    "day": "day noon sunny clear bright summer blue sky",
    "sunset": "sunset dusk evening golden twilight orange warm",
    "night": "night midnight moon moonlight star dark aurora",
    "woodland": "green moss spring leaf grass nature meadow",
    "desert": "desert sand dune gold sahara clay",
    "winter": "winter snow ice frost frozen cold white glacier arctic",
    "autumn": "autumn fall harvest brown october rust maple",
    "lagoon": "lagoon tropical turquoise teal beach caribbean coral cyan",
    "rose": "pink rose romantic love blossom cherry sakura peach",
    "storm": "storm rain thunder grey gray gloomy moody dramatic fog",
    "neon": "neon cyberpunk purple violet synthwave magenta futuristic vaporwave",
    "ember": "fire ember lava volcano red blood hell dragon flame",
    "ink": "ink black monochrome noir charcoal pencil sketch vintage mono",
}
_USUAL_MOODS: dict[Family, str] = {
    "mountains": "dawn day sunset winter autumn storm rose woodland lagoon",
    "sea": "sunset lagoon dawn day rose storm",
    "dunes": "desert sunset dawn rose ember autumn",
    "night": "night neon night",
    "forest": "woodland autumn dawn winter storm sunset",
    "city": "sunset neon night dawn storm rose",
    "space": "night neon ember night",
}

T = TypeVar("T", bound=str)


@dataclass(frozen=True, slots=True)
class Brief:
    """What to paint; everything in it follows from the prompt, and `random` from the seed and the size as well."""

    family: Family
    palette: Palette
    random: Random


def read(prompt: str, seed: int, width: int, height: int) -> Brief:
    """Decide on the picture. The same arguments always give the same brief."""
    text = unicodedata.normalize("NFKC", prompt).casefold()
    words = _words(text)
    taste = _random("taste", text)
    family = _most_named(words, _FAMILY_WORDS) or _pick(taste, FAMILIES)
    usual = _USUAL_MOODS.get(family, " ".join(NAMES)).split()
    mood = _most_named(words, _MOOD_WORDS) or _pick(taste, usual)
    if family == "night" and mood not in {"night", "neon"}:
        mood = "night"
    return Brief(family, palette(mood, taste), _random("picture", text, seed, width, height))


def _words(text: str) -> list[str]:
    found = re.findall(r"\w+", text)
    return (
        found
        + [word[:-1] for word in found if word.endswith("s")]
        + [word[:-2] for word in found if word.endswith("es")]
    )


def _most_named(words: list[str], vocabulary: dict[T, str]) -> T | None:
    known = {name: set(listed.split()) for name, listed in vocabulary.items()}
    scores = {name: sum(word in listed for word in words) for name, listed in known.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else None


def _pick(random: Random, choices: "list[str] | tuple[T, ...]") -> "T":
    return choices[int(random.integers(len(choices)))]  # type: ignore[return-value]


def _random(*parts: object) -> Random:
    digest = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))

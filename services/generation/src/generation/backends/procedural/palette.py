"""Palettes: the light, air and inks that a picture is made of."""

from dataclasses import dataclass

import numpy as np

from generation.backends.procedural.colour import Colour, from_hex, shifted
from generation.backends.procedural.noise import Random


@dataclass(frozen=True, slots=True)
class Palette:
    """One mood. Landscapes use sky, light and land; abstract pictures use paper and inks."""

    sky: tuple[Colour, ...]
    """From the zenith to the horizon."""
    light: Colour
    far: Colour
    """Land in the distance."""
    near: Colour
    """Land at one's feet."""
    paper: Colour
    inks: tuple[Colour, ...]
    is_night: bool = False


# name: sky (zenith, middle, horizon), light, far, near, paper, five inks
_PALETTES: dict[str, str] = {
    "dawn": "#46568c #c793a8 #fcd9b8 #fff0d2 #b58ba4 #2a2645 #f7ebdf #35426f #d9798b #f2b48c #7f6a98 #f6d9a0",
    "day": "#2f7cc0 #8cc3e6 #eef3e4 #fffbe6 #8db4cb #1c3c46 #f4f1e8 #1f5a86 #4fa3c7 #f2c14e #e4603e #2b2f3a",
    "sunset": "#2b2152 #bf4269 #ffb060 #ffeab4 #a6466c #1a1130 #fbeedd #4a1d5c #d63f5c #ff8a4c #ffc96b #27306b",
    "night": "#050a1e #12264d #34578a #f4f0da #27466c #040812 #10182c #2f5d9b #8fb7e0 #e9d8a6 #6a5acd #163a5f",
    "woodland": "#86afa2 #c9dabb #f5eecd #fff6cc #8caf98 #0e251d #f3efdf #1d4d3a #5f9365 #b8c46a #d98e3f #3a2f25",
    "desert": "#4f82aa #e4b68b #fce2ba #fff3d8 #d6966a #54271d #f8ead6 #8c3b24 #d9783b #eab464 #3f7f8c #5a2a38",
    "winter": "#6f93b9 #bdd2e4 #f7f1ec #fffdf6 #a3bcd4 #243650 #f3f5f7 #274c77 #6096ba #a3cef1 #d77a61 #3b4252",
    "autumn": "#667c93 #dfb188 #f9e1b4 #fff0c8 #c08157 #34170f #f8ecd9 #7f2a1d #c8553d #e9a23b #588157 #3d2b1f",
    "lagoon": "#157aa3 #74cdc6 #fdf1d5 #fffbe6 #5fb0b0 #0c3544 #f6f1e2 #0b5563 #2ca6a4 #f4a259 #e8505b #f2d492",
    "rose": "#6a4a80 #e395a4 #fde3d1 #fff3e6 #c887a0 #33203f #fbeeea #8a2f5d #e0637f #f3a6a0 #6d6ba5 #f6cf8c",
    "storm": "#161f2a #465967 #b4bdb6 #eef1e2 #6f828b #0b1116 #e6e6de #22313d #55707d #9fb0ad #d9a441 #8c3f32",
    "neon": "#150833 #6f2790 #ff7db2 #ffe3ef #7c3f9e #0b0420 #140a2b #ff4f9a #7a5cff #2fd6e0 #ffb347 #3a1670",
    "ember": "#180a10 #7c1d22 #f47b3c #ffe0a3 #7f2a2a #0d0508 #f5e6d6 #2a0c10 #a4202c #e8572c #f7a93b #5b3a3a",
    "ink": "#2a2f38 #8b8d8a #ece6d8 #fffaf0 #8d928f #15181d #f2ecdf #17191e #4b5056 #8d8c85 #b43a2c #c9b891",
}
NAMES = tuple(_PALETTES)
_NIGHTS = {"night", "neon"}


def palette(name: str, random: Random) -> Palette:
    """Take a palette, and vary it a little so that two prompts of one mood still differ."""
    hue, chroma, lightness = random.normal(0, 0.10), random.uniform(0.88, 1.12), random.normal(0, 0.012)
    colours = [shifted(from_hex(text), hue, chroma, lightness) for text in _PALETTES[name].split()]
    inks = colours[7:]
    order = np.concatenate([[0], 1 + random.permutation(len(inks) - 1)])
    return Palette(
        sky=tuple(colours[:3]),
        light=colours[3],
        far=colours[4],
        near=colours[5],
        paper=colours[6],
        inks=tuple(inks[i] for i in order),
        is_night=name in _NIGHTS,
    )

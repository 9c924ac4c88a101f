"""The state machine: what owners ask for, what the log and the power do, and what must hold after each step."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.chaos.model.accidents import ACCIDENTS
from tests.chaos.model.system import AT, System

from shared.visibility import Visibility

_IMAGES, _REPLICAS = st.integers(0, 1), st.integers(0, 1)
_SIDES = st.sampled_from([Visibility.PRIVATE, Visibility.PRIVATE, Visibility.PUBLIC])
_FATES = st.sampled_from(["written", "written", "written", "lost", "unacknowledged", "garbled"])
_WITHIN_S = 20.0

NewSystem = Callable[[], Coroutine[Any, Any, System]]


class Machine(RuleBasedStateMachine):
    """One history; `begin` makes its system on `loop`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, begin: NewSystem) -> None:
        super().__init__()
        self._loop = loop
        self.system = self._do(begin())

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(asyncio.wait_for(work, _WITHIN_S))

    def teardown(self) -> None:
        """Close the system."""
        self._do(self.system.aclose())

    @rule(image=_IMAGES, to=_SIDES, who=_REPLICAS, sends=st.sampled_from([True, True, True, False]))
    def change(self, image: int, to: Visibility, who: int, sends: bool) -> None:
        """An owner asks."""
        self._do(self.system.change(self.system.images[image], to, who, sends=sends))

    @rule(image=_IMAGES, who=_REPLICAS)
    def show(self, image: int, who: int) -> None:
        """An owner asks for public, and everybody hears of it."""
        self._do(self.system.change(self.system.images[image], Visibility.PUBLIC, who))
        self._do(self.system.settle())

    @rule(image=_IMAGES, who=_REPLICAS, seconds=st.sampled_from([0.0, 2.5]), is_read=st.booleans(), fate=_FATES)
    def hide(self, image: int, who: int, seconds: float, is_read: bool, fate: str) -> None:
        """An owner asks for private, and is answered, if that may be, by a commit or because the leases are over."""
        self.system.galleries[who].broker.fate = fate
        self._do(self.system.change(self.system.images[image], Visibility.PRIVATE, who))
        if is_read:
            self._do(self.system.read(self.system.downloads[self.system.reader], 9))
        self.system.now += seconds
        self._do(self.system.answer())

    @rule(to=_SIDES, who=_REPLICAS, is_read=st.booleans())
    def change_all(self, to: Visibility, who: int, is_read: bool) -> None:
        """An owner asks for all images at once."""
        self._do(self.system.bulks.begin(to, who, is_read=is_read))

    @rule(who=_REPLICAS, is_read=st.booleans())
    def go_on(self, who: int, is_read: bool) -> None:
        """A replica takes over what is left of bulk changes."""
        self._do(self.system.bulks.go_on(who, is_read=is_read))

    @rule(who=_REPLICAS, is_read=st.booleans())
    def follow(self, who: int, is_read: bool) -> None:
        """A replica follows up what isn't known to be everywhere."""
        self._do(self.system.bulks.follow(who, is_read=is_read))

    @rule()
    def answer(self) -> None:
        """Owners are answered who may be."""
        self._do(self.system.answer())

    @rule(who=_REPLICAS)
    def send_paused(self, who: int) -> None:
        """A held-up publisher goes on."""
        self._do(self.system.send_paused(who))

    @rule(who=_REPLICAS)
    def sweep(self, who: int) -> None:
        """The sweeper's turn."""
        self._do(self.system.sweep(who))

    @rule(who=_REPLICAS, fate=_FATES)
    def doom_the_next(self, who: int, fate: str) -> None:
        """What befalls the next record."""
        self.system.galleries[who].broker.fate = fate

    @rule(who=_REPLICAS, most=st.integers(1, 4))
    def download_reads(self, who: int, most: int) -> None:
        """A replica of download works on what it gets."""
        self._do(self.system.read(self.system.downloads[who], most))

    @rule(who=_REPLICAS, most=st.integers(1, 4))
    def gallery_reads(self, who: int, most: int) -> None:
        """A replica of gallery audits what it gets."""
        self._do(self.system.read(self.system.galleries[who], most))

    @rule(who=_REPLICAS)
    def fetch_ahead(self, who: int) -> None:
        """A replica of download has records in hand that it doesn't work on yet."""
        self.system.downloads[who].member.client.fetch(AT, 3)

    @rule(who=_REPLICAS)
    def renew(self, who: int) -> None:
        """A replica of download renews its lease."""
        self._do(self.system.renew(who))

    @rule(who=_REPLICAS, image=_IMAGES, to=_SIDES)
    def renew_beside_a_change(self, who: int, image: int, to: Visibility) -> None:
        """An owner changes something just after the log's ends were told."""

        async def change() -> None:
            await self.system.change(self.system.images[image], to, 0)

        self.system.downloads[who].member.asking.meanwhile = change
        self._do(self.system.renew(who))

    @rule(seconds=st.sampled_from([0.3, 0.6, 2.5]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.system.now += seconds

    @rule(group=st.sampled_from(["download", "gallery"]), to=_REPLICAS, is_told=st.booleans())
    def rebalance(self, group: str, to: int, is_told: bool) -> None:
        """A partition moves; the one that had it may not know."""
        self._do(self.system.move(group, to, is_told=is_told))

    @rule(who=_REPLICAS, is_gallery=st.booleans(), steps=st.integers(0, 6))
    def cut_the_power_soon(self, who: int, is_gallery: bool, steps: int) -> None:
        """A replica will end after some more steps."""
        replica = self.system.galleries[who] if is_gallery else self.system.downloads[who]
        replica.fuse.left = steps

    @rule(which=st.integers(0, 50))
    def send_again(self, which: int) -> None:
        """An old record comes once more: doubled, reordered, late."""
        if records := self.system.log.records(AT):
            self.system.log.again(records[which % len(records)])

    @rule(image=_IMAGES, above=st.sampled_from([None, 0, 1, 2]))
    def poison(self, image: int, above: int | None) -> None:
        """A record that can't be read lies under an image's key; it may say of which version it is."""
        name = self.system.images[image]
        headers = {} if above is None else {"ce_sequence": str(len(self.system.asks[name]) + above)}
        self.system.log.append(AT.topic, AT.partition, name.encode(), b"{", headers)

    @rule(what=st.sampled_from(list(ACCIDENTS)), who=_REPLICAS)
    def have_an_accident(self, what: str, who: int) -> None:
        """What happens seldom."""
        self._do(ACCIDENTS[what](self.system, who))

    @rule()
    def settle(self) -> None:
        """A quiet moment."""
        self._do(self.system.settle())

    @invariant()
    def what_is_hidden_is_not_shown(self) -> None:
        """Visible to a stranger: then the owner asked for public last."""
        shown = self._do(self.system.shown_though_hidden())
        assert not shown, f"shown by {', '.join(shown)}"

"""Previews, downloads and archives: decide first, then the plan, then the bytes."""

from collections.abc import AsyncGenerator, Sequence

from download.decision import Decisions, Grant
from download.imaging import Rendition, download, preview
from download.renditions import Renditions
from download.schemas import FormatsView, FormatView
from download.zipping import Member
from shared.auth import Viewer
from shared.contracts import Capabilities, Format
from shared.entitlements import may_download
from shared.http.problems import Problem
from shared.plans import Plans, PlansUnknownError

_ANONYMOUS = Capabilities(
    private_generation=False, formats=(Format.JPG,), generations_at_once=0, images_per_generation=0
)


class DownloadService:
    """The use cases of those who want bytes."""

    def __init__(self, decisions: Decisions, plans: Plans, renditions: Renditions) -> None:
        self._decisions = decisions
        self._plans = plans
        self._renditions = renditions

    async def preview(self, image_id: str, viewer: Viewer, width: int, *, webp: bool) -> tuple[Grant, Rendition]:
        """Decide on a preview; raises as `Decisions.decide`."""
        grant = await self._decisions.decide(image_id, viewer)
        return grant, preview(width, webp=webp)

    async def download(self, image_id: str, viewer: Viewer, wanted: Format) -> tuple[Grant, Rendition]:
        """Decide on a download, then check the format against the viewer's plan of this moment.

        Raises:
            Problem: as `Decisions.decide`; then 403 `format_not_in_plan` with the allowed formats, or 503
                `entitlement_unknown` for anything but JPG while the plan can't be told.
        """
        grant = await self._decisions.decide(image_id, viewer)
        await self._require_format(viewer, wanted)
        return grant, download(wanted)

    async def formats(self, image_id: str, viewer: Viewer) -> FormatsView:
        """Say for each format whether the viewer may have the image in it, and why not."""
        await self._decisions.decide(image_id, viewer)
        try:
            capabilities = await self._capabilities(viewer)
        except PlansUnknownError:
            raise _unknown() from None
        answers = {wanted: may_download(capabilities, wanted) for wanted in Format}
        return FormatsView(
            items=[FormatView(format=wanted, allowed=it.allowed, why=it.why) for wanted, it in answers.items()]
        )

    async def bytes_of(self, grant: Grant, rendition: Rendition) -> bytes:
        """Give the bytes of what was granted (see `Renditions.get`)."""
        return await self._renditions.get(grant, rendition)

    async def archive(self, image_ids: Sequence[str], viewer: Viewer, wanted: Format) -> AsyncGenerator[Member, None]:
        """Give the files of an archive, each decided when the stream comes to it.

        The format is checked before the first byte. An image that may not be viewed, whatever the reason, is
        left out, also one revoked while the archive streams.
        """
        await self._require_format(viewer, wanted)
        return self._members(image_ids, viewer, download(wanted))

    async def _members(
        self, image_ids: Sequence[str], viewer: Viewer, rendition: Rendition
    ) -> AsyncGenerator[Member, None]:
        for number, image_id in enumerate(dict.fromkeys(image_ids), start=1):
            try:
                grant = await self._decisions.decide(image_id, viewer)
            except Problem as problem:
                if problem.status == 404:  # noqa: PLR2004 - refused
                    continue
                raise
            body = await self._renditions.get(grant, rendition)
            if not await self._is_still_granted(image_id, viewer):
                continue  # revoked while it was being made
            yield Member(f"image-{number:04d}.{rendition.extension}", body)

    async def _is_still_granted(self, image_id: str, viewer: Viewer) -> bool:
        try:
            await self._decisions.decide(image_id, viewer)
        except Problem as problem:
            if problem.status == 404:  # noqa: PLR2004 - refused
                return False
            raise
        return True

    async def _require_format(self, viewer: Viewer, wanted: Format) -> None:
        if wanted is Format.JPG:
            return
        try:
            capabilities = await self._capabilities(viewer)
        except PlansUnknownError:
            raise _unknown() from None
        if not may_download(capabilities, wanted).allowed:
            allowed = [it.value for it in Format if may_download(capabilities, it).allowed]
            raise Problem(
                403,
                "format_not_in_plan",
                f"This format needs the Plus plan or higher; you may have {', '.join(allowed)}.",
                allowed_formats=allowed,
                required_plan="plus",
            )

    async def _capabilities(self, viewer: Viewer) -> Capabilities:
        return _ANONYMOUS if viewer is None else await self._plans.capabilities(viewer)


def _unknown() -> Problem:
    return Problem(
        503, "entitlement_unknown", "Your plan can't be checked right now; JPG still works.", retry_after_s=2
    )

"""An archive decides twice about each file: when the stream comes to it, and once it is made."""

from typing import Any, cast

from download.decision import Decisions, Grant
from download.imaging import Rendition
from download.renditions import Renditions
from download.service import DownloadService
from shared.auth import Viewer
from shared.contracts import Format
from shared.http.problems import not_found
from shared.ids import ImageId, UserId
from shared.plans import Plans
from shared.visibility import Visibility


class Gate:
    """Decisions that grant everything until it is revoked."""

    def __init__(self) -> None:
        self.revoked: set[str] = set()

    async def decide(self, image_id: str, viewer: Viewer) -> Grant:
        if image_id in self.revoked:
            raise not_found()
        return Grant(ImageId(image_id), UserId("ann"), Visibility.PUBLIC, f"{image_id}/aa.png")


class RevokedWhileMade:
    """Renditions during whose making an image is revoked."""

    def __init__(self, gate: Gate, image_id: str) -> None:
        self._gate = gate
        self._image_id = image_id

    async def get(self, grant: Grant, rendition: Rendition) -> bytes:
        if grant.image_id == self._image_id:
            self._gate.revoked.add(grant.image_id)
        return grant.image_id.encode()


async def test_image_revoked_while_its_file_is_made_is_left_out() -> None:
    gate = Gate()
    service = DownloadService(
        cast("Decisions", gate), cast("Plans", cast("Any", None)), cast("Renditions", RevokedWhileMade(gate, "img_2"))
    )
    members = await service.archive(["img_1", "img_2", "img_3"], None, Format.JPG)
    assert [member.body async for member in members] == [b"img_1", b"img_3"]

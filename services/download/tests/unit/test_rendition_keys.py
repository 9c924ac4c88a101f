"""How renditions are named in the object store."""

from download.decision import Grant
from download.imaging import RENDITIONS
from download.renditions import key_of, prefix_of
from shared.ids import ImageId, UserId
from shared.visibility import Visibility


def grant(image: str, master: str, visibility: Visibility = Visibility.PRIVATE) -> Grant:
    return Grant(ImageId(image), UserId("ann"), visibility, f"{image}/{master}.png")


def test_every_rendition_of_every_master_has_a_key_of_its_own_under_its_images_prefix() -> None:
    grants = [grant("img_1", "aa"), grant("img_1", "bb"), grant("img_10", "aa")]
    keys = {key_of(it, rendition): it for it in grants for rendition in RENDITIONS}
    assert len(keys) == len(grants) * len(RENDITIONS)
    for key, of in keys.items():
        assert key.startswith(prefix_of(of.image_id))
    assert not key_of(grants[2], RENDITIONS[0]).startswith(prefix_of(ImageId("img_1")))


def test_keys_tell_nothing_but_the_image_and_stay_the_same_whatever_its_visibility() -> None:
    private, public = grant("img_1", "aa"), grant("img_1", "aa", Visibility.PUBLIC)
    for rendition in RENDITIONS:
        assert key_of(private, rendition) == key_of(public, rendition)
        assert "ann" not in key_of(private, rendition)

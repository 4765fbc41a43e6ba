"""Attempts to open a picture: from every copy made before a sweep, and by entries that are not its own."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatehouse.ledger.canonical import to_canonical
from gatehouse.ledger.errors import InvalidOpening
from gatehouse.model.image import SignedImage
from gatehouse.vault.errors import ImageMissing, NotPermitted
from gatehouse.vault.image_files import Keep
from gatehouse.vault.images import HIT_FIELDS, ImageRefusal
from gatehouse.vault.sealing import make_token, token_state
from gatehouse.vault.times import to_microseconds
from tests.unit.vault.pictures import an_image, jpeg
from tests.unit.vault.test_images import Pictured, a_sight
from tests.unit.vault.thief import Thief, root_of
from tests.unit.vault.world import AT, OTHER, OWNER, a_camera

BEGAN = AT.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Pictured]:
    world = Pictured(tmp_path / "vault")
    world.keep(Keep.ALL)
    yield world
    world.vault.close()


class Burglar(Thief):
    """A thief who copies every picture too, and knows of each what it is of."""

    def look(self, world: Pictured) -> None:
        self.take(world)
        shutil.copytree(world.rules.folder, self.folder / "images", dirs_exist_ok=True)

    def files(self) -> list[Path]:
        return sorted(path for path in (self.folder / "images").rglob("*") if path.is_file())

    def opened(self, images: Collection[SignedImage], keys: Collection[bytes]) -> set[SignedImage]:
        """Return the pictures that any key opens, of whatever file, as the manual has it."""
        found = set()
        for file in self.files():
            data = file.read_bytes()
            for image in images:
                told = said(image)
                bound = b"gatehouse-image/1\n" + int(file.parts[-2]).to_bytes(8, "big") + told.encode()
                for key in keys:
                    try:
                        AESGCM(key).decrypt(data[:12], data[12:], bound)
                    except InvalidTag:
                        continue
                    found.add(image)
        return found

    def named(self, images: Collection[SignedImage], keys: Collection[bytes]) -> set[SignedImage]:
        """Return the pictures whose file can be told by its name."""
        names = {path.name for path in self.files()}
        return {
            image
            for image in images
            for key in keys
            if make_token(token_state(key), f"image\n{said(image)}").hex() in names
        }


def said(image: SignedImage) -> str:
    owner = image.camera.rpartition("-")[0]
    return f"{owner}\n{image.camera}\n{to_microseconds(a_sight(image).captured_at)}\n{image.sha256}"


@pytest.fixture
def burglar(tmp_path: Path) -> Burglar:
    folder = tmp_path / "stolen"
    folder.mkdir()
    return Burglar(folder)


class TestEveryCopy:
    """Everything from before the sweep but the root, and everything after it with its root."""

    def test_burglar_with_the_root_of_the_time_opens_all(self, world: Pictured, burglar: Burglar) -> None:
        """What follows fails for want of the root alone."""
        images = {world.sees(at=AT - timedelta(days=29)), world.sees(jpeg(b"\x01"))}
        for image in images:
            world.images.take(image)
        burglar.look(world)
        keys = burglar.keys(root_of(world))
        assert (burglar.opened(images, keys), burglar.named(images, keys)) == (images, images)

    @pytest.mark.parametrize("keep", [Keep.HITS, Keep.ALL])
    def test_file_from_before_the_sweep_opens_no_more_and_its_name_tells_nothing(
        self, world: Pictured, burglar: Burglar, keep: Keep
    ) -> None:
        world.keep(keep)
        expiring, lasting = world.sees(at=AT - timedelta(days=29)), world.sees(jpeg(b"\x01"))
        for image in (expiring, lasting):
            world.images.take(image)
        burglar.look(world)
        world.clock.at = BEGAN + timedelta(days=1)
        world.vault.sweep()
        burglar.look(world)
        keys = burglar.keys(root_of(world))
        assert burglar.opened({expiring, lasting}, keys) == {lasting}
        assert burglar.named({expiring, lasting}, keys) == {lasting}
        assert len(world.files()) == (1 if keep is Keep.ALL else 0)

    def test_file_put_back_after_the_sweep_is_shown_to_nobody(
        self, world: Pictured, burglar: Burglar
    ) -> None:
        image = world.sees(at=AT - timedelta(days=29))
        world.images.take(image)
        lead, entry = world.hit(image)
        assert world.open_hit(lead, entry) == jpeg()
        burglar.look(world)
        world.clock.at = BEGAN + timedelta(days=1)
        world.vault.sweep()
        assert world.files() == []
        shutil.copytree(burglar.folder / "images", world.rules.folder, dirs_exist_ok=True)
        with pytest.raises(ImageMissing):
            world.open_hit(lead, entry)


class TestWithoutTheRead:
    def test_other_pictures_of_the_camera_stay_shut_to_an_answer(self, world: Pictured) -> None:
        """Whoever knows the name of a picture, its camera and its time gains nothing by it."""
        mine, other = world.sees(), world.sees(jpeg(b"\x01"), plate="GONE111")
        for image in (mine, other):
            world.images.take(image)
        entry = world.search_for()
        assert world.open_released(mine, entry) == jpeg()
        with pytest.raises(ImageMissing):
            world.open_released(other, entry)

    def test_own_lead_under_the_entry_of_a_hit_opens_nothing(self, world: Pictured) -> None:
        hit_of, other = world.sees(), world.sees(jpeg(b"\x01"))
        for image in (hit_of, other):
            world.images.take(image)
        _, entry = world.hit(hit_of)
        forged = to_canonical(
            {"camera": other.camera, "captured_at": other.captured_at, "image": other.sha256}
        )
        with pytest.raises(NotPermitted):
            world.open_hit(forged, entry)

    def test_disclosure_of_another_hit_opens_nothing(self, world: Pictured) -> None:
        first, second = world.sees(), world.sees(jpeg(b"\x01"))
        for image in (first, second):
            world.images.take(image)
        lead, one = world.hit(first)
        other, two = world.hit(second)
        with pytest.raises((NotPermitted, InvalidOpening)):
            world.images.open_hit(
                other, entry=one.data, receipt=world.book.receipt(one), openings=two.show(HIT_FIELDS)
            )
        assert world.open_hit(lead, one) == jpeg()

    def test_hit_entry_of_another_owner_opens_nothing(self, world: Pictured) -> None:
        image = world.sees()
        world.images.take(image)
        with pytest.raises(ImageMissing):
            world.open_hit(*world.hit(image, OTHER))


class TestOthersPictures:
    def test_camera_puts_nothing_under_the_name_of_another(self, world: Pictured) -> None:
        """One owner's camera, its key known, can neither replace nor foresee another's picture."""
        image = world.sees()
        world.images.take(image)
        forged = an_image(a_camera(OTHER), image.body)
        stolen = SignedImage(image.camera, image.captured_at, jpeg(b"\x01"), forged.signature)
        assert world.images.take(stolen) is ImageRefusal.BAD_SIGNATURE
        world.sees(owner=OTHER)
        world.images.take(forged)
        assert world.open_hit(*world.hit(image)) == jpeg()
        assert len(world.files()) == 2

    def test_interface_has_no_way_to_ask_by_camera_place_or_time(self, world: Pictured) -> None:
        assert {name for name in dir(world.images) if not name.startswith("_")} == {
            "is_there",
            "open_hit",
            "open_released",
            "released",
            "sweep",
            "take",
            "wanted",
        }
        assert not world.images.is_there(a_sight(an_image(a_camera(), b"guess")), OWNER)

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from gatehouse.ledger.canonical import to_canonical
from gatehouse.model import CameraStatus, PartUnavailable, Read
from gatehouse.model.image import LARGEST_IMAGE, SignedImage
from gatehouse.vault.errors import ImageMissing, ImagesFull, NotPermitted, RowAltered
from gatehouse.vault.image_files import Keep
from gatehouse.vault.images import (
    HIT_FIELDS,
    ImageRefusal,
    ImageRules,
    Images,
    ImageState,
    ImageTaken,
)
from gatehouse.vault.local import LocalVault
from tests.unit.vault.pictures import EXIF, an_image, jpeg
from tests.unit.vault.world import AT, DAY, OTHER, OWNER, PLATE, Entry, World, a_camera, a_read, signed, text

WAITING, KEPT = ImageTaken(ImageState.WAITING), ImageTaken(ImageState.KEPT)


class Pictured(World):
    """A world whose vault takes pictures."""

    rules: ImageRules

    def opened(self) -> LocalVault:
        self.rules = getattr(self, "rules", None) or ImageRules(self.folder.parent / "images")
        return LocalVault(
            self.folder,
            policy=lambda: self.policy,
            owners=self.keeping,
            pack_sha256=lambda: self.pack,
            backlog=lambda: self.backlog,
            clock=self.clock,
            images=self.rules,
        )

    @property
    def images(self) -> Images:
        assert self.vault.images is not None
        return self.vault.images

    def keep(self, keep: Keep, most_bytes: int = 2**31) -> None:
        self.rules = ImageRules(self.rules.folder, keep, most_bytes)
        self.reopen()

    def sees(
        self, body: bytes | None = None, *, plate: str = PLATE, owner: str = OWNER, at: datetime | None = None
    ) -> SignedImage:
        """Have a camera read a plate, and return the picture that it signs."""
        camera, captured = a_camera(owner), at or self.clock()
        image = an_image(camera, body, at=captured)
        number = self.numbers[camera.id] = self.numbers.get(camera.id, 0) + 1
        batch = signed(camera, number, [a_read(plate, captured, image=image.sha256)])
        sealed = self.seal(batch, camera=camera, received_at=max(captured, self.clock()))
        assert not sealed.refused
        self.reads.rows += sealed.rows
        return image

    def search_for(self, plate: str = PLATE) -> Entry:
        """Do all of a search, and return the entry of its release."""
        search = self.search(plate)
        opened = self.vault.open(self.ask(search))
        found = self.vault.examine(opened.id, self.reads.lookup(opened.lookups, owners=opened.owners))
        entry = self.released(search, found.counts)
        self.release(opened.id, entry)
        return entry

    def open_released(self, image: SignedImage, entry: Entry) -> bytes:
        return self.images.open_released(image.sha256, entry=entry.data, receipt=self.book.receipt(entry))

    def hit(self, image: SignedImage, owner: str = OWNER) -> tuple[bytes, Entry]:
        """Put a hit of the read of a picture on the record, and return its lead and its entry."""
        lead = to_canonical({"camera": image.camera, "captured_at": image.captured_at, "image": image.sha256})
        detail = {"lead_sha256": sha256(lead).hexdigest()}
        return lead, self.book.append("hotlist:hit:raised", {"detail": detail, "owners": [owner]})

    def open_hit(self, lead: bytes, entry: Entry) -> bytes:
        return self.images.open_hit(
            lead, entry=entry.data, receipt=self.book.receipt(entry), openings=entry.show(HIT_FIELDS)
        )

    def files(self) -> list[Path]:
        return sorted(path for path in self.rules.folder.rglob("*") if path.is_file())


def a_sight(image: SignedImage) -> Read:
    return Read(image.camera, datetime.fromisoformat(image.captured_at), PLATE, PLATE, image=image.sha256)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Pictured]:
    world = Pictured(tmp_path / "vault")
    yield world
    world.vault.close()


class TestTake:
    def test_take_stores_the_bare_picture_sealed_and_once(self, world: Pictured) -> None:
        image = world.sees(jpeg(beside=EXIF))
        assert world.images.take(image) == WAITING
        assert world.images.take(image) == ImageTaken(ImageState.WAITING, duplicate=True)
        (file,) = world.files()
        data = file.read_bytes()
        assert b"Exif" not in data and b"\xff\xd8" + jpeg()[2:20] not in data
        assert image.sha256 not in str(file) and image.camera not in str(file)
        assert (file.stat().st_mode & 0o777, len(data) % 4_096) == (0o600, 12 + 16)
        assert world.open_released(image, world.search_for()) == jpeg()

    def test_take_by_the_owners_choice(self, world: Pictured) -> None:
        image = world.sees()
        world.keep(Keep.NONE)
        assert world.images.take(image) == ImageTaken(ImageState.DROPPED)
        assert world.files() == []
        world.keep(Keep.ALL)
        assert world.images.take(image) == KEPT
        assert world.images.take(image) == ImageTaken(ImageState.KEPT, duplicate=True)

    def test_take_of_what_the_record_does_not_have_is_refused(self, world: Pictured) -> None:
        good = world.sees()
        other = SignedImage(good.camera, text(AT - timedelta(minutes=1)), good.body, good.signature)
        world.backlog = timedelta(hours=1)
        camera = a_camera()
        cases = {
            SignedImage("none-1", good.captured_at, good.body, good.signature): ImageRefusal.CAMERA_UNKNOWN,
            other: ImageRefusal.BAD_SIGNATURE,
            an_image(camera, b"<svg/>"): ImageRefusal.MALFORMED,
            an_image(camera, bytes(LARGEST_IMAGE + 1)): ImageRefusal.TOO_LARGE,
            an_image(camera, at=AT + timedelta(seconds=61)): ImageRefusal.CLOCK_AHEAD,
            an_image(camera, at=AT - timedelta(days=31)): ImageRefusal.EXPIRED,
            an_image(camera, at=AT - timedelta(hours=2)): ImageRefusal.BEFORE_ENROLLMENT,
        }
        assert [world.images.take(image) for image in cases] == list(cases.values())
        world.enroll(a_camera(status=CameraStatus.SUSPENDED))
        assert world.images.take(good) is ImageRefusal.CAMERA_SUSPENDED
        assert world.files() == []

    def test_take_beyond_the_cameras_peak_is_refused(self, world: Pictured) -> None:
        world.sees()
        world.enroll(a_camera(peak=2))
        found = [world.images.take(an_image(a_camera(), jpeg(bytes([number])))) for number in range(3)]
        assert found == [WAITING, WAITING, ImageRefusal.IMPLAUSIBLE_RATE]

    def test_take_without_room_takes_nothing(self, world: Pictured) -> None:
        image = world.sees()
        world.keep(Keep.HITS, most_bytes=1)
        assert world.images.take(image) == WAITING
        with pytest.raises(ImagesFull):
            world.images.take(an_image(a_camera(), jpeg(b"\x01")))
        world.reopen()
        with pytest.raises(ImagesFull):
            world.images.take(an_image(a_camera(), jpeg(b"\x01")))
        assert len(world.files()) == 1

    def test_take_on_a_full_disk_takes_nothing_and_leaves_nothing(
        self, world: Pictured, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = world.sees()

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", full)
            with pytest.raises(PartUnavailable):
                world.images.take(image)
        assert world.files() == []
        assert world.images.take(image) == WAITING


class TestKept:
    def test_picture_that_no_hit_wanted_goes_after_twenty_minutes(self, world: Pictured) -> None:
        image = world.sees()
        world.images.take(image)
        world.clock.move(20 * 60)
        world.vault.sweep()
        assert world.images.is_there(a_sight(image), OWNER)
        world.clock.move(1)
        world.vault.sweep()
        assert not world.images.is_there(a_sight(image), OWNER)
        assert world.files() == []

    @pytest.mark.parametrize("after", [False, True])
    def test_picture_of_a_hit_lasts_as_long_as_its_bucket(self, world: Pictured, after: bool) -> None:
        image = world.sees()
        if after:
            world.images.wanted(a_sight(image), OWNER)
            world.clock.move(19 * 60)
            assert world.images.take(image) == KEPT
        else:
            world.images.take(image)
            world.images.wanted(a_sight(image), OWNER)
        world.clock.move(86_400)
        world.vault.sweep()
        assert world.open_hit(*world.hit(image)) == jpeg()
        world.clock.at = AT.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=30)
        with pytest.raises(ImageMissing):
            world.open_hit(*world.hit(image))
        world.vault.sweep()
        assert world.files() == []

    def test_picture_of_a_retention_that_was_shortened_goes(self, world: Pictured) -> None:
        world.keep(Keep.ALL)
        images = [world.sees(owner=owner, at=AT - timedelta(days=5)) for owner in (OWNER, OTHER)]
        assert [world.images.take(image) for image in images] == [KEPT, KEPT]
        world.retention[OWNER] = 4 * DAY
        world.vault.sweep()
        assert len(world.files()) == 1
        assert world.open_hit(*world.hit(images[1], OTHER)) == jpeg()

    def test_picture_received_before_its_camera_says_lies_where_it_is_found(self, world: Pictured) -> None:
        world.retention[OWNER] = 60
        image = world.sees(at=AT + timedelta(seconds=59))
        world.images.take(image)
        world.images.wanted(a_sight(image), OWNER)
        assert world.open_hit(*world.hit(image)) == jpeg()

    def test_draft_of_a_writer_that_was_killed_goes_at_the_next_start(self, world: Pictured) -> None:
        draft = world.rules.folder / "drafts" / ".name.0123456789abcdef"
        draft.write_bytes(jpeg())
        world.reopen()
        assert world.files() == []

    def test_file_without_a_key_goes_at_the_next_sweep(self, world: Pictured) -> None:
        stray = world.rules.folder / "kept" / OTHER.encode().hex() / "43200" / "0" / "00"
        stray.parent.mkdir(parents=True)
        stray.write_bytes(b"none")
        world.vault.sweep()
        assert world.files() == []


class TestOpen:
    def test_released_read_shows_its_picture_for_fifteen_minutes(self, world: Pictured) -> None:
        image = world.sees()
        world.images.take(image)
        entry = world.search_for()
        world.clock.move(15 * 60 - 1)
        assert world.open_released(image, entry) == jpeg()
        world.clock.move(1)
        with pytest.raises(ImageMissing):
            world.open_released(image, entry)

    def test_picture_of_another_read_stays_shut(self, world: Pictured) -> None:
        mine, other = world.sees(), world.sees(jpeg(b"\x01"), plate="GONE111")
        world.images.take(mine)
        world.images.take(other)
        entry = world.search_for()
        with pytest.raises(ImageMissing):
            world.open_released(other, entry)
        assert world.open_released(other, world.search_for("GONE111")) == jpeg(b"\x01")

    def test_release_that_this_vault_did_not_make_opens_nothing(self, world: Pictured) -> None:
        image = world.sees()
        world.images.take(image)
        search = world.search()
        with pytest.raises(ImageMissing):
            world.open_released(image, world.released(search, {"reads": 1}))
        with pytest.raises(NotPermitted):
            world.open_released(image, search.decided)

    def test_hit_of_another_lead_opens_nothing(self, world: Pictured) -> None:
        image, other = world.sees(), world.sees(jpeg(b"\x01"))
        for each in (image, other):
            world.images.take(each)
        lead, entry = world.hit(image)
        assert world.open_hit(lead, entry) == jpeg()
        with pytest.raises(NotPermitted):
            world.open_hit(world.hit(other)[0], entry)
        with pytest.raises(NotPermitted):
            world.open_hit(lead, world.released(world.search(), {}, detail={}, owners=[OWNER]))
        with pytest.raises(ImageMissing):
            world.open_hit(*world.hit(image, OTHER))
        bare = to_canonical({"camera": image.camera})
        without = world.book.append(
            "hotlist:hit:raised", {"detail": {"lead_sha256": sha256(bare).hexdigest()}, "owners": [OWNER]}
        )
        with pytest.raises(ImageMissing):
            world.open_hit(bare, without)

    @pytest.mark.parametrize("change", ["cut", "flip", "swap"])
    def test_file_that_was_changed_is_not_shown(self, world: Pictured, change: str) -> None:
        image, other = world.sees(), world.sees(jpeg(b"\x01"))
        for each in (image, other):
            world.images.take(each)
        entry = world.search_for()
        first, second = world.files()
        data = {path: path.read_bytes() for path in (first, second)}
        for path, swapped in ((first, second), (second, first)):
            path.write_bytes(
                {
                    "cut": data[path][:-1],
                    "flip": data[path][:50] + bytes([data[path][50] ^ 1]) + data[path][51:],
                    "swap": data[swapped],
                }[change]
            )
        with pytest.raises(RowAltered):
            world.open_released(image, entry)


def test_nothing_that_is_shown_of_a_picture_holds_it(world: Pictured) -> None:
    image = world.sees()
    assert repr(image) == f"SignedImage(camera={image.camera!r})"


def test_paths_tell_what_rows_of_the_read_store_tell(world: Pictured) -> None:
    world.images.take(world.sees())
    (file,) = world.files()
    bucket = int(AT.timestamp()) // 86_400 * 1_440
    assert file.parts[-5:-1] == ("waiting", OWNER.encode().hex(), str(30 * DAY), str(bucket))
    assert len(file.name) == 32

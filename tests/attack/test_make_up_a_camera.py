"""A stolen node feeds plates of its choice to a vault elsewhere, to learn the tokens of what is sealed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger import VerificationError
from gatehouse.ledger.errors import InvalidOpening, PolicyNotMet
from gatehouse.ledger.policy import Policy
from gatehouse.model import CameraStatus
from gatehouse.vault import ReadRefusal, SealedBatch
from gatehouse.vault.errors import NotPermitted
from gatehouse.vault.retention import LONGEST_MINUTES
from tests.unit.ledger.made import log_key, witness_key
from tests.unit.vault.world import AT, OTHER, OWNER, PLATE, Book, World, a_camera, a_read, signed

CAMERA = a_camera()
MADE_UP = a_camera(id="alder-pd-99")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A vault that knows one camera, and holds a read of it."""
    world = World(tmp_path / "vault", backlog=timedelta(days=1))
    world.take(PLATE)
    yield world
    world.vault.close()


def feed(world: World, number: int = 2, *, camera: str = CAMERA.id) -> SealedBatch:
    """Have a read of the plate sealed as that of a camera, whatever the vault knows of it."""
    named = dataclasses.replace(CAMERA, id=camera)
    return world.vault.seal(signed(named, number, [a_read(PLATE)]), received_at=AT)


def refusals(sealed: SealedBatch) -> list[ReadRefusal]:
    assert not sealed.rows
    return list(sealed.refused)


class TestOffTheRecord:
    def test_camera_of_its_own(self, world: World) -> None:
        assert refusals(feed(world, camera=MADE_UP.id)) == [ReadRefusal.CAMERA_UNKNOWN]

    def test_entry_that_no_log_has(self, world: World) -> None:
        entry = world.camera_entry(MADE_UP)
        shown = world.shown(entry)
        with pytest.raises(VerificationError):
            world.vault.enroll(dataclasses.replace(shown, entry=world.book.entries[0].data))
        assert refusals(feed(world, camera=MADE_UP.id)) == [ReadRefusal.CAMERA_UNKNOWN]

    def test_record_that_no_witness_has_seen(self, world: World) -> None:
        """The node holds the log's key: it signs a second record, and shows it to nobody else."""
        witness = witness_key(1)
        world.policy = Policy.parse(f"log {log_key().vkey}\nwitness one {witness.vkey}\nquorum one\n")
        world.book.signers = [log_key()]
        with pytest.raises(PolicyNotMet):
            world.vault.enroll(world.shown(world.camera_entry(MADE_UP)))
        assert refusals(feed(world, camera=MADE_UP.id)) == [ReadRefusal.CAMERA_UNKNOWN]
        world.book.signers = [log_key(), witness]
        assert world.vault.enroll(world.shown(world.book.entries[-1]))

    def test_record_of_another_log(self, world: World) -> None:
        other = log_key("elsewhere.example/log")
        known = world.policy.logs
        world.policy = dataclasses.replace(world.policy, logs=known + Policy.of_log(other.vkey).logs)
        world.book = Book(world.clock, origin="elsewhere.example/log", signers=[other])
        with pytest.raises(NotPermitted, match="another log"):
            world.vault.enroll(world.shown(world.camera_entry(dataclasses.replace(CAMERA, peak=60_000))))

    def test_another_key_in_the_opening(self, world: World) -> None:
        shown = world.shown(world.camera_entry(MADE_UP))
        at, detail = shown.openings
        forged = dataclasses.replace(detail, value={"camera": {"id": CAMERA.id, "agency": OWNER}})
        with pytest.raises(InvalidOpening):
            world.vault.enroll(dataclasses.replace(shown, openings=[at, forged]))


class TestInAnothersName:
    def test_camera_of_an_owner_that_does_not_say_so(self, world: World) -> None:
        """An entry of one agency cannot enroll a camera of another: the owner's own sequence shows it."""
        entry = world.camera_entry(a_camera(OTHER), agency=OWNER)
        with pytest.raises(NotPermitted, match="no camera of another"):
            world.vault.enroll(world.shown(entry))

    def test_camera_that_goes_over_to_another_owner(self, world: World) -> None:
        entry = world.camera_entry(dataclasses.replace(CAMERA, agency=OTHER))
        with pytest.raises(NotPermitted, match="stays with its agency"):
            world.vault.enroll(world.shown(entry))
        assert feed(world).rows[0].owner_id == OWNER

    def test_entry_of_another_event(self, world: World) -> None:
        entry = world.camera_entry(MADE_UP, event="registry:officer:added")
        with pytest.raises(NotPermitted, match="does not open"):
            world.vault.enroll(world.shown(entry))


class TestOldEntries:
    def test_enrollment_from_before_a_suspension(self, world: World) -> None:
        added = world.book.entries[0]
        assert added.openings.event == "registry:camera:added"
        assert world.enroll(dataclasses.replace(CAMERA, status=CameraStatus.SUSPENDED))
        assert not world.vault.enroll(world.shown(added))
        assert refusals(feed(world)) == [ReadRefusal.CAMERA_SUSPENDED]
        world.reopen()
        assert not world.vault.enroll(world.shown(added))
        assert refusals(feed(world)) == [ReadRefusal.CAMERA_SUSPENDED]

    def test_key_that_was_replaced(self, world: World) -> None:
        added = world.book.entries[0]
        assert world.enroll(dataclasses.replace(CAMERA, key=b"\x01" * 32))
        assert not world.vault.enroll(world.shown(added))
        assert refusals(feed(world)) == [ReadRefusal.BAD_SIGNATURE]

    @pytest.mark.parametrize("event", ["registry:camera:added", "registry:camera:changed"])
    def test_camera_that_was_retired(self, world: World, event: str) -> None:
        assert world.enroll(dataclasses.replace(CAMERA, status=CameraStatus.RETIRED))
        with pytest.raises(NotPermitted, match=r"retired|one camera for good"):
            world.vault.enroll(world.shown(world.camera_entry(CAMERA, event=event)))
        assert refusals(feed(world)) == [ReadRefusal.CAMERA_RETIRED]

    def test_camera_that_is_added_twice(self, world: World) -> None:
        entry = world.camera_entry(dataclasses.replace(CAMERA, peak=60_000), event="registry:camera:added")
        with pytest.raises(NotPermitted, match="one camera for good"):
            world.vault.enroll(world.shown(entry))


class TestTokensOfThePast:
    """A camera that is made up on the record learns no tokens of buckets from before it."""

    def past(self, world: World, number: int, days: int) -> SealedBatch:
        batch = signed(MADE_UP, number, [a_read(PLATE, world.clock() - timedelta(days=days))])
        return world.vault.seal(batch, received_at=world.clock())

    def test_reads_from_before_it(self, world: World) -> None:
        world.enroll(MADE_UP)
        assert refusals(self.past(world, 1, 2)) == [ReadRefusal.BEFORE_ENROLLMENT]
        assert len(self.past(world, 2, 0).rows) == 1

    def test_reads_received_long_ago(self, world: World) -> None:
        world.enroll(MADE_UP)
        batch = signed(MADE_UP, 1, [a_read(PLATE)])
        sealed = world.vault.seal(batch, received_at=AT - timedelta(days=9))
        assert refusals(sealed) == [ReadRefusal.CLOCK_AHEAD]

    def test_another_key_for_an_old_camera(self, world: World) -> None:
        world.clock.move(10 * 86_400)
        world.enroll(dataclasses.replace(MADE_UP, id=CAMERA.id, peak=9))
        assert len(feed(world).rows) == 1
        world.enroll(dataclasses.replace(MADE_UP, id=CAMERA.id, key=b"\x02" * 32))
        world.enroll(dataclasses.replace(MADE_UP, id=CAMERA.id))
        assert refusals(feed(world, 3)) == [ReadRefusal.BEFORE_ENROLLMENT]

    def test_entry_that_bears_an_earlier_day(self, world: World) -> None:
        world.clock.move(10 * 86_400)
        world.answer()
        entry = world.camera_entry(MADE_UP, at=world.clock() - timedelta(days=9))
        with pytest.raises(NotPermitted, match="another day"):
            world.vault.enroll(world.shown(entry))

    def test_earlier_day_behind_an_entry_that_bears_it_too(self, world: World) -> None:
        """A made-up hit of that day is not counted in between, so it lends its day to nothing."""
        world.clock.move(10 * 86_400)
        world.answer()
        earlier = world.clock() - timedelta(days=9)
        hit = world.book.append("hotlist:hit:raised", {}, at=earlier)
        with pytest.raises(NotPermitted, match="another day"):
            world.vault.record(hit.data, world.book.receipt(hit))


class TestFasterThanACamera:
    def learned(self, world: World, numbers: list[int]) -> int:
        """Return how many tokens are learned from batches of other plates under these numbers."""
        world.enroll(dataclasses.replace(CAMERA, peak=10))
        found = set()
        for at, number in enumerate(numbers):
            reads = [a_read(f"T{at:02}{each:03}", AT + timedelta(minutes=1)) for each in range(9)]
            sealed = world.vault.seal(signed(CAMERA, number, reads), received_at=AT)
            found |= {row.token for row in sealed.rows}
        return len(found)

    def test_by_one_number_again_and_again(self, world: World) -> None:
        assert self.learned(world, [7] * 30) == 10

    def test_by_numbers_that_run_back(self, world: World) -> None:
        assert self.learned(world, list(range(40, 10, -1))) == 9

    def test_by_a_peak_that_nobody_has(self, world: World) -> None:
        with pytest.raises(NotPermitted, match="names no camera"):
            world.enroll(dataclasses.replace(MADE_UP, peak=60_001))


class TestLongerRetention:
    def known(self, world: World, minutes: int) -> None:
        """Have the vault know a rule; the one of the fixture was the longest there is."""
        assert world.rule(minutes)

    def test_without_a_second_custodian(self, world: World) -> None:
        self.known(world, 1440)
        with pytest.raises(NotPermitted, match="a second custodian and a waiting time"):
            world.rule(LONGEST_MINUTES)
        assert world.take(PLATE)[0].bucket % 60 == 0

    @pytest.mark.parametrize(
        ("by", "days", "why"),
        [("alder-pd.c1", 8, "a second person approves"), ("alder-pd.c2", 6, "a waiting time")],
    )
    def test_approved_by_the_same_person_or_too_soon(
        self, world: World, by: str, days: int, why: str
    ) -> None:
        self.known(world, 1440)
        with pytest.raises(NotPermitted, match=why):
            self.approved(world, by=by, days=days)

    def approved(self, world: World, *, by: str, days: int) -> bool:
        proposed = world.proposal(2880)
        approved = world.rule_entry("approved", change="c1", by=by)
        world.clock.move(days * 86_400)
        in_force = world.rule_entry("in_force", change="c1")
        return world.vault.retain(
            proposed=world.shown(proposed), approved=world.shown(approved), in_force=world.shown(in_force)
        )

    def test_approved_and_waited_for_it_counts_up_to_the_bound(self, world: World) -> None:
        self.known(world, 1440)
        world.retention[OWNER] = 2000
        assert self.approved(world, by="alder-pd.c2", days=7)
        (row,) = world.take(PLATE)
        world.clock.move(60 * 1940)
        assert world.answer()[0]["reads"] == 1
        world.clock.move(60 * 60)
        assert world.answer()[0]["reads"] == 0
        assert row.owner_id == OWNER

    def test_of_an_older_rule(self, world: World) -> None:
        assert world.rule(1440)
        proposed, in_force = (world.shown(each) for each in world.book.entries[-2:])
        assert world.rule(60)
        assert not world.vault.retain(proposed=proposed, in_force=in_force)
        assert feed(world).refused == Counter()
        world.clock.move(3600)
        assert world.answer()[0]["reads"] == 0

    def test_of_another_owner(self, world: World) -> None:
        proposed = world.proposal(60, OTHER)
        in_force = world.rule_entry("in_force", OWNER, change="c1")
        with pytest.raises(NotPermitted, match="two agencies"):
            world.vault.retain(proposed=world.shown(proposed), in_force=world.shown(in_force))
        proposed = world.proposal(60, OWNER, subject=OTHER)
        in_force = world.rule_entry("in_force", OWNER, change="c1")
        with pytest.raises(NotPermitted, match="its own to change"):
            world.vault.retain(proposed=world.shown(proposed), in_force=world.shown(in_force))

    def test_of_another_change(self, world: World) -> None:
        proposed = world.proposal(LONGEST_MINUTES, change="c2")
        in_force = world.rule_entry("in_force", change="c1")
        with pytest.raises(NotPermitted, match="another change"):
            world.vault.retain(proposed=world.shown(proposed), in_force=world.shown(in_force))

    def test_rule_that_is_taken_away_takes_nothing_in(self, world: World) -> None:
        assert world.rule(None)
        assert refusals(feed(world)) == [ReadRefusal.NO_RETENTION]
        with pytest.raises(NotPermitted, match="a second custodian"):
            world.rule(60)

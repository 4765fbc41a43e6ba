"""A vault that dies while pictures come: each acknowledged one opens whole, and nothing half is left."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

from gatehouse.ledger.policy import Policy
from gatehouse.vault import Keeping, LocalVault, RetentionClass
from gatehouse.vault.images import ImageRules, ImageState, ImageTaken
from tests.faults.rounds import ROUNDS
from tests.unit.ledger.made import log_key
from tests.unit.vault.pictures import an_image, jpeg
from tests.unit.vault.test_images import Pictured, a_sight
from tests.unit.vault.world import AT, DAY, OWNER, PACK, a_camera

_SIZE = 60_000


def body_of(number: int) -> bytes:
    return jpeg(number.to_bytes(4, "big").replace(b"\xff", b"\xff\x00") * (_SIZE // 4))


def take_until_killed(folder: str, telling: Connection, first: int) -> None:
    """Take pictures, every second of them of a hit, and tell the number of each that was taken."""
    place = Path(folder)
    vault = LocalVault(
        place,
        policy=Policy.of_log(log_key().vkey),
        owners=lambda _: Keeping(RetentionClass(30 * DAY)),
        pack_sha256=lambda: PACK,
        clock=lambda: AT,
        images=ImageRules(place.parent / "images"),
    )
    assert vault.images is not None
    number = first
    while True:
        image = an_image(a_camera(), body_of(number), at=AT - timedelta(minutes=number // 200))
        assert vault.images.take(image) == ImageTaken(ImageState.WAITING)
        if number % 2:
            vault.images.wanted(a_sight(image), OWNER)
        telling.send(number)
        number += 1


def test_kill_the_vault_while_pictures_come(folder: Path, processes: ForkServerContext) -> None:
    world = Pictured(folder / "vault")
    world.sees()
    world.vault.close()
    chance, told, number = random.Random(11), set[int](), 0
    for _ in range(ROUNDS):
        reading, writing = processes.Pipe(duplex=False)
        child = processes.Process(target=take_until_killed, args=(str(folder / "vault"), writing, number))
        child.start()
        writing.close()
        with reading:
            told.add(reading.recv())
            time.sleep(chance.random() * 0.1)
            child.kill()
            with suppress(EOFError):
                while True:
                    told.add(reading.recv())
        child.join()
        # What was under way may be there without an answer, and would be a duplicate.
        number = max(told) + 2
    world.vault = world.opened()
    assert list((world.rules.folder / "drafts").iterdir()) == []
    found = {}
    for each in range(number):
        image = an_image(a_camera(), body_of(each), at=AT - timedelta(minutes=each // 200))
        if world.images.is_there(a_sight(image), OWNER):
            found[each] = world.open_hit(*world.hit(image)) == body_of(each)
    assert found.keys() >= told
    assert set(found.values()) == {True}
    assert len(world.files()) == len(found) <= len(told) + ROUNDS
    world.clock.move(20 * 60 + 1)
    world.vault.sweep()
    hits = {each for each in told if each % 2}
    kept = len(world.files())
    assert len(hits) <= kept <= len(hits) + ROUNDS
    world.vault.close()

"""Pictures at a whole node: shown to the vault's camera first, kept by the configuration, in no backup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.model import BadUse
from gatehouse.model.image import SignedImage
from gatehouse.node.backup import back_up
from gatehouse.node.config import load_config
from gatehouse.node.images import Images, keeper
from gatehouse.node.node import Node
from gatehouse.vault.errors import ImageMissing
from gatehouse.vault.images import ImageRefusal, ImageState, ImageTaken
from tests.unit.ledger.logs import Clock
from tests.unit.node.founded import START, copied
from tests.unit.node.running import (
    CAMERA,
    KEY,
    OFFICER,
    PLATE,
    asked,
    made_node,
    opened_node,
    read,
    sign,
    signed,
)
from tests.unit.vault.pictures import an_image, jpeg


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_node(tmp_path_factory.mktemp("node"))


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return copied(template, tmp_path / "node")


@pytest.fixture
def clock() -> Clock:
    return Clock(START + timedelta(hours=1))


@pytest.fixture
def node(folder: Path, clock: Clock) -> Iterator[Node]:
    with opened_node(folder, clock) as node:
        yield node


def a_picture(clock: Clock) -> SignedImage:
    return an_image(CAMERA, at=clock.at, key=KEY)


def test_picture_before_its_read_is_shown_beside_the_answer(node: Node, clock: Clock) -> None:
    image = a_picture(clock)
    assert node.images.take(image) == ImageTaken(ImageState.WAITING)
    node.ingest(signed(1, [{**read(PLATE, clock.at), "image": image.sha256}]))
    search = asked(clock.at)
    answer = node.door.ask(search, signed=sign(search, clock.at))
    assert [node.images.is_there(each.read, each.owner) for each in answer.reads] == [True]
    assert node.images.of_search(answer.id, image.sha256, by=OFFICER) == jpeg()


def test_answer_of_before_a_restart_shows_no_picture(folder: Path, clock: Clock) -> None:
    image = a_picture(clock)
    with opened_node(folder, clock) as node:
        node.images.take(image)
        node.ingest(signed(1, [{**read(PLATE, clock.at), "image": image.sha256}]))
        search = asked(clock.at)
        answer = node.door.ask(search, signed=sign(search, clock.at))
    with opened_node(folder, clock) as node:
        with pytest.raises(ImageMissing):
            node.images.of_search(answer.id, image.sha256, by=OFFICER)
        again = node.door.ask(search, signed=replace(sign(search, clock.at), nonce=bytes(32)))
        assert node.images.of_search(again.id, image.sha256, by=OFFICER) == jpeg()


def test_picture_of_a_camera_that_is_not_registered_is_refused(node: Node, clock: Clock) -> None:
    image = a_picture(clock)
    assert node.images.take(replace(image, camera="none-1")) is ImageRefusal.CAMERA_UNKNOWN


def test_configuration_says_which_pictures_are_kept(folder: Path, clock: Clock) -> None:
    with (folder / "node.toml").open("a") as file:
        file.write('[images]\nkeep = "none"\n')
    with opened_node(folder, clock) as node:
        assert node.images.take(a_picture(clock)) == ImageTaken(ImageState.DROPPED)


def test_backup_holds_no_picture(node: Node, folder: Path, clock: Clock, tmp_path: Path) -> None:
    node.images.take(a_picture(clock))
    (file,) = [path for path in (folder / "images").rglob("*") if path.is_file()]
    back_up(load_config(folder), tmp_path / "backup", secrets=tmp_path / "keys")
    names = [path.name for made in ("backup", "keys") for path in (tmp_path / made).rglob("*")]
    assert file.name not in names and "images" not in names


def test_nobody_else_may_look_into_the_folder(node: Node, folder: Path) -> None:
    assert (folder / "images").stat().st_mode & 0o077 == 0


def test_vault_elsewhere_takes_no_pictures_and_holds_up_no_hit(node: Node, clock: Clock) -> None:
    images = Images(
        None, show=node.showing.camera, registry=node.registry, parts=node.door.parts, hotlists=node.hotlists
    )
    with pytest.raises(BadUse, match="its vault is in another process"):
        images.take(a_picture(clock))
    with pytest.raises(BadUse, match="its vault is in another process"):
        images.of_hit(7, by=OFFICER)
    search = asked(clock.at)
    node.ingest(signed(1, [read(PLATE, clock.at)]))
    (found,) = node.door.ask(search, signed=sign(search, clock.at)).reads
    assert not images.is_there(found.read, found.owner)
    keeper(None)(found.read, found.owner)

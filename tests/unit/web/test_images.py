"""Pictures over the API: handed in signed, shown to whom their read was told to, and to nobody else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gatehouse.model import Camera, Role
from gatehouse.model.batch import SignedBatch, signed_message
from gatehouse.model.image import SignedImage
from gatehouse.node.images import Images
from gatehouse.reads.rows import ReadBatch
from gatehouse.vault.errors import ImagesFull
from tests.unit.search.world import ALDER, CAMERA_KEY
from tests.unit.vault.pictures import COMMENT, EXIF, an_image, jpeg
from tests.unit.vault.world import text
from tests.unit.web.nodes import Browser, WebNode, asked, at_work
from tests.unit.web.test_hotlists import enter

CAMERA = Camera(f"{ALDER}-1", ALDER, "Gate", 0.0, 0.0, None, CAMERA_KEY.public_key().public_bytes_raw())


@pytest.fixture
def officer(node: WebNode, app: Starlette) -> Browser:
    return at_work(node, app, "o1")


def sees(node: WebNode, plate: str = "TEST123", body: bytes | None = None) -> SignedImage:
    """Have a camera read a plate, the hotlists told, and return the picture that it signs."""
    node.move(minutes=3)
    now = node.now()
    image = an_image(CAMERA, body, at=now, key=CAMERA_KEY)
    number = node.world.numbers[CAMERA.id] = node.world.numbers.get(CAMERA.id, 0) + 1
    line = f'{{"captured_at": "{text(now)}", "plate": "{plate}", "state": "WY", "image": "{image.sha256}"}}\n'
    signature = CAMERA_KEY.sign(signed_message(CAMERA.id, number, line.encode()))
    node.world.introduce(CAMERA)
    if CAMERA not in node.registry.added:
        node.registry.added.append(CAMERA)
    sealed = node.world.vault.seal(SignedBatch(CAMERA.id, number, line.encode(), signature), received_at=now)
    assert not sealed.refused
    assert node.world.reads.add([ReadBatch(CAMERA.id, number, sealed.rows)]) == [True]
    node.hotlists.on_reads(sealed.reads, CAMERA, now)
    return image


def hand_in(app: Starlette, image: SignedImage, **changed: str) -> httpx.Response:
    headers = {
        "gatehouse-camera": image.camera,
        "gatehouse-captured-at": image.captured_at,
        "gatehouse-signature": b64encode(image.signature).decode(),
        "content-type": "image/jpeg",
    }
    camera = Browser(app, origin=None)
    return camera.send("POST", "/images", content=image.body, headers=headers | changed)


def search(officer: Browser, node: WebNode, **changed: Any) -> dict[str, Any]:
    body = asked(node, **changed)
    signed = officer.signed({"asks": "search", "search": body})
    found = officer.post("/searches", {"search": body, "signed": signed})
    assert found.status_code == 201, found.text
    told: dict[str, Any] = found.json()
    return told


class TestHandIn:
    def test_picture_of_a_hit_is_kept_and_told(self, node: WebNode, app: Starlette, officer: Browser) -> None:
        enter(node, officer)
        image = sees(node)
        assert [each["picture"] for each in officer.get("/hits").json()["hits"]] == [False]
        found = hand_in(app, image)
        told = {"camera": CAMERA.id, "sha256": image.sha256, "state": "kept", "duplicate": False}
        assert (found.status_code, found.json()) == (200, told)
        assert hand_in(app, image).json() == told | {"duplicate": True}
        assert [each["picture"] for each in officer.get("/hits").json()["hits"]] == [True]

    def test_picture_without_a_hit_waits_and_is_dropped(self, node: WebNode, app: Starlette) -> None:
        image = sees(node)
        assert hand_in(app, image).json()["state"] == "waiting"
        node.move(minutes=20, seconds=1)
        node.world.vault.sweep()
        assert hand_in(app, image).json()["duplicate"] is False

    @pytest.mark.parametrize(
        ("changed", "status"),
        [
            ({"gatehouse-camera": ""}, 400),
            ({"gatehouse-camera": "none-1"}, 401),
            ({"gatehouse-captured-at": ""}, 400),
            ({"gatehouse-captured-at": "2026-11-23T16:04:05Z"}, 401),
            ({"gatehouse-signature": "none"}, 400),
            ({"gatehouse-signature": b64encode(bytes(64)).decode()}, 401),
            ({"content-type": "image/svg+xml"}, 415),
        ],
    )
    def test_picture_that_its_camera_did_not_sign_is_refused(
        self, node: WebNode, app: Starlette, changed: dict[str, str], status: int
    ) -> None:
        assert hand_in(app, sees(node), **changed).status_code == status

    def test_anything_but_one_bounded_jpeg_is_refused(self, node: WebNode, app: Starlette) -> None:
        assert hand_in(app, sees(node, body=b"<svg onload=alert(1)>")).status_code == 422
        assert hand_in(app, sees(node, body=bytes(256 * 1024 + 1))).status_code == 413

    def test_node_without_room_says_when_to_come_again(
        self, node: WebNode, app: Starlette, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: object) -> None:
            raise ImagesFull("there is no room")

        monkeypatch.setattr(node.world.vault.images, "take", full)
        found = hand_in(app, sees(node))
        assert (found.status_code, found.headers["retry-after"]) == (429, "60")

    def test_outcomes_are_counted_without_a_camera(self, node: WebNode, app: Starlette) -> None:
        hand_in(app, sees(node))
        hand_in(app, sees(node, body=b"none"))
        lines = Browser(app).get("/metrics").text.splitlines()
        counts = [each for each in lines if each.startswith("gatehouse_images_total") and "0.0" not in each]
        assert counts == [
            'gatehouse_images_total{outcome="waiting"} 1.0',
            'gatehouse_images_total{outcome="malformed"} 1.0',
        ]


class TestShow:
    def test_released_read_shows_its_picture_to_its_officer_alone(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        image = sees(node, body=jpeg(beside=EXIF + COMMENT))
        hand_in(app, image)
        told = search(officer, node)
        assert [(each["image"], each["picture"]) for each in told["reads"]] == [(image.sha256, True)]
        path = f"/searches/{told['id']}/images/{image.sha256}"
        found = officer.get(path)
        assert (found.status_code, found.content) == (200, jpeg())
        assert found.headers["content-type"] == "image/jpeg"
        assert found.headers["cache-control"] == "no-store"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        node.hire("o9", Role.OFFICER)
        for other in ("o9", "alder-o"):
            assert at_work(node, app, other).get(path).status_code == 404
        node.move(minutes=14)
        assert officer.get(path).status_code == 200
        node.move(minutes=1)
        assert officer.get(path).status_code == 404

    def test_picture_of_a_read_that_was_not_released_is_none(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        released, other = sees(node), sees(node, "GONE111", jpeg(b"\x01"))
        for image in (released, other):
            hand_in(app, image)
        id = search(officer, node)["id"]
        for name in (other.sha256, "0" * 64, "none-such"):
            assert officer.get(f"/searches/{id}/images/{name}").status_code == 404
        empty = search(officer, node, plate="NONE999")["id"]
        assert officer.get(f"/searches/{empty}/images/{released.sha256}").status_code == 404
        assert officer.get(f"/searches/none-such/images/{released.sha256}").status_code == 404

    def test_hit_shows_its_picture_while_it_can_be_confirmed(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        enter(node, officer)
        image = sees(node)
        (hit,) = officer.get("/hits").json()["hits"]
        path = f"/hits/{hit['id']}/image"
        assert officer.get(path).status_code == 404
        hand_in(app, image)
        found = officer.get(path)
        assert (found.status_code, found.content) == (200, jpeg())
        assert at_work(node, app, "alder-o").get(path).status_code == 404
        confirmed = officer.post(f"/hits/{hit['id']}/plate", {"plate": True, "state": True, "image": True})
        assert (confirmed.status_code, confirmed.json()["picture"]) == (200, True)
        assert officer.get(path).status_code == 200
        assert officer.post(f"/hits/{hit['id']}/refute", {"why": "other_vehicle"}).status_code == 200
        assert officer.get(path).status_code == 409
        assert officer.get("/hits/7/image").status_code == 404
        assert officer.get("/hits/none/image").status_code == 404

    def test_node_whose_vault_is_elsewhere_says_so(
        self, node: WebNode, app: Starlette, officer: Browser
    ) -> None:
        image = sees(node)
        with without_pictures(node):
            found = hand_in(app, image)
            assert found.status_code == 409
            assert found.json()["title"] == "this node takes no pictures: its vault is in another process"
            told = search(officer, node)
            assert [each["picture"] for each in told["reads"]] == [False]
            path = f"/searches/{told['id']}/images/{image.sha256}"
            assert officer.get(path).status_code == 409


@contextmanager
def without_pictures(node: WebNode) -> Iterator[None]:
    had = node.images
    node.images = Images(
        None, show=lambda _: None, registry=node.registry, parts=node.world.parts, hotlists=node.hotlists
    )
    yield
    node.images = had

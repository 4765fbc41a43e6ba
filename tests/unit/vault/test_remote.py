"""A vault in another process: the same calls and errors, over TLS with a certificate on each side."""

from __future__ import annotations

import dataclasses
import ssl
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import product
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gatehouse.ledger.errors import InvalidOpening
from gatehouse.model import BadInput, PartUnavailable
from gatehouse.vault import ReadRefusal, Vault
from gatehouse.vault.errors import (
    HoldMissing,
    NotOpen,
    NotPermitted,
    ReceiptSpent,
    TooBroad,
    VaultFailed,
    VaultUnreachable,
    WrongCounts,
)
from gatehouse.vault.keys import Keys
from gatehouse.vault.local import LocalVault
from gatehouse.vault.protocol import Learned
from gatehouse.vault.remote import RemoteVault
from gatehouse.vault.server import serving
from gatehouse.vault.tls import Tls, tls_context
from gatehouse.vault.wire import LARGEST_MESSAGE
from tests.unit.vault.world import AT, DAY, OTHER, OWNER, PLATE, World, a_camera, a_read, signed, text

NOW = datetime.now(UTC)
LOOPBACK = x509.IPAddress(ip_address("127.0.0.1"))


class Authority:
    """Vouches for certificates, in a folder of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        self._folder, self._name = folder, _named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        own = _certificate(self._name, self._name, self._key.public_key(), ca=True).sign(self._key, SHA256())
        self.file = folder / "authority.pem"
        self.file.write_bytes(own.public_bytes(Encoding.PEM))

    def vouch(
        self, name: str, *, trusting: Authority | None = None, host: x509.GeneralName | None = None
    ) -> Tls:
        """Return the files of one side, that trusts an authority (this one unless given)."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            _certificate(_named(name), self._name, key.public_key(), ca=False)
            .add_extension(x509.SubjectAlternativeName([host or LOOPBACK]), critical=False)
            .sign(self._key, SHA256())
        )
        tls = Tls(self._folder / f"{name}.pem", self._folder / f"{name}.key", (trusting or self).file)
        tls.certificate.write_bytes(made.public_bytes(Encoding.PEM))
        tls.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return tls


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, ca: bool
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours", "ours")


@pytest.fixture
def url(authority: Authority, tmp_path: Path) -> Iterator[tuple[str, World]]:
    world = World(tmp_path / "vault")
    with serving(world.vault, authority.vouch("vault")) as address:
        yield address, world
    world.vault.close()


@pytest.fixture
def world(url: tuple[str, World], authority: Authority) -> Iterator[World]:
    """A world whose vault is reached over the network."""
    address, world = url
    local = world.vault
    with RemoteVault(address, authority.vouch("node")) as remote:
        vault: Vault = remote
        world.vault = cast(LocalVault, vault)
        yield world
    world.vault = local


def test_search_goes_through_as_in_one_process(world: World) -> None:
    world.take(PLATE, "OTHER1")
    world.take(PLATE, owner=OTHER)
    found, reads = world.answer()
    assert found == {
        "reads": 2,
        "plates": 1,
        "owners": {OWNER: 1, OTHER: 1},
        "expired": 0,
        "outside_window": 0,
        "withheld": False,
    }
    assert {(each.owner, each.read.plate, each.read.captured_at, each.exact) for each in reads} == {
        (OWNER, PLATE, AT, True),
        (OTHER, PLATE, AT, True),
    }
    assert world.vault.counters(AT.date())["counts"] == [
        {"agency": "cedar-pd", "event": "search:plate:released", "count": 1}
    ]


def test_batch_comes_back_as_it_does_in_one_process(world: World) -> None:
    camera = a_camera(heading=90)
    whole = a_read("t-1", state_confidence=0.5, image="ab" * 32)
    batch = signed(camera, 1, [whole, {"plate": "x"}, a_read("?")])
    sealed = world.seal(batch, camera=camera, received_at=AT)
    assert sealed.refused == Counter({ReadRefusal.MALFORMED: 1, ReadRefusal.NO_PLATE: 1})
    (read,) = sealed.reads
    assert dataclasses.astuple(read) == (camera.id, AT, "t-1", "T1", 0.93, "IL", 0.5, "ab" * 32)
    (row,) = sealed.rows
    assert (row.owner_id, len(row.token), len(row.read_id)) == (OWNER, 16, 16)


def test_cameras_and_retentions_are_learned_as_in_one_process(world: World) -> None:
    assert world.enroll(a_camera())
    assert world.rule(DAY)
    proposed = world.proposal(2 * DAY)
    approved = world.rule_entry("approved", change="c1", by="alder-pd.c2")
    world.clock.move(7 * 86_400)
    in_force = world.rule_entry("in_force", change="c1")
    steps = {"proposed": proposed, "approved": approved, "in_force": in_force}
    shown = {name: world.shown(each) for name, each in steps.items()}
    assert [world.vault.retain(**shown) for _ in range(2)] == [True, False]
    assert world.vault.learned() == Learned({"alder-pd-1": 0}, {OWNER: 5})
    with pytest.raises(NotPermitted, match="no camera of another"):
        world.vault.enroll(world.shown(world.camera_entry(a_camera(OTHER), agency=OWNER)))


def test_refusals_are_the_same_errors(world: World) -> None:
    world.take(PLATE)
    search = world.search()
    ask = world.ask(search)
    wrong = [dataclasses.replace(each, value="OTHER1") for each in ask.openings]
    with pytest.raises(InvalidOpening, match="does not open"):
        world.vault.open(dataclasses.replace(ask, openings=wrong))
    opened = world.vault.open(ask)
    with pytest.raises(ReceiptSpent) as refusal:
        world.vault.open(ask)
    assert refusal.value.where == f"entry {search.decided.index}"
    world.vault.examine(opened.id, [])
    with pytest.raises(WrongCounts):
        world.release(opened.id, world.released(search, {}))
    with pytest.raises(NotOpen):
        world.vault.examine("another", [])
    for days in range(4):
        world.take(PLATE, at=AT - timedelta(days=days))
    week = AT - timedelta(days=6), AT
    with pytest.raises(TooBroad) as broad:
        world.answer("TEST1??", event="search:plate:approved", window=week)
    assert broad.value.hint == "narrow the window, or find out more of the plate"


def test_holds_sweeps_and_records_go_through(world: World) -> None:
    (row,) = world.take(PLATE)
    detail: dict[str, Any] = {"owner": OWNER, "read": row.read_id.hex(), "ground": "order"}
    placed = world.hold_entry("placed", **detail, until=text(AT + timedelta(days=99)))
    hold = world.vault.hold(row, **world.proof(placed))
    world.clock.move(31 * DAY * 60)
    swept = world.vault.sweep()
    assert (swept.at, swept.sealing_keys, swept.token_keys, swept.holds) == (world.clock(), 1, 1, 0)
    opened = world.vault.open_hold(hold, **world.proof(world.hold_entry("opened", hold=hold)))
    assert (opened.read.plate, opened.read_id) == (PLATE, row.read_id.hex())
    world.vault.end_hold(hold, **world.proof(world.hold_entry("ended", hold=hold)))
    with pytest.raises(HoldMissing):
        world.vault.open_hold(hold, **world.proof(world.hold_entry("opened", hold=hold)))
    raised = world.book.append("hotlist:hit:raised", {})
    assert [world.vault.record(raised.data, world.book.receipt(raised)) for _ in range(2)] == [True, False]


def test_vault_that_fails_says_so_without_what_it_was_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Keys, "for_batch", fail)
    with pytest.raises(VaultFailed) as refusal:
        world.take(PLATE)
    assert PLATE not in str(refusal.value)


class TestStrangers:
    def refused(self, address: str, tls: Tls) -> None:
        with RemoteVault(address, tls) as remote, pytest.raises(VaultUnreachable):
            remote.counters(AT.date())

    def test_known_node_is_answered(self, url: tuple[str, World], authority: Authority) -> None:
        with RemoteVault(url[0], authority.vouch("node")) as remote:
            assert remote.counters(AT.date())["counts"] == []

    def test_node_of_another_authority_is_not(
        self, url: tuple[str, World], authority: Authority, tmp_path: Path
    ) -> None:
        self.refused(url[0], Authority(tmp_path / "theirs", "theirs").vouch("node", trusting=authority))

    def test_vault_of_another_authority_is_not_asked(
        self, url: tuple[str, World], authority: Authority, tmp_path: Path
    ) -> None:
        self.refused(url[0], authority.vouch("node", trusting=Authority(tmp_path / "theirs", "theirs")))

    def test_vault_of_another_name_is_not_asked(self, authority: Authority, tmp_path: Path) -> None:
        world = World(tmp_path / "vault")
        named = authority.vouch("elsewhere", host=x509.DNSName("elsewhere.example"))
        with serving(world.vault, named) as address:
            self.refused(address, authority.vouch("node"))

    def test_caller_without_a_certificate_is_not_answered(
        self, url: tuple[str, World], authority: Authority
    ) -> None:
        context = ssl.create_default_context(cafile=str(authority.file))
        with httpx.Client(verify=context, trust_env=False) as client, pytest.raises(httpx.HTTPError):
            client.get(f"{url[0]}/counters/2026-11-23")

    def test_older_tls_is_not_spoken(self, url: tuple[str, World], authority: Authority) -> None:
        context = tls_context(authority.vouch("node"), ssl.Purpose.SERVER_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with httpx.Client(verify=context, trust_env=False) as client, pytest.raises(httpx.HTTPError):
            client.get(f"{url[0]}/counters/2026-11-23")

    def test_certificate_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        missing = Tls(tmp_path / "a.pem", tmp_path / "a.key", tmp_path / "ca.pem")
        with pytest.raises(PartUnavailable, match="cannot be read"):
            RemoteVault("https://127.0.0.1:1", missing)


class TestMessages:
    @pytest.fixture
    def client(self, url: tuple[str, World], authority: Authority) -> Iterator[httpx.Client]:
        context = tls_context(authority.vouch("node"), ssl.Purpose.SERVER_AUTH)
        with httpx.Client(base_url=url[0], verify=context, trust_env=False) as client:
            yield client

    def test_of_another_form_are_refused(self, client: httpx.Client) -> None:
        bodies = [b"", b"{", b"[]", b"{}", b'{"proof": 1}', b'{"request": {"entry": "%"}}', b"\xff"]
        for path, body in product(
            ("enroll", "retain", "seal", "open", "examine", "release", "record", "hold", "open-hold"), bodies
        ):
            response = client.post(path, content=body)
            assert (response.status_code, response.json()["error"]) == (400, "BadInput"), (path, body)

    def test_too_long_are_not_read(self, client: httpx.Client) -> None:
        response = client.post("/seal", content=bytes(LARGEST_MESSAGE + 1))
        assert response.status_code == 413

    def test_of_a_day_that_is_none_are_refused(self, client: httpx.Client) -> None:
        assert client.get("/counters/yesterday").status_code == 400

    def test_answer_of_another_form_is_refused(self, authority: Authority, url: tuple[str, World]) -> None:
        with RemoteVault(url[0], authority.vouch("node")) as remote, pytest.raises(BadInput):
            remote._call("sweep", {}, lambda got: str(got["no such key"]))

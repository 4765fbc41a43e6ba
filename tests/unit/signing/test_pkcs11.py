"""Keys in a PKCS#11 token: made in it, found again, and never out of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatehouse.ledger import NoteSigner, open_note, sign_note
from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.signing import create_key, open_signer
from tests.unit.signing.conftest import PIN


def named(softhsm: str, pin_file: Path, key: str, token: str = "gatehouse") -> str:
    return f"pkcs11:token={token};{key}?module-path={softhsm}&pin-source=file:{pin_file}"


def test_key_created_signs_what_its_public_key_verifies(softhsm: str, pin_file: Path) -> None:
    signer = create_key(named(softhsm, pin_file, "object=log"))
    signature = signer.sign(b"a checkpoint")
    assert len(signature) == 64
    Ed25519PublicKey.from_public_bytes(signer.public_key()).verify(signature, b"a checkpoint")


def test_key_created_cannot_leave_the_token(softhsm: str, pin_file: Path) -> None:
    create_key(named(softhsm, pin_file, "object=kept"))
    with pkcs11.lib(softhsm).get_token(token_label="gatehouse").open() as session:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label="kept")
        assert (key[pkcs11.Attribute.SENSITIVE], key[pkcs11.Attribute.EXTRACTABLE]) == (True, False)
        with pytest.raises(pkcs11.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]


def test_key_opened_by_label_and_by_id_is_the_key_created(softhsm: str, pin_file: Path) -> None:
    made = create_key(named(softhsm, pin_file, "object=both;id=%0A%ff"))
    by_label = open_signer(named(softhsm, pin_file, "object=both"))
    by_id = open_signer(named(softhsm, pin_file, "id=%0a%FF;type=private"))
    assert made.public_key() == by_label.public_key() == by_id.public_key()
    assert by_label.sign(b"x") == by_id.sign(b"x")


def test_create_key_over_an_existing_label_is_refused(softhsm: str, pin_file: Path) -> None:
    made = create_key(named(softhsm, pin_file, "object=once"))
    with pytest.raises(BadUse, match="already holds"):
        create_key(named(softhsm, pin_file, "object=once"))
    assert open_signer(named(softhsm, pin_file, "object=once")).public_key() == made.public_key()


def test_uri_of_signer_names_neither_pin_nor_its_file(softhsm: str, pin_file: Path) -> None:
    signer = create_key(named(softhsm, pin_file, "object=a%20key"))
    assert signer.uri == "pkcs11:token=gatehouse;object=a%20key;type=private"


def test_note_signed_in_the_token_opens_with_its_vkey(softhsm: str, pin_file: Path) -> None:
    signer = NoteSigner("gatehouse.example/log", create_key(named(softhsm, pin_file, "object=note")))
    assert open_note(sign_note("text\n", signers=[signer]), keys=[signer.vkey]).text == "text\n"


def test_token_signs_for_eight_threads_at_once(softhsm: str, pin_file: Path) -> None:
    signer = create_key(named(softhsm, pin_file, "object=threads"))
    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(signer.sign, [b"one", b"two"] * 50))
    assert set(signatures) == {signer.sign(b"one"), signer.sign(b"two")}


def test_pin_from_the_environment_opens_the_token(softhsm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_PKCS11_PIN", PIN)
    monkeypatch.setenv("GATEHOUSE_PKCS11_MODULE", softhsm)
    assert len(create_key("pkcs11:token=environment;object=env").public_key()) == 32


def test_wrong_pin_is_bad_input_that_does_not_quote_it(softhsm: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("9998887776", encoding="utf-8")
    wrong.chmod(0o600)
    with pytest.raises(BadInput, match="refuses the PIN") as caught:
        open_signer(named(softhsm, wrong, "object=x", token="spare"))
    assert "999888" not in str(caught.value)


def test_no_pin_is_bad_use_that_names_both_ways(softhsm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEHOUSE_PKCS11_PIN", raising=False)
    with pytest.raises(BadUse, match="pin-source=FILE, or GATEHOUSE_PKCS11_PIN"):
        open_signer(f"pkcs11:token=spare;object=x?module-path={softhsm}")


def test_unknown_token_and_unknown_key_are_bad_use(softhsm: str, pin_file: Path) -> None:
    with pytest.raises(BadUse, match="got 0 tokens"):
        open_signer(named(softhsm, pin_file, "object=x", token="none"))
    with pytest.raises(BadUse, match="got 0 private and 0 public keys"):
        open_signer(named(softhsm, pin_file, "object=none"))


def test_signature_of_another_key_never_leaves_the_signer(
    softhsm: str, pin_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = create_key(named(softhsm, pin_file, "object=honest"))
    other = create_key(named(softhsm, pin_file, "object=other"))
    monkeypatch.setattr(honest, "_key", other._key)  # type: ignore[attr-defined]
    with pytest.raises(PartUnavailable, match="does not verify"):
        honest.sign(b"x")

"""Step-up: what a person signs before a search, what of it the record holds, and what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatehouse.ledger.canonical import Json
from gatehouse.model import BadInput
from gatehouse.node.accounts import Evidence, Factor, NotSignedIn, TooManyAttempts, verify_evidence
from gatehouse.node.accounts.step_up import intent_hash
from gatehouse.node.accounts.throttle import FREE_TOGETHER
from tests.unit.node.staff import ADDRESS, SITE, START, Station

INTENT: dict[str, Json] = {
    "action": "search",
    "plate": "XYZ987",
    "window": {"from": "2026-11-01T00:00:00Z"},
    "wild": 0,
}


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    found = Station(tmp_path)
    yield found
    found.close()


def sign(station: Station, officer: str, device: Any, intent: Any, *, signed: Any = None) -> Evidence:
    """Sign one intent and present it with another, if given."""
    nonce, options = station.accounts.step_up.begin(officer, intent if signed is None else signed)
    return station.accounts.step_up.with_passkey(
        officer, intent, nonce=nonce, credential=device.get(options), at=START
    )


def test_intent_hash_covers_scheme_nonce_and_canonical_intent() -> None:
    nonce = bytes(range(32))
    spelled = b'{"action":"search","plate":"XYZ987","wild":0,"window":{"from":"2026-11-01T00:00:00Z"}}'
    assert intent_hash(INTENT, nonce) == hashlib.sha256(b"gatehouse-intent/1\n" + nonce + spelled).digest()


def test_intent_without_a_spelling_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadInput) as caught:
        intent_hash({"reason": "\ud800 secret words"}, bytes(32))
    assert "secret" not in str(caught.value)


class TestWithPasskey:
    def test_evidence_proves_to_others_who_signed_what(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        document = sign(station, "o-1", device, INTENT).as_document()
        assert document["factor"] == "passkey"
        assert document["at"] == "2026-11-02T08:00:00.000Z"
        assert verify_evidence(document, INTENT, relying=SITE) == "o-1"

    def test_evidence_proves_no_other_intent(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        document = sign(station, "o-1", device, INTENT).as_document()
        with pytest.raises(NotSignedIn, match="another intent"):
            verify_evidence(document, {**INTENT, "plate": "XYZ988"}, relying=SITE)

    def test_evidence_that_was_changed_to_fit_another_intent_does_not_hold(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        evidence = sign(station, "o-1", device, INTENT)
        other = {**INTENT, "plate": "XYZ988"}
        forged = Evidence(
            evidence.factor,
            evidence.signer,
            evidence.at,
            evidence.nonce,
            intent_hash(other, evidence.nonce),
            evidence.assertion,
        )
        with pytest.raises(NotSignedIn, match="does not hold"):
            verify_evidence(forged.as_document(), other, relying=SITE)

    def test_what_was_signed_is_what_can_be_asked(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        with pytest.raises(NotSignedIn):
            sign(station, "o-1", device, {**INTENT, "plate": "XYZ988"}, signed=INTENT)

    def test_signature_counts_once(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        nonce, options = station.accounts.step_up.begin("o-1", INTENT)
        assert options is not None
        answer = device.get(options)
        step_up = station.accounts.step_up
        step_up.with_passkey("o-1", INTENT, nonce=nonce, credential=answer, at=START)
        with pytest.raises(NotSignedIn, match="used"):
            step_up.with_passkey("o-1", INTENT, nonce=nonce, credential=answer, at=START)

    def test_colleague_cannot_sign_for_a_person(self, station: Station) -> None:
        station.enroll_with_passkey("o-1")
        other = station.enroll_with_passkey("o-2")
        with pytest.raises(NotSignedIn):
            sign(station, "o-1", other, INTENT)

    def test_nonce_of_a_colleague_is_refused(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        station.enroll_with_passkey("o-2")
        nonce, _ = station.accounts.step_up.begin("o-2", INTENT)
        options = station.accounts.passkeys.request("o-1", intent_hash(INTENT, nonce))
        with pytest.raises(NotSignedIn, match="unknown"):
            station.accounts.step_up.with_passkey(
                "o-1", INTENT, nonce=nonce, credential=device.get(options), at=START
            )

    def test_assertion_to_sign_in_signs_no_search(self, station: Station) -> None:
        device = station.enroll_with_passkey("o-1")
        nonce, _ = station.accounts.step_up.begin("o-1", INTENT)
        answer = device.get(station.accounts.sign_in.passkey_options())
        with pytest.raises(NotSignedIn):
            station.accounts.step_up.with_passkey("o-1", INTENT, nonce=nonce, credential=answer, at=START)


class TestWithCode:
    def test_code_shows_that_the_person_is_there_and_signs_nothing(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1")
        nonce, options = station.accounts.step_up.begin("o-1", INTENT)
        found = station.accounts.step_up.with_code(
            "o-1", INTENT, nonce=nonce, code=station.code(secret), address=ADDRESS, at=START
        )
        assert options is None
        assert (found.factor, found.signer, found.assertion) == (Factor.TOTP, "o-1", None)
        with pytest.raises(NotSignedIn, match="no signature"):
            verify_evidence(found.as_document(), INTENT, relying=SITE)

    def test_one_code_is_good_for_one_search(self, station: Station) -> None:
        secret, _ = station.enroll_with_code("o-1")
        step_up, code = station.accounts.step_up, station.code(secret)
        nonce, _ = step_up.begin("o-1", INTENT)
        step_up.with_code("o-1", INTENT, nonce=nonce, code=code, address=ADDRESS, at=START)
        nonce, _ = step_up.begin("o-1", INTENT)
        with pytest.raises(NotSignedIn, match="used"):
            step_up.with_code("o-1", INTENT, nonce=nonce, code=code, address=ADDRESS, at=START)

    def test_wrong_codes_make_a_signed_in_thief_wait(self, station: Station) -> None:
        station.enroll_with_code("o-1")
        step_up = station.accounts.step_up
        for _ in range(FREE_TOGETHER):
            nonce, _ = step_up.begin("o-1", INTENT)
            with pytest.raises(NotSignedIn):
                step_up.with_code("o-1", INTENT, nonce=nonce, code="000000", address=ADDRESS, at=START)
        nonce, _ = step_up.begin("o-1", INTENT)
        with pytest.raises(TooManyAttempts):
            step_up.with_code("o-1", INTENT, nonce=nonce, code="000000", address=ADDRESS, at=START)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"assertion": {}},
        {"assertion": {"public_key": 3}, "nonce": "A", "intent": "A", "signer": "o-1"},
        {"assertion": None, "factor": "totp"},
    ],
)
def test_what_is_no_evidence_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        verify_evidence(document, INTENT, relying=SITE)

"""The record over the API: entries with proofs, one field for an auditor on the record, receipts checked."""

from __future__ import annotations

import pytest

from gatehouse.ledger.commitment import Disclosure, check
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import Role
from tests.unit.web.nodes import Browser
from tests.unit.web.whole import ROLES, Whole

AUDITOR = ROLES[Role.AUDITOR].id
WHY = "yearly audit, sample 14"


@pytest.fixture
def auditor(whole: Whole) -> Browser:
    return whole.at_work(AUDITOR)


def searched(whole: Whole, *, agency: str = "alder-pd") -> int:
    """Put an entry with a plate on the record."""
    fields = {"plate": "TEST123", "purpose": "stolen_vehicle_or_plate"}
    pack = whole.node.registry.pack_sha256
    return whole.node.ledger.append("search:plate:requested", agency=agency, fields=fields, pack=pack).index


def test_entry_comes_with_its_proof(whole: Whole) -> None:
    index = searched(whole)
    told = whole.at_work(ROLES[Role.OFFICER].id).get(f"/ledger/entries/{index}").json()
    assert (told["index"], told["event"], told["agency"]) == (index, "search:plate:requested", "alder-pd")
    receipt = Receipt.parse(told["receipt"])
    receipt.verify(told["entry"].encode(), policy=whole.node.ledger.folder.policy())
    assert "TEST123" not in str(told)


def test_auditor_opens_one_field_and_that_is_on_the_record(whole: Whole, auditor: Browser) -> None:
    index = searched(whole)
    path = f"/ledger/entries/{index}/disclosures"
    told = auditor.post(path, {"field": "purpose", "reason": WHY}).json()
    disclosure = Disclosure.parse(told["disclosure"])
    assert (disclosure.index, disclosure.value) == (index, "stolen_vehicle_or_plate")
    check(read_entry(whole.node.ledger.entry(index)), disclosure)
    recorded = whole.node.ledger.openings(told["index"])
    assert recorded.event == "audit:field:disclosed"
    wanted = {"officer": AUDITOR, "reason": WHY, "detail": {"entry": index, "field": "purpose"}}
    assert {name: recorded.values[name] for name in wanted} == wanted
    assert "TEST123" not in str(recorded.values)


def test_auditor_opens_nothing_of_another_agency(whole: Whole, auditor: Browser) -> None:
    index, size = searched(whole, agency="cedar-pd"), whole.node.ledger.log.size
    found = auditor.post(f"/ledger/entries/{index}/disclosures", {"field": "plate", "reason": WHY})
    assert (found.status_code, whole.node.ledger.log.size) == (403, size)


@pytest.mark.parametrize("given", [{"field": "plate", "reason": ""}, {"field": "root", "reason": WHY}])
def test_field_is_opened_for_a_reason_and_by_its_name(
    whole: Whole, auditor: Browser, given: dict[str, str]
) -> None:
    assert auditor.post(f"/ledger/entries/{searched(whole)}/disclosures", given).status_code == 422


@pytest.mark.parametrize("index", ["999999", "-1", "x", "9" * 17])
def test_entry_that_is_none_is_not_found(auditor: Browser, index: str) -> None:
    assert auditor.get(f"/ledger/entries/{index}").status_code == 404


def test_receipt_is_checked_against_its_entry_and_another_is_refused(whole: Whole, auditor: Browser) -> None:
    index = searched(whole)
    told = auditor.get(f"/ledger/entries/{index}").json()
    found = auditor.post("/ledger/receipts", {"receipt": told["receipt"]}).json()
    assert (found["index"], found["origin"]) == (index, "ledger.example.org/alder")
    given = {"receipt": told["receipt"], "entry": told["entry"]}
    assert auditor.post("/ledger/receipts", given).json() == found
    other = auditor.get(f"/ledger/entries/{index - 1}").json()["entry"]
    assert auditor.post("/ledger/receipts", given | {"entry": other}).status_code == 422
    assert auditor.post("/ledger/receipts", {"receipt": "none"}).status_code == 422

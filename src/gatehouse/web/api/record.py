"""The record: its entries with their proofs, one field of an entry for an auditor, and receipts checked.

Entries hide what is sensitive, so whoever is signed in may read them (`gatehouse.ledger.entry`).
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import StringConstraints

from gatehouse.ledger.commitment import FIELDS
from gatehouse.ledger.entry import read_entry
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import Role, VerificationFailed
from gatehouse.node.disclosing import disclose, published
from gatehouse.node.errors import Unknown
from gatehouse.web.api.asking import Words
from gatehouse.web.api.model import Given, Told
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.errors import RequestRefused

_AUDITORS = frozenset({Role.AUDITOR})
# The longest proof and the longest note come to less.
_LONGEST_RECEIPT = 32_768
_LONGEST_ENTRY = 8_192

FieldName = Literal[
    "approver",
    "at",
    "case_number",
    "counts",
    "decision",
    "detail",
    "offense",
    "officer",
    "on_behalf_of",
    "owners",
    "owners_decided",
    "plate",
    "process",
    "purpose",
    "reason",
    "request",
    "rules",
    "window",
]
assert get_args(FieldName) == FIELDS


class EntryOfRecord(Told):
    """An entry as it was hashed, and the proof that it is in the ledger (C2SP tlog-proof)."""

    index: int
    event: str
    agency: str
    sequence: int
    entry: str
    receipt: str


class DisclosureAsked(Given):
    """One field, and why an auditor reads it, which goes on the record with who it was."""

    model_config = Given.model_config | {
        "json_schema_extra": {"examples": [{"field": "purpose", "reason": "yearly audit, sample 14"}]}
    }

    field: FieldName
    reason: Annotated[Words, StringConstraints(min_length=1)]


class DisclosureTold(Told):
    """A field, opened.

    `disclosure` is canonical JSON that anyone can check against the entry; `index` is that of the entry that
    says who opened it.
    """

    disclosure: str
    index: int


class ReceiptGiven(Given):
    """A receipt, and the entry that it is said to prove; that of this ledger at its index unless given."""

    receipt: Annotated[str, StringConstraints(strip_whitespace=False, max_length=_LONGEST_RECEIPT)]
    entry: Annotated[str, StringConstraints(strip_whitespace=False, max_length=_LONGEST_ENTRY)] | None = None


class ReceiptChecked(Told):
    """The signed checkpoint under which the entry is in the ledger. A receipt that fails is a problem."""

    index: int
    origin: str
    size: int
    root: str


def endpoints() -> list[Endpoint]:
    """Return the routes."""
    return [
        Endpoint(
            "GET",
            "/ledger/entries/{index}",
            "An entry of the record with its proof",
            "ledger",
            entry,
            {200: EntryOfRecord},
            refusals=(404,),
        ),
        Endpoint(
            "POST",
            "/ledger/entries/{index}/disclosures",
            "Open one field of an entry of the own agency, on the record",
            "ledger",
            open_field,
            {201: DisclosureTold},
            roles=_AUDITORS,
            body=DisclosureAsked,
            refusals=(404,),
        ),
        Endpoint(
            "POST",
            "/ledger/receipts",
            "Check a receipt by the policy of this node",
            "ledger",
            check,
            {200: ReceiptChecked},
            body=ReceiptGiven,
            refusals=(404,),
        ),
    ]


def entry(call: Call) -> Reply:
    """Return an entry."""
    index = _index(call)
    data = published(call.site.ledger, index)
    leaf = read_entry(data)
    return Reply(
        EntryOfRecord(
            index=index,
            event=leaf.event,
            agency=leaf.agency,
            sequence=leaf.sequence,
            entry=data.decode("ascii"),
            receipt=call.site.ledger.receipt(index).text,
        )
    )


def open_field(call: Call) -> Reply:
    """Open one field of an entry."""
    given, pack = call.read(DisclosureAsked), call.site.door.parts.pack.id.sha256
    found = disclose(
        call.site.ledger,
        _index(call),
        given.field,
        by=call.officer,
        reason=given.reason,
        pack=bytes.fromhex(pack),
    )
    return Reply(DisclosureTold(disclosure=found.disclosure.text, index=found.index), 201)


def check(call: Call) -> Reply:
    """Check a receipt."""
    given, ledger = call.read(ReceiptGiven), call.site.ledger
    try:
        receipt = Receipt.parse(given.receipt)
        data = published(ledger, receipt.index) if given.entry is None else given.entry.encode()
        found = receipt.verify(data, policy=ledger.folder.policy())
    except VerificationFailed as error:
        # It is the receipt that fails here, not the node.
        raise RequestRefused(422, error.what, expected=error.expected, got=error.got) from error
    return Reply(
        ReceiptChecked(index=receipt.index, origin=found.origin, size=found.size, root=found.root.hex())
    )


def _index(call: Call) -> int:
    given = call.path["index"]
    if not (given.isascii() and given.isdecimal() and len(given) <= 16):
        raise Unknown("there is no such entry", expected="an index")
    return int(given)

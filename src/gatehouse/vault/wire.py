"""The vault's calls as JSON, for a vault in another process. Bytes are base64, receipts their texts.

    POST /enroll /retain /learned /seal /open /examine /release /record /hold /open-hold /end-hold /sweep
    GET /counters/<day>

Each call is one object with the arguments' names, each answer one object; an error is the document of
`gatehouse.model.Error` with status 4xx or 5xx, and is raised again under its own name on the other side.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from gatehouse.ledger import errors as ledger_errors
from gatehouse.ledger.commitment import Disclosure
from gatehouse.ledger.decisions import OwnerDecision, SaltedDecision
from gatehouse.ledger.receipt import Receipt
from gatehouse.model import BadInput, Error, Outcome, Read
from gatehouse.model import errors as model_errors
from gatehouse.model.batch import SignedBatch
from gatehouse.reads.rows import Lookup, SealedRead
from gatehouse.vault import errors as vault_errors
from gatehouse.vault.batch import ReadRefusal
from gatehouse.vault.protocol import Learned, OpenAsk, Opened, OpenedRead, SealedBatch, Shown, Swept

# A batch of the largest size, in base64.
LARGEST_MESSAGE = 32 * 1024 * 1024

Document = dict[str, Any]

_ERRORS: Mapping[str, type[Error]] = {
    name: found
    for module in (model_errors, ledger_errors, vault_errors)
    for name, found in vars(module).items()
    if isinstance(found, type) and issubclass(found, Error)
}


def dump(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON."""
    return to_json(document)


def load(data: bytes) -> Document:
    """Read a document; anything but a JSON object is `BadInput`."""
    try:
        # A cache of strings would hold plates.
        found = from_json(data, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise malformed()
    return found


def malformed() -> BadInput:
    """Return the error for a message of another form; it quotes nothing of it."""
    return BadInput("a message to or from the vault has another form", expected="see `gatehouse.vault.wire`")


def error_document(error: Error) -> Document:
    """Return an error for the other side."""
    return dict(error.as_document())


def raised(document: Mapping[str, Any]) -> Error:
    """Return the error of the other side; a kind that this side does not know is `Error`."""
    kind = _ERRORS.get(str(document.get("error")), Error)
    where, expected, got, hint = (document.get(each) for each in ("where", "expected", "got", "next"))
    return kind(str(document.get("what")), where=where, expected=expected, got=got, hint=hint)


def proof_out(entry: bytes, receipt: Receipt, openings: Iterable[Disclosure] = ()) -> Document:
    """Write an entry with its receipt and disclosures."""
    return {
        "entry": _out(entry),
        "receipt": receipt.text,
        "openings": [each.text for each in openings],
    }


def proof_in(found: Document) -> tuple[bytes, Receipt, list[Disclosure]]:
    """Read what `proof_out` wrote."""
    openings = [Disclosure.parse(each) for each in found["openings"]]
    return _in(found["entry"]), Receipt.parse(found["receipt"]), openings


def ask_out(ask: OpenAsk) -> Document:
    """Write what proves a search."""
    return {
        "request": proof_out(ask.request, ask.request_receipt, ask.request_openings),
        "decision": proof_out(ask.entry, ask.receipt, ask.openings),
        "permits": [
            [each.decision.owner, str(each.decision.outcome), list(each.decision.rules), _out(each.salt)]
            for each in ask.permits
        ],
    }


def ask_in(found: Document) -> OpenAsk:
    """Read what `ask_out` wrote."""
    permits = [
        SaltedDecision(OwnerDecision(owner, Outcome(outcome), tuple(rules)), _in(salt))
        for owner, outcome, rules, salt in found["permits"]
    ]
    return OpenAsk(*proof_in(found["request"]), *proof_in(found["decision"]), permits)


def opened_out(opened: Opened) -> Document:
    """Write a search that is open."""
    lookups = [[each.bucket, _out(each.token)] for each in opened.lookups]
    return {"id": opened.id, "lookups": lookups, "owners": sorted(opened.owners)}


def opened_in(found: Document) -> Opened:
    """Read what `opened_out` wrote."""
    lookups = tuple(Lookup(bucket, _in(token)) for bucket, token in found["lookups"])
    return Opened(found["id"], lookups, frozenset(found["owners"]))


def rows_out(rows: Iterable[SealedRead]) -> list[list[Any]]:
    """Write rows of the read store."""
    return [[_out(row.token), row.bucket, row.owner_id, _out(row.read_id), _out(row.sealed)] for row in rows]


def rows_in(found: Iterable[Sequence[Any]]) -> list[SealedRead]:
    """Read what `rows_out` wrote."""
    return [
        SealedRead(_in(token), bucket, owner, _in(read_id), _in(sealed))
        for token, bucket, owner, read_id, sealed in found
    ]


def shown_out(shown: Shown) -> Document:
    """Write an entry of the registry with what shows it."""
    return proof_out(shown.entry, shown.receipt, shown.openings)


def shown_in(found: Document) -> Shown:
    """Read what `shown_out` wrote."""
    return Shown(*proof_in(found))


def learned_out(learned: Learned) -> Document:
    """Write what is known of the registry."""
    return {"cameras": dict(learned.cameras), "owners": dict(learned.owners)}


def learned_in(found: Document) -> Learned:
    """Read what `learned_out` wrote."""
    return Learned(dict(found["cameras"]), dict(found["owners"]))


def batch_out(batch: SignedBatch, received_at: datetime) -> Document:
    """Write a batch for sealing."""
    return {
        "number": batch.number,
        "camera": batch.camera,
        "body": _out(batch.body),
        "signature": _out(batch.signature),
        "received_at": received_at.isoformat(),
    }


def batch_in(found: Document) -> tuple[SignedBatch, datetime]:
    """Read what `batch_out` wrote."""
    batch = SignedBatch(found["camera"], found["number"], _in(found["body"]), _in(found["signature"]))
    return batch, datetime.fromisoformat(found["received_at"])


def sealed_out(sealed: SealedBatch) -> Document:
    """Write a batch that was taken in."""
    return {
        "rows": rows_out(sealed.rows),
        "refused": {str(reason): number for reason, number in sealed.refused.items()},
        "reads": [_read_out(each) for each in sealed.reads],
    }


def sealed_in(found: Document) -> SealedBatch:
    """Read what `sealed_out` wrote."""
    refused = Counter({ReadRefusal(reason): number for reason, number in found["refused"].items()})
    return SealedBatch(rows_in(found["rows"]), refused, [_read_in(each) for each in found["reads"]])


def read_out(opened: OpenedRead) -> Document:
    """Write a read that is handed out."""
    return {
        "read": _read_out(opened.read),
        "owner": opened.owner,
        "read_id": opened.read_id,
        "exact": opened.exact,
    }


def read_in(found: Document) -> OpenedRead:
    """Read what `read_out` wrote."""
    return OpenedRead(_read_in(found["read"]), found["owner"], found["read_id"], found["exact"])


def swept_out(swept: Swept) -> Document:
    """Write what a sweep destroyed."""
    return {
        "at": swept.at.isoformat(),
        "sealing_keys": swept.sealing_keys,
        "token_keys": swept.token_keys,
        "holds": swept.holds,
        "truncated": swept.truncated,
    }


def swept_in(found: Document) -> Swept:
    """Read what `swept_out` wrote."""
    return Swept(**{**found, "at": datetime.fromisoformat(found["at"])})


def _read_out(read: Read) -> list[Any]:
    return [
        read.camera,
        read.captured_at.isoformat(),
        read.text,
        read.plate,
        read.confidence,
        read.state,
        read.state_confidence,
        read.image,
    ]


def _read_in(found: Sequence[Any]) -> Read:
    camera, captured_at, *rest = found
    return Read(camera, datetime.fromisoformat(captured_at), *rest)


def _out(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _in(text: str) -> bytes:
    return b64decode(text, validate=True)

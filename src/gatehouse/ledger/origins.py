"""The logs that a witness knows: each origin with the keys that may sign for it."""

from __future__ import annotations

from collections.abc import Mapping

from gatehouse.ledger.note import ED25519, VerifierKey
from gatehouse.ledger.policy import Policy
from gatehouse.model import BadInput

Origins = Mapping[str, tuple[str, ...]]


def read_origins(text: str) -> Origins:
    """Read the logs that a witness knows: lines `<origin> <vkey>`, or the log lines of a tlog-policy.

    Several lines of one origin give a log several keys, as while it changes its key. `#` opens a comment.
    """
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if line and not line.startswith("#")]
    if any(line.split()[0] == "quorum" and len(line.split()) == 2 for line in lines):
        pairs = [(each.key.name, each.key) for each in Policy.parse(text).logs]
    else:
        pairs = [_origin_line(line) for line in lines]
    found: dict[str, tuple[str, ...]] = {}
    for origin, key in pairs:
        found[origin] = (*found.get(origin, ()), str(key))
    if not found:
        raise BadInput("a witness needs to know a log", expected="a line: <origin> <vkey>", got="none")
    return found


def _origin_line(line: str) -> tuple[str, VerifierKey]:
    origin, _, vkey = line.rpartition(" ")
    key = VerifierKey.parse(vkey)
    if not origin.strip() or key.kind != ED25519:
        raise BadInput("a line names no log", expected="<origin> <vkey>, an Ed25519 key", got=line)
    return origin.strip(), key

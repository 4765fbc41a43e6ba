"""What a person may ask of an audit besides the files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from gatehouse.records.policies import Policy
    from gatehouse.records.sharing import SharingList

# Any number will do; it is fixed so that the same inputs give the same sample.
EVIDENCE_SEED = 0x6A7E_40D5
EVIDENCE_LIMIT = 100


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """Side documents and switches of one audit.

    `sharing` are the owners' lists of whom they share with, each dated; `policies` their published rules;
    `adjudicated` an `adjudicate.csv` whose `verdict` column a person has filled in. `reveal_plates` and
    `reveal_names` write separate files that name them (the texts must have been kept on import);
    `token_key` is a secret of at least 16 bytes for keyed plate tokens.
    """

    sharing: tuple[SharingList, ...] = ()
    policies: tuple[Policy, ...] = ()
    adjudicated: Path | None = None
    reveal_plates: bool = False
    reveal_names: bool = False
    token_key: bytes | None = None

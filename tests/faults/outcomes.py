"""What a book must hold after a fault: all that was acknowledged, nothing that was refused."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.fsck import Checked, fsck
from gatehouse.ledger.merkle import Frontier, leaf_hash
from gatehouse.ledger.note import split_note
from gatehouse.ledger.receipt import Receipt
from gatehouse.ledger.settings import LOG
from gatehouse.ledger.view import LogView
from tests.faults.books import Kind, names, policy


@dataclass(slots=True)
class Outcomes:
    """What the processes that appended have told."""

    recorded: dict[str, tuple[int, str]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    opened: int = 0

    def take(self, told: bytes) -> None:
        """Read lines; one that was cut off has told nothing."""
        for line in told[: told.rfind(b"\n") + 1].decode().splitlines():
            word, *rest = line.split()
            if word == "recorded":
                name, index, receipt = rest
                self.recorded[name] = int(index), base64.b64decode(receipt).decode()
            elif word == "opened":
                self.opened += 1
            elif word in ("refused", "unknown"):
                getattr(self, word).add(rest[0])
            else:
                assert word in ("ready", "appended", "closed"), line

    def check(self, kind: Kind, folder: Path, *, exported: Path | None = None) -> Checked:
        """Hold the book against what was told."""
        sound = fsck(folder / LOG, exported=exported)
        with LogView.read(folder / LOG) as log:
            entries = [log.entry(index) for index in range(log.size)]
        found = names(kind, folder, entries)
        assert len(set(found)) == len(entries), "an entry stands twice"
        assert not self.refused & set(found), "an entry that was refused is on the record"
        roots, tree = {}, Frontier()
        for entry in entries:
            tree.append(leaf_hash(entry))
            roots[tree.size] = tree.root()
        believed = policy(kind, folder)
        for name, (index, text) in self.recorded.items():
            assert found[index : index + 1] == [name], f"{name} was acknowledged at {index} and is not there"
            receipt = Receipt.parse(text)
            receipt.verify(entries[index], policy=believed)
            shown = Checkpoint.parse(split_note(receipt.checkpoint)[0])
            assert roots.get(shown.size) == shown.root, f"the root acknowledged at {shown.size} is another"
        return sound

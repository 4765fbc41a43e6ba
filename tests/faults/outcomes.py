"""What a log must hold after a fault: all that was acknowledged, nothing that was refused."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from gatehouse.ledger.fsck import Checked, fsck
from gatehouse.ledger.merkle import Frontier, leaf_hash
from gatehouse.ledger.view import LogView
from tests.unit.ledger.logs import database


@dataclass(slots=True)
class Outcomes:
    """What the processes that appended have told."""

    recorded: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    opened: int = 0

    def take(self, told: bytes) -> None:
        """Read lines; one that was cut off has told nothing."""
        for line in told[: told.rfind(b"\n") + 1].decode().splitlines():
            word, *rest = line.split()
            if word == "recorded":
                name, index, size, root = rest
                self.recorded[name] = int(index), int(size), root
            elif word == "opened":
                self.opened += 1
            elif word in ("refused", "unknown"):
                getattr(self, word).add(rest[0])
            else:
                assert word in ("ready", "closed"), line

    def check(self, path: Path, exported: Path | None = None) -> Checked:
        """Hold the log against what was told."""
        sound = fsck(path, exported=exported)
        with LogView.read(path) as log:
            size = log.size
            entries = [log.entry(index) for index in range(size)]
        names = [entry.rstrip(b".").decode() for entry in entries]
        assert len(set(names)) == size, "an entry stands twice"
        roots, tree = defaultdict(str), Frontier()
        for entry in entries:
            tree.append(leaf_hash(entry))
            roots[tree.size] = tree.root().hex()
        for name, (index, shown, root) in self.recorded.items():
            assert names[index : index + 1] == [name], f"{name} was acknowledged at {index} and is not there"
            assert roots[shown] == root, f"the root acknowledged at size {shown} is not the log's"
        assert not self.refused & set(names), "an entry that was refused is on the record"
        with database(path) as connection:
            rows = {name for (name,) in connection.execute("SELECT entry FROM searches")}
        assert rows == set(names), "the caller's rows are not those of the entries"
        return sound

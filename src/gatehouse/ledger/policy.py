"""Which logs and how many witnesses somebody trusts, by C2SP tlog-policy.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>...
    quorum <name>|none

Items stand between spaces or tabs, comments on lines of their own behind `#`. Groups and the quorum name what
stands above them, and each name is a member once, so that a witness counts in one way only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from gatehouse.ledger.errors import PolicyNotMet
from gatehouse.ledger.note import COSIGNATURE, ED25519, Note, VerifierKey
from gatehouse.model import BadInput

LARGEST_POLICY = 1_000_000
# C2SP recommends at least 32 each; a note has room for the signatures of all.
MOST_OF_A_KIND = 48
NONE = "none"


@dataclass(frozen=True, slots=True)
class LogAddress:
    """A log that is trusted, and where it answers."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A witness by its name in the policy; `url` is its submission prefix, if any."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and groups of which at least `threshold` must have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a checkpoint must bear: the signature of one of the logs, and a quorum of witnesses."""

    logs: tuple[LogAddress, ...]
    witnesses: tuple[WitnessAddress, ...] = ()
    groups: Mapping[str, Group] | None = None
    quorum: str = NONE

    @classmethod
    def of_log(cls, vkey: str) -> Policy:
        """Return the policy that trusts one log and asks for no witness."""
        return cls((LogAddress(_key(vkey, ED25519, "a log's")),))

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read a policy file; what cannot be understood is `BadInput`: left out, it might weaken the rest."""
        if len(text) > LARGEST_POLICY or re.search("[\x00-\x08\x0b-\x1f\x7f]", text):
            raise _unsound("the file is too long or holds control characters")
        reading = _Reading()
        for number, line in enumerate(text.split("\n"), 1):
            items = [item for item in re.split("[ \t]+", line) if item]
            if items and not items[0].startswith("#"):
                try:
                    reading.take(items)
                except BadInput as error:
                    raise _unsound(error.what, where=f"line {number}", got=error.got) from error
        return reading.policy()

    @property
    def keys(self) -> list[str]:
        """Return the vkeys of logs and witnesses, for `open_note`."""
        return [*self.log_keys, *(str(each.key) for each in self.witnesses)]

    @property
    def log_keys(self) -> list[str]:
        """Return the vkeys of the logs."""
        return [str(each.key) for each in self.logs]

    def check(self, note: Note) -> None:
        """Refuse a note that no log of the policy has signed or too few witnesses, with `PolicyNotMet`."""
        signed = {(each.name, each.key_id) for each in note.signatures}
        if not any((each.key.name, each.key.key_id) in signed for each in self.logs):
            raise PolicyNotMet(
                "no log of the policy has signed",
                expected=" or ".join(each.key.name for each in self.logs) or "a log",
                got=", ".join(sorted(name for name, _ in signed)) or "nobody",
            )
        cosigned = [each.name for each in self.witnesses if (each.key.name, each.key.key_id) in signed]
        if not self.reached(cosigned):
            raise PolicyNotMet(
                "too few witnesses have cosigned",
                expected=self._wanted(self.quorum),
                got=", ".join(cosigned) or "none",
            )

    def met_by(self, note: Note) -> bool:
        """Return whether a note whose signatures were verified satisfies the policy."""
        try:
            self.check(note)
        except PolicyNotMet:
            return False
        return True

    def reached(self, cosigned: Collection[str]) -> bool:
        """Return whether these witnesses, by their names here, make the quorum."""
        return self.quorum == NONE or self._counts(self.quorum, cosigned)

    def _counts(self, name: str, cosigned: Collection[str]) -> bool:
        group = (self.groups or {}).get(name)
        if group is None:
            return name in cosigned
        return sum(self._counts(member, cosigned) for member in group.members) >= group.threshold

    def _wanted(self, name: str) -> str:
        group = (self.groups or {}).get(name)
        return name if group is None else f"{group.threshold} of {', '.join(group.members)}"


class _Reading:
    """A policy file as far as it has been read."""

    def __init__(self) -> None:
        self._logs: list[LogAddress] = []
        self._witnesses: list[WitnessAddress] = []
        self._groups: dict[str, Group] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None

    def take(self, items: list[str]) -> None:
        """Read one line."""
        reader: Mapping[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._take_quorum,
        }
        if items[0] not in reader:
            raise BadInput("a line begins with an unknown word", got=items[0])
        reader[items[0]](items[1:])
        if max(len(self._logs), len(self._witnesses), len(self._groups)) > MOST_OF_A_KIND:
            raise BadInput(f"there are more than {MOST_OF_A_KIND} logs, witnesses or groups")

    def policy(self) -> Policy:
        """Return what was read."""
        if self._quorum is None:
            raise _unsound("the file names no quorum")
        return Policy(tuple(self._logs), tuple(self._witnesses), dict(self._groups), self._quorum)

    def _log(self, items: list[str]) -> None:
        if len(items) not in (1, 2):
            raise BadInput("a log line is: log VKEY [URL]")
        key = _key(items[0], ED25519, "a log's")
        if key.public in {each.key.public for each in self._logs}:
            raise BadInput("two logs have one key", got=key.name)
        self._logs.append(LogAddress(key, items[1] if len(items) == 2 else None))

    def _witness(self, items: list[str]) -> None:
        if len(items) not in (2, 3):
            raise BadInput("a witness line is: witness NAME VKEY [URL]")
        key = _key(items[1], COSIGNATURE, "a witness's")
        if key.public in {each.key.public for each in self._witnesses}:
            raise BadInput("two witnesses have one key", got=items[0])
        self._new(items[0])
        self._witnesses.append(WitnessAddress(items[0], key, items[2] if len(items) == 3 else None))

    def _group(self, items: list[str]) -> None:
        if len(items) < 3:
            raise BadInput("a group line is: group NAME all|any|K MEMBER...")
        name, threshold, *members = items
        for member in members:
            if member not in self._names or member in self._members:
                raise BadInput("a member is not defined above, or is a member already", got=member)
            self._members.add(member)
        words = {"all": len(members), "any": 1}
        if threshold not in words and not re.fullmatch("[1-9][0-9]{0,3}", threshold):
            raise BadInput("a threshold is all, any or a number", got=threshold)
        needed = words[threshold] if threshold in words else int(threshold)
        if needed > len(members):
            raise BadInput("a threshold is above the number of members", got=threshold)
        self._new(name)
        self._groups[name] = Group(needed, tuple(members))

    def _take_quorum(self, items: list[str]) -> None:
        if len(items) != 1 or self._quorum is not None:
            raise BadInput("one line names the quorum")
        if items[0] != NONE and items[0] not in self._names:
            raise BadInput("the quorum is not defined above", got=items[0])
        self._quorum = items[0]

    @property
    def _names(self) -> set[str]:
        return {each.name for each in self._witnesses} | set(self._groups)

    def _new(self, name: str) -> None:
        if name == NONE or name in self._names:
            raise BadInput("a name is taken", got=name)


def _key(text: str, kind: int, whose: str) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.kind != kind:
        raise BadInput(f"the key is not {whose}", got=f"{key.name}, kind {key.kind:#04x}")
    return key


def _unsound(what: str, *, where: str | None = None, got: str | None = None) -> BadInput:
    return BadInput(
        f"the policy cannot be used: {what}",
        where=where,
        expected="a file by C2SP tlog-policy",
        got=got,
        hint="see docs/ledger.md",
    )

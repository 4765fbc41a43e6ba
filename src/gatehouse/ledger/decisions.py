"""Per-owner decisions: one root in the entry, and a path for each owner.

A search may reach 5,000 owners, whose decisions do not fit into an entry. They become the leaves of a tree
(RFC 6962), whose root and size the entry's field `owners_decided` commits to. A leaf is canonical JSON:

    {"decision":"deny","owner":"birch-pd","rules":["il:5"],"salt":"<64 hex digits>",
     "schema":"gatehouse-owner-decision/1"}

The random salt keeps an owner who sees its own path from guessing its neighbors' decisions by trying them.
The leaves stand in the order of their hashes, which is random too, so a place tells nothing of who else was
asked.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring as _quoted

from gatehouse.ledger.canonical import Json
from gatehouse.ledger.errors import InvalidProof
from gatehouse.ledger.merkle import inclusion_proof, leaf_hash, node_hash, root, verify_inclusion
from gatehouse.model import BadUse, Outcome

SCHEMA = "gatehouse-owner-decision/1"
_SALT_BYTES = 32
_END = f'","schema":"{SCHEMA}"}}'
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OwnerDecision:
    """What was decided for one owner, and the ids of the rules that decided."""

    owner: str
    outcome: Outcome
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SaltedDecision:
    """An owner's decision with its salt of 32 bytes: what a leaf of the tree is made of."""

    decision: OwnerDecision
    salt: bytes

    @property
    def leaf(self) -> bytes:
        """Return the leaf's bytes; a wrong salt or an owner that is no text is `BadUse`."""
        return next(_leaves((self,)))


@dataclass(frozen=True, slots=True)
class DecisionsRoot:
    """The root over the decisions of `size` owners."""

    hash: bytes
    size: int

    @property
    def value(self) -> Json:
        """Return what the entry's field `owners_decided` holds."""
        return {"root": self.hash.hex(), "size": self.size}

    @classmethod
    def from_value(cls, value: Json) -> DecisionsRoot:
        """Read the field, as a disclosure of it gives it; else `InvalidProof`."""
        match value:
            case {"root": str() as found, "size": int() as size, **rest} if not rest and _HEX.fullmatch(
                found
            ):
                if size >= 0 and not isinstance(size, bool):
                    return cls(bytes.fromhex(found), size)
        raise InvalidProof("a value is no root of decisions", expected="root and size", got="another form")


@dataclass(frozen=True, slots=True)
class OwnerPath:
    """One owner's decision with the proof that it stands under a root; it shows no other owner's."""

    salted: SaltedDecision
    index: int
    proof: tuple[bytes, ...]


class SealedDecisions:
    """The decisions of one search under their root; refuses an owner who has two.

    Made from salted decisions, so that whoever is shown all of them finds the same root again.
    """

    def __init__(self, salted: Iterable[SaltedDecision]) -> None:
        given = tuple(salted)
        hashes = list(map(leaf_hash, _leaves(given)))
        order = sorted(range(len(given)), key=hashes.__getitem__)
        self.salted = tuple([given[at] for at in order])
        self._places = {each.decision.owner: index for index, each in enumerate(self.salted)}
        if len(self._places) != len(given):
            raise BadUse("an owner has two decisions", expected="one decision for each owner")
        self._levels = _Levels([hashes[at] for at in order])
        self.root = DecisionsRoot(root(self._levels, len(given)), len(given))

    def path(self, owner: str) -> OwnerPath:
        """Return the path of one owner; one that was not asked is `BadUse`."""
        if owner not in self._places:
            raise BadUse("the search did not reach this owner")
        index = self._places[owner]
        proof = inclusion_proof(self._levels, index=index, size=len(self.salted))
        return OwnerPath(self.salted[index], index, tuple(proof))

    def paths(self) -> Iterator[OwnerPath]:
        """Yield every owner's path."""
        return (self.path(each.decision.owner) for each in self.salted)


def seal_decisions(decisions: Iterable[OwnerDecision]) -> SealedDecisions:
    """Salt the decisions of a search and put them under one root."""
    return SealedDecisions(SaltedDecision(each, secrets.token_bytes(_SALT_BYTES)) for each in decisions)


def check_decision(under: DecisionsRoot, path: OwnerPath) -> OwnerDecision:
    """Return the decision of a path that leads to a root, else `InvalidProof`."""
    verify_inclusion(
        index=path.index,
        size=under.size,
        leaf_hash=leaf_hash(path.salted.leaf),
        proof=list(path.proof),
        root=under.hash,
    )
    return path.salted.decision


def _leaves(salted: Sequence[SaltedDecision]) -> Iterator[bytes]:
    """Yield the bytes of each leaf.

    They are canonical as they stand: the keys are in their order, and strings are all that can vary. A search
    of a whole network spells thousands, at the door and in the vault, of which all but owner and salt is
    spelled once for owners whose outcome and rules are the same objects; `salted` keeps those alive.
    """
    spelled: dict[tuple[int, int], tuple[str, str]] = {}
    try:
        for each in salted:
            decision, salt = each.decision, each.salt
            if len(salt) != _SALT_BYTES:
                raise BadUse("a salt has the wrong length", expected="32 bytes", got=f"{len(salt)} bytes")
            key = id(decision.outcome), id(decision.rules)
            if key not in spelled:
                spelled[key] = (
                    f'{{"decision":{_quoted(decision.outcome)},"owner":',
                    f',"rules":[{",".join(map(_quoted, decision.rules))}],"salt":"',
                )
            before, after = spelled[key]
            yield f"{before}{_quoted(decision.owner)}{after}{salt.hex()}{_END}".encode()
    except TypeError:
        # Quoting takes texts alone, which costs nothing where looking at each type first did.
        raise BadUse(
            "an owner's decision cannot be written as JSON", expected="texts", got="another type"
        ) from None
    except UnicodeEncodeError:
        # The original error quotes the text.
        raise BadUse(
            "an owner's decision cannot be written as JSON", got="a string that is no Unicode text"
        ) from None


class _Levels:
    """Every complete subtree of a tree whose leaves are at hand."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._levels = [leaves]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            # One without a neighbor stands in no complete subtree: the shorter half ends the pairs.
            self._levels.append(list(map(node_hash, below[::2], below[1::2])))

    def subtree(self, level: int, index: int) -> bytes:
        return self._levels[level][index]

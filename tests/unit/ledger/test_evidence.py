"""Split views that prove themselves, and what a state says without proof."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.errors import SplitView, VerificationError
from gatehouse.ledger.evidence import beginning_proof, check_split_view
from gatehouse.ledger.merkle import leaf_hash
from gatehouse.ledger.verify import Trust
from gatehouse.ledger.watch import Finding, Watch
from tests.unit.ledger.followed import KEY, Followed, searches
from tests.unit.ledger.published import ORIGIN, Tree, log_signer

TRUST = Trust((KEY,))
OURS, OTHER = Tree.counted(9), Tree.counted(9, "other")


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


def check(notes: list[str], proof: tuple[str, ...] = ()) -> None:
    check_split_view(notes, proof, trust=TRUST, origin=ORIGIN)


class TestCheck:
    def test_two_trees_of_one_size_prove_themselves(self) -> None:
        check([OURS.checkpoint(), OTHER.checkpoint()])

    @given(small=st.integers(1, 8), large=st.integers(2, 9), swapped=st.booleans())
    def test_checkpoints_of_two_trees_are_proven_by_what_the_larger_begins_with(
        self, small: int, large: int, swapped: bool
    ) -> None:
        if small >= large:
            return
        proof = beginning_proof(OURS, size=small, of=large)
        notes = [OTHER.checkpoint(small), OURS.checkpoint(large)]
        check(notes[::-1] if swapped else notes, proof)
        with pytest.raises(SplitView, match="one tree can have both"):
            check([OURS.checkpoint(small), OURS.checkpoint(large)], proof)
        with pytest.raises(VerificationError):
            check(notes, beginning_proof(OTHER, size=small, of=large))
        with pytest.raises(VerificationError):
            check(notes, (proof[0], *proof[1:-1]) if len(proof) > 1 else (proof[0], proof[0]))

    @pytest.mark.parametrize("proof", [(), ("",), ("xy",), ("00" * 31,), ("00" * 32,), ("00" * 32,) * 5])
    def test_two_sizes_without_a_proof_that_holds_are_refused(self, proof: tuple[str, ...]) -> None:
        with pytest.raises(VerificationError):
            check([OTHER.checkpoint(4), OURS.checkpoint(9)], proof)

    def test_the_empty_tree_contradicts_none(self) -> None:
        with pytest.raises(SplitView, match="begins with the empty one"):
            check([OURS.checkpoint(0), OURS.checkpoint(9)], ("00" * 32,))

    def test_what_the_log_has_not_signed_is_refused(self) -> None:
        forged = replace(OTHER, signer=log_signer("somebody else"))
        with pytest.raises(VerificationError):
            check([OURS.checkpoint(), forged.checkpoint()])

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_another_number_of_checkpoints_is_refused(self, count: int) -> None:
        with pytest.raises(SplitView, match="two checkpoints"):
            check([OURS.checkpoint()] * count)


class TestState:
    def framed(self, followed: Followed, *findings: Finding) -> dict[str, Any]:
        """Return what is reported after somebody has written findings into the state."""
        followed.look(searches(3).tree())
        watch = Watch.load(followed.state)
        for each in findings:
            watch.find(each)
        watch.save(followed.state)
        return followed.look()

    @pytest.mark.parametrize("kind", ["split_view", "unproven", "rollback"])
    def test_checkpoint_that_the_log_never_signed_is_not_held_against_it(
        self, followed: Followed, kind: str
    ) -> None:
        tree = searches(3).tree()
        forged = replace(searches(3, agency="birch-pd").tree(), signer=log_signer("somebody else"))
        notes = (tree.checkpoint(), forged.checkpoint())
        (finding,) = self.framed(followed, Finding(kind, "made up", evidence=notes))["findings"]
        assert finding["kind"] == "unfounded"
        assert finding["what"].startswith(f"the evidence of a {kind} in the state does not bear it out: ")
        assert (finding["where"], finding["evidence"]) == (str(followed.state), list(notes))

    def test_two_checkpoints_of_one_history_are_no_split_view(self, followed: Followed) -> None:
        tree = searches(3).tree()
        proof = beginning_proof(tree, size=4, of=6)
        notes = (tree.checkpoint(4), tree.checkpoint(6))
        (finding,) = self.framed(followed, Finding("split_view", "made up", evidence=notes, proof=proof))[
            "findings"
        ]
        assert (finding["kind"], finding["what"]) == (
            "unfounded",
            "the evidence of a split_view in the state does not bear it out: "
            "one tree can have both checkpoints",
        )

    def test_last_checkpoint_that_was_put_there_frames_nobody(self, followed: Followed) -> None:
        forged = replace(searches(3, agency="birch-pd").tree(), signer=log_signer("somebody else"))
        watch = Watch(origin=ORIGIN, note=forged.checkpoint())
        for entry in forged.entries:
            watch.frontier.append(leaf_hash(entry))
        watch.save(followed.state)
        (finding,) = followed.look(searches(3).tree())["findings"]
        assert finding["kind"] == "unfounded"

    def test_real_evidence_stays_for_whoever_brings_the_key_again(self, followed: Followed) -> None:
        followed.look(searches(3).tree())
        fork = searches(9, agency="birch-pd").tree()
        (finding,) = followed.look(fork)["findings"]
        check(finding["evidence"], tuple(finding["proof"]))
        kept = Watch.load(followed.state)
        assert [each.kind for each in kept.findings] == ["split_view"]
        (again,) = followed.look()["findings"]
        assert again == finding

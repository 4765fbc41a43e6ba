"""A witness's answers, status by status as tlog-witness says, and the state behind them."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.encoding import to_base64
from gatehouse.ledger.merkle import EMPTY_ROOT
from gatehouse.ledger.note import open_note, sign_note
from gatehouse.ledger.origins import read_origins
from gatehouse.ledger.witness import Answer, Witness
from gatehouse.model import BadInput, BadUse, PartUnavailable
from tests.unit.ledger.published import ORIGIN, Tree, log_signer, witness_signer

SIZE = "text/x.tlog.size"
NOW = 1_793_620_800


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def witness(tmp_path: Path, clock: Clock) -> Iterator[Witness]:
    Witness.create(tmp_path / "witness.db", signer=witness_signer())
    with Witness.open(
        tmp_path / "witness.db",
        signer=witness_signer(),
        origins={ORIGIN: (log_signer().vkey,)},
        clock=clock,
    ) as opened:
        yield opened


def cosigned(tree: Tree, size: int, at: int = NOW) -> Answer:
    text = Checkpoint(ORIGIN, size, tree.root(size)).text
    return Answer(200, witness_signer().line(text, at=at))


def request(checkpoint: str, *, old: int = 0, lines: str = "") -> bytes:
    return f"old {old}\n{lines}\n{checkpoint}".encode()


class TestAddCheckpoint:
    def test_a_log_that_grows_is_cosigned_at_each_size(self, witness: Witness) -> None:
        tree = Tree.counted(300)
        old = 0
        for size in (0, 0, 1, 2, 3, 128, 128, 255, 256, 257, 300):
            assert witness.add_checkpoint(tree.request(old, size)) == cosigned(tree, size)
            old = size

    def test_the_cosignature_opens_with_the_witness_key_alone(self, witness: Witness) -> None:
        tree = Tree.counted(3)
        answer = witness.add_checkpoint(tree.request(0))
        note = open_note(tree.checkpoint() + answer.body, keys=[witness.vkey])
        (signature,) = note.signatures
        assert (signature.name, signature.timestamp) == ("witness.example/w1", NOW)

    def test_an_unknown_origin_is_404(self, witness: Witness) -> None:
        signer = log_signer(origin="log.example/elsewhere")
        tree = Tree.of([b"one"], signer=signer)
        assert witness.add_checkpoint(tree.request(0)) == Answer(404, "the origin is unknown\n")

    def test_no_trusted_signature_is_403(self, witness: Witness) -> None:
        tree = Tree.of([b"one"], signer=log_signer("another key"))
        assert witness.add_checkpoint(tree.request(0)) == Answer(403, "no key that is trusted has signed\n")

    def test_a_trusted_key_whose_signature_does_not_fit_is_403(self, witness: Witness) -> None:
        text, _, line = Tree.counted(1).checkpoint().partition("\n\n")
        forged = f"{text.replace('1', '2', 1)}\n\n{line}"
        assert witness.add_checkpoint(request(forged)).status == 403

    def test_lines_of_unknown_keys_are_ignored(self, witness: Witness) -> None:
        tree = Tree.counted(2)
        note = tree.checkpoint(signers=[log_signer("unknown"), log_signer()])
        assert witness.add_checkpoint(request(note)) == cosigned(tree, 2)

    def test_an_old_size_above_the_checkpoint_is_400(self, witness: Witness) -> None:
        answer = witness.add_checkpoint(Tree.counted(2).request(3, 2))
        assert answer == Answer(400, "the old size is above the checkpoint's\n")

    def test_an_old_size_that_is_not_the_stored_one_is_409_with_the_stored_one(
        self, witness: Witness
    ) -> None:
        tree = Tree.counted(9)
        assert witness.add_checkpoint(tree.request(2, 5)) == Answer(409, "0\n", SIZE)
        witness.add_checkpoint(tree.request(0, 5))
        assert witness.add_checkpoint(tree.request(0, 9)) == Answer(409, "5\n", SIZE)
        assert witness.add_checkpoint(tree.request(4, 9)) == Answer(409, "5\n", SIZE)
        assert witness.add_checkpoint(tree.request(5, 9)) == cosigned(tree, 9)

    def test_a_wrong_proof_is_422_and_nothing_moves(self, witness: Witness) -> None:
        tree = Tree.counted(9)
        witness.add_checkpoint(tree.request(0, 5))
        proof = tree.proof(5, 9)
        for wrong in ([], proof[:-1], [*proof, b"\0" * 32], [b"\0" * 32, *proof[1:]]):
            assert witness.add_checkpoint(tree.request(5, 9, proof=wrong)).status == 422
        assert witness.add_checkpoint(tree.request(0, 5)) == Answer(409, "5\n", SIZE)
        assert witness.add_checkpoint(tree.request(5, 9)) == cosigned(tree, 9)

    def test_a_proof_where_none_belongs_is_422(self, witness: Witness) -> None:
        tree = Tree.counted(5)
        assert witness.add_checkpoint(tree.request(0, 5, proof=[b"\0" * 32])).status == 422
        witness.add_checkpoint(tree.request(0, 5))
        assert witness.add_checkpoint(tree.request(5, 5, proof=[b"\0" * 32])).status == 422

    def test_another_root_of_the_same_size_is_422(self, witness: Witness) -> None:
        witness.add_checkpoint(Tree.counted(5).request(0))
        answer = witness.add_checkpoint(Tree.counted(5, "other").request(5))
        assert answer == Answer(422, "trees of one size have two roots\n")

    def test_another_root_of_the_empty_tree_is_422(self, witness: Witness) -> None:
        text = f"{ORIGIN}\n0\n{to_base64(bytes(32))}\n"
        answer = witness.add_checkpoint(request(sign_note(text, signers=[log_signer()])))
        assert answer == Answer(422, "the empty tree has another root\n")

    def test_the_empty_tree_is_cosigned(self, witness: Witness) -> None:
        text = Checkpoint(ORIGIN, 0, EMPTY_ROOT).text
        answer = witness.add_checkpoint(request(sign_note(text, signers=[log_signer()])))
        assert answer == Answer(200, witness_signer().line(text, at=NOW))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\n\n",
            b"old 0\n",
            b"\xff",
            b"old  0\n\n{note}",
            b"old 00\n\n{note}",
            b"old -1\n\n{note}",
            b"old 1_0\n\n{note}",
            b"old\n\n{note}",
            b"Old 0\n\n{note}",
            b"old 0\r\n\r\n{note}",
            b"old 0\n{note}",
            b"old 0\nAAAA\n\n{note}",
            b"old 0\n%%%\n\n{note}",
            b"old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n{note}",
            b"old 0\n\n{note}\n",
            b"old 0\n\n\n{note}",
        ],
    )
    def test_a_malformed_request_is_400(self, witness: Witness, body: bytes) -> None:
        body = body.replace(b"{note}", Tree.counted(1).checkpoint().encode())
        assert witness.add_checkpoint(body) == Answer(400, "the request is malformed\n")

    def test_a_signed_text_that_is_no_checkpoint_is_400(self, witness: Witness) -> None:
        for text in (f"{ORIGIN}\n", f"{ORIGIN}\n01\n{to_base64(bytes(32))}\n", f"{ORIGIN}\n1\nAAAA\n"):
            assert witness.add_checkpoint(request(sign_note(text, signers=[log_signer()]))).status == 400

    def test_a_size_that_no_integer_holds_is_400(self, witness: Witness) -> None:
        text = f"{ORIGIN}\n{1 << 63}\n{to_base64(bytes(32))}\n"
        answer = witness.add_checkpoint(request(sign_note(text, signers=[log_signer()])))
        assert answer == Answer(400, "the text is no checkpoint\n")

    @settings(max_examples=200, deadline=None)
    @given(body=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"old {text}".encode()))
    def test_anything_at_all_gets_an_answer(self, body: bytes) -> None:
        # Neither a database nor a clock is needed to refuse what is no request.
        answer = Witness(None, signer=witness_signer(), origins={}).add_checkpoint(body)  # type: ignore[arg-type]
        assert answer.status in (400, 404)


class TestClock:
    def test_a_second_back_repeats_the_last_time(self, witness: Witness, clock: Clock) -> None:
        tree = Tree.counted(2)
        witness.add_checkpoint(tree.request(0, 1))
        clock.now = NOW - 1
        assert witness.add_checkpoint(tree.request(1, 2)) == cosigned(tree, 2, at=NOW)

    def test_more_than_a_minute_back_is_refused_and_nothing_moves(
        self, witness: Witness, clock: Clock
    ) -> None:
        tree = Tree.counted(2)
        witness.add_checkpoint(tree.request(0, 1))
        clock.now = NOW - 61
        with pytest.raises(PartUnavailable, match="the witness's clock has run back"):
            witness.add_checkpoint(tree.request(1, 2))
        clock.now = NOW
        assert witness.add_checkpoint(tree.request(1, 2)) == cosigned(tree, 2)


class TestMonitoring:
    def test_the_latest_cosigned_note_is_given_by_the_hash_of_its_origin(self, witness: Witness) -> None:
        tree = Tree.counted(4)
        name = sha256(ORIGIN.encode()).hexdigest()
        assert witness.checkpoint(name) == Answer(404, "no checkpoint of this log was cosigned\n")
        witness.add_checkpoint(tree.request(0, 3))
        witness.add_checkpoint(tree.request(3, 4))
        assert witness.checkpoint(name) == Answer(200, tree.checkpoint() + cosigned(tree, 4).body)
        assert witness.checkpoint(name.upper()).status == 404

    def test_lines_that_nobody_checked_are_not_handed_on(self, witness: Witness) -> None:
        tree = Tree.counted(1)
        note = tree.checkpoint(signers=[log_signer("unknown"), log_signer()])
        witness.add_checkpoint(request(note))
        shown = witness.checkpoint(sha256(ORIGIN.encode()).hexdigest())
        assert shown.body == tree.checkpoint() + cosigned(tree, 1).body


class TestEvidence:
    def test_two_roots_of_one_size_are_kept_whatever_the_old_size_was(self, witness: Witness) -> None:
        ours, other, third = Tree.counted(5), Tree.counted(5, "other"), Tree.counted(5, "third")
        witness.add_checkpoint(ours.request(0))
        assert witness.add_checkpoint(other.request(5)).status == 422
        assert witness.add_checkpoint(third.request(0)).status == 409
        kept = {(each.kind, each.note, each.against) for each in witness.evidence()}
        held = ours.checkpoint() + cosigned(ours, 5).body
        assert kept == {
            ("split_view", other.checkpoint(), held),
            ("split_view", third.checkpoint(), held),
        }

    def test_a_fork_of_another_size_is_kept_once(self, witness: Witness) -> None:
        ours, fork = Tree.counted(5), Tree.counted(9, "fork")
        witness.add_checkpoint(ours.request(0))
        for _ in range(2):
            assert witness.add_checkpoint(fork.request(5)).status == 422
        assert [(each.kind, each.note, each.seen_at) for each in witness.evidence()] == [
            ("unproven", fork.checkpoint(), NOW)
        ]

    def test_what_was_refused_for_its_proof_alone_is_no_evidence_once_it_is_proven(
        self, witness: Witness
    ) -> None:
        tree = Tree.counted(9)
        witness.add_checkpoint(tree.request(0, 5))
        witness.add_checkpoint(tree.request(5, 9, proof=[bytes(32)]))
        assert len(witness.evidence()) == 1
        witness.add_checkpoint(tree.request(5, 9))
        assert witness.evidence() == []


class TestState:
    def test_a_witness_goes_on_where_it_stopped(self, tmp_path: Path) -> None:
        path, tree = tmp_path / "witness.db", Tree.counted(9)
        origins = {ORIGIN: (log_signer().vkey,)}
        Witness.create(path, signer=witness_signer())
        for old, size in ((0, 4), (4, 9), (9, 9)):
            with Witness.open(path, signer=witness_signer(), origins=origins, clock=Clock()) as witness:
                assert witness.add_checkpoint(tree.request(old, size)) == cosigned(tree, size)

    def test_the_state_is_the_owner_s_to_read(self, tmp_path: Path) -> None:
        Witness.create(tmp_path / "witness.db", signer=witness_signer())
        assert stat.S_IMODE((tmp_path / "witness.db").stat().st_mode) == 0o600

    def test_a_state_is_never_made_twice(self, tmp_path: Path) -> None:
        Witness.create(tmp_path / "witness.db", signer=witness_signer())
        with pytest.raises(BadUse, match="has a state already"):
            Witness.create(tmp_path / "witness.db", signer=witness_signer())

    def test_a_lost_state_is_not_made_anew(self, tmp_path: Path) -> None:
        with pytest.raises(PartUnavailable, match="has lost its state"):
            Witness.open(tmp_path / "witness.db", signer=witness_signer(), origins={})
        assert list(tmp_path.iterdir()) == []

    def test_another_key_is_refused(self, tmp_path: Path) -> None:
        Witness.create(tmp_path / "witness.db", signer=witness_signer())
        with pytest.raises(BadUse, match="belongs to another witness"):
            Witness.open(tmp_path / "witness.db", signer=witness_signer("other"), origins={})

    def test_a_log_s_key_is_no_witness(self, tmp_path: Path) -> None:
        with pytest.raises(BadUse, match="cosignature key"):
            Witness.create(tmp_path / "witness.db", signer=log_signer())

    def test_another_file_is_no_state(self, tmp_path: Path) -> None:
        (tmp_path / "empty.db").touch()
        with pytest.raises(BadInput, match="no state of a witness"):
            Witness.open(tmp_path / "empty.db", signer=witness_signer(), origins={})
        (tmp_path / "text.db").write_text("no database" * 100)
        with pytest.raises(PartUnavailable, match="cannot be used"):
            Witness.open(tmp_path / "text.db", signer=witness_signer(), origins={})


class TestReadOrigins:
    def test_lines_give_each_origin_its_keys(self) -> None:
        first, second, other = log_signer("1").vkey, log_signer("2").vkey, log_signer(origin="b").vkey
        text = f"# known logs\n\n{ORIGIN} {first}\nb {other}\n  {ORIGIN} {second}\n"
        assert read_origins(text) == {ORIGIN: (first, second), "b": (other,)}

    def test_a_policy_gives_its_logs(self) -> None:
        text = f"log {log_signer().vkey}\nwitness w {witness_signer().vkey}\nquorum w\n"
        assert read_origins(text) == {ORIGIN: (log_signer().vkey,)}

    @pytest.mark.parametrize("text", ["", "# nothing\n", "quorum none\n"])
    def test_a_file_without_logs_is_refused(self, text: str) -> None:
        with pytest.raises(BadInput, match="needs to know a log"):
            read_origins(text)

    def test_a_witness_s_key_is_no_log(self) -> None:
        with pytest.raises(BadInput, match="names no log"):
            read_origins(f"{ORIGIN} {witness_signer().vkey}\n")

    def test_a_line_without_an_origin_is_refused(self) -> None:
        with pytest.raises(BadInput):
            read_origins(f"{log_signer().vkey}\n")

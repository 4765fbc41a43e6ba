"""Ways to have a witness cosign two histories, or to bring it down."""

from __future__ import annotations

import multiprocessing
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import pytest

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.encoding import from_base64, to_base64
from gatehouse.ledger.errors import InvalidSignature, PolicyNotMet
from gatehouse.ledger.note import COSIGNATURE, NoteSigner, open_note, sign_note
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.witness import Answer, Witness
from gatehouse.ledger.witness_client import collect
from gatehouse.ledger.witness_server import serving
from gatehouse.model import PartUnavailable
from tests.unit.ledger.published import ORIGIN, Key, Tree, log_signer, witness_signer

NOW = 1_793_620_800


def opened(path: Path, name: str = "witness.example/w1") -> Witness:
    if not path.exists():
        Witness.create(path, signer=witness_signer(name))
    return Witness.open(
        path, signer=witness_signer(name), origins={ORIGIN: (log_signer().vkey,)}, clock=lambda: NOW
    )


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    with opened(tmp_path / "w1.db") as found:
        yield found


def test_replay_an_old_checkpoint_to_a_witness(witness: Witness) -> None:
    tree = Tree.counted(20)
    for old, size in ((0, 8), (8, 20)):
        assert witness.add_checkpoint(tree.request(old, size)).status == 200
    # With what was true then, with the size that is held now, and as if for the first time.
    assert witness.add_checkpoint(tree.request(0, 8)) == Answer(409, "20\n", "text/x.tlog.size")
    assert witness.add_checkpoint(tree.request(8, 8)) == Answer(409, "20\n", "text/x.tlog.size")
    assert witness.add_checkpoint(tree.request(20, 8)).status == 400
    assert witness.add_checkpoint(tree.request(20, 20)).status == 200


def test_show_two_witnesses_two_histories(tmp_path: Path) -> None:
    ours, theirs = Tree.counted(9), Tree.counted(9, "forked")
    with opened(tmp_path / "w1.db", "w1") as first, opened(tmp_path / "w2.db", "w2") as second:
        assert first.add_checkpoint(ours.request(0)).status == 200
        assert second.add_checkpoint(theirs.request(0)).status == 200
        with serving(first) as url1, serving(second) as url2:
            both = Policy.parse(
                f"log {log_signer().vkey}\nwitness w1 {first.vkey} {url1}\nwitness w2 {second.vkey} {url2}\n"
                "group both 2 w1 w2\nquorum both\n"
            )
            for tree in (ours, theirs):
                with pytest.raises(PolicyNotMet):
                    collect(both, tree.checkpoint(), proof=tree.proof, clock=lambda: NOW)
        # Each keeps what the other was shown, signed by the log: that is the proof.
        assert [each.note for each in first.evidence()] == [theirs.checkpoint()]
        assert [each.note for each in second.evidence()] == [ours.checkpoint()]


def test_fork_a_log_between_two_threads(witness: Witness) -> None:
    base = Tree.counted(4)
    witness.add_checkpoint(base.request(0))
    forks = [Tree.of([*base.entries, f"fork {number}".encode()]) for number in range(16)]
    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(lambda tree: witness.add_checkpoint(tree.request(4)).status, forks))
    assert sorted(statuses) == [200] + [409] * 15


def submit(path: Path, body: bytes, start: Connection) -> None:
    """Open a witness in a process of its own and submit when told."""
    with opened(path) as witness:
        start.send("ready")
        start.recv()
        start.send(witness.add_checkpoint(body).status)


def test_fork_a_log_between_two_processes(tmp_path: Path) -> None:
    path, base = tmp_path / "w1.db", Tree.counted(4)
    with opened(path) as witness:
        witness.add_checkpoint(base.request(0))
    context = multiprocessing.get_context("spawn")
    workers = []
    for number in range(3):
        body = Tree.of([*base.entries, f"fork {number}".encode()]).request(4)
        ours, theirs = context.Pipe()
        process = context.Process(target=submit, args=(path, body, theirs))
        process.start()
        workers.append((process, ours))
    for _, pipe in workers:
        assert pipe.recv() == "ready"
    for _, pipe in workers:
        pipe.send("go")
    statuses = sorted(pipe.recv() for _, pipe in workers)
    for process, _ in workers:
        process.join()
    assert statuses == [200, 409, 409]


def test_take_a_cosignature_before_it_is_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatehouse.ledger.witness_state._WAIT_SECONDS", 0.01)
    tree, witness = Tree.counted(4), opened(tmp_path / "w1.db")
    # Whoever holds the database's lock keeps the state from being written.
    other = sqlite3.connect(tmp_path / "w1.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(PartUnavailable, match="the witness's state cannot be used"):
        witness.add_checkpoint(tree.request(0))
    other.execute("ROLLBACK")
    other.close()
    assert witness.add_checkpoint(tree.request(1, 4)) == Answer(409, "0\n", "text/x.tlog.size")
    witness.close()


def test_leave_a_state_that_no_cosignature_was_given_for(tmp_path: Path) -> None:
    class Broken(Key):
        def sign(self, message: bytes) -> bytes:
            raise PartUnavailable("the token was pulled out")

    path, tree = tmp_path / "w1.db", Tree.counted(4)
    signer = NoteSigner("w1", Broken("w1"), COSIGNATURE)
    origins = {ORIGIN: (log_signer().vkey,)}
    Witness.create(path, signer=signer)
    with Witness.open(path, signer=signer, origins=origins) as witness:
        with pytest.raises(PartUnavailable, match="pulled out"):
            witness.add_checkpoint(tree.request(0))
        assert witness.add_checkpoint(tree.request(1)) == Answer(409, "0\n", "text/x.tlog.size")


def test_pass_another_root_at_the_same_size(witness: Witness) -> None:
    tree = Tree.counted(8)
    witness.add_checkpoint(tree.request(0))
    other = sign_note(Checkpoint(ORIGIN, 8, Tree.counted(8, "x").root()).text, signers=[log_signer()])
    assert witness.add_checkpoint(f"old 8\n\n{other}".encode()).status == 422


def test_pass_a_proof_that_is_too_long(witness: Witness) -> None:
    tree = Tree.counted(9)
    witness.add_checkpoint(tree.request(0, 5))
    proof = tree.proof(5)
    for length, status in ((len(proof) + 1, 422), (63, 422), (64, 400), (10_000, 400)):
        longer = [*proof, *([bytes(32)] * (length - len(proof)))]
        assert witness.add_checkpoint(tree.request(5, proof=longer)).status == status
    assert witness.add_checkpoint(tree.request(5)).status == 200


def test_speak_for_the_log_with_a_key_of_its_name(witness: Witness) -> None:
    tree = Tree.of([b"one"], signer=log_signer("stolen name"))
    assert witness.add_checkpoint(tree.request(0)).status == 403


def test_speak_for_the_log_with_a_cosignature_of_its_key(witness: Witness) -> None:
    signer = NoteSigner(ORIGIN, Key("log"), COSIGNATURE)
    note = sign_note(Checkpoint(ORIGIN, 1, bytes(32)).text, signers=[signer], at=NOW)
    assert witness.add_checkpoint(f"old 0\n\n{note}".encode()).status == 403


def test_forge_a_cosignature(witness: Witness) -> None:
    tree = Tree.counted(3)
    line = witness.add_checkpoint(tree.request(0)).body
    keys = [log_signer().vkey, witness.vkey]
    assert len(open_note(tree.checkpoint() + line, keys=keys).signatures) == 2
    # Onto another checkpoint, and with another time.
    for note in (Tree.counted(3, "other").checkpoint() + line, tree.checkpoint() + with_time(line, NOW + 1)):
        with pytest.raises(InvalidSignature):
            open_note(note, keys=keys)
    # By another key under the witness's name: a stranger's line, which counts for nothing.
    impostor = NoteSigner("witness.example/w1", Key("impostor"), COSIGNATURE)
    text = tree.checkpoint().partition("\n\n")[0] + "\n"
    policy = Policy.parse(f"log {log_signer().vkey}\nwitness w {witness.vkey}\nquorum w\n")
    with pytest.raises(PolicyNotMet):
        policy.check(open_note(tree.checkpoint() + impostor.line(text, at=NOW), keys=keys))


def with_time(line: str, at: int) -> str:
    """Return a cosignature's line with another time and the same signature."""
    dash, name, value = line.rstrip("\n").split(" ")
    data = from_base64(value)
    return f"{dash} {name} {to_base64(data[:4] + at.to_bytes(8, 'big') + data[12:])}\n"


def test_drown_a_witness_in_one_body(witness: Witness) -> None:
    def endless() -> Iterator[bytes]:
        yield b"old 0\n\n"
        for _ in range(10_000):
            yield b"x" * 65_536

    with serving(witness) as url:
        # A connection that is closed on us would be as good an answer.
        with suppress(httpx.TransportError):
            assert httpx.post(f"{url}/add-checkpoint", content=endless()).status_code == 413
        assert httpx.post(f"{url}/add-checkpoint", content=Tree.counted(1).request(0)).status_code == 200


def test_hold_a_witness_with_half_a_request(witness: Witness) -> None:
    with serving(witness) as url:
        port = httpx.URL(url).port
        assert port is not None
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        for each in held:
            each.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 100\r\n\r\nold")
        assert httpx.post(f"{url}/add-checkpoint", content=Tree.counted(1).request(0)).status_code == 200
        for each in held:
            each.close()


def test_fill_a_witness_with_evidence(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatehouse.ledger.witness.MOST_EVIDENCE", 5)
    witness.add_checkpoint(Tree.counted(3).request(0))
    for number in range(9):
        assert witness.add_checkpoint(Tree.counted(3, f"fork {number}").request(3)).status == 422
    assert len(witness.evidence()) == 5


def test_claim_a_fork_s_place_before_it_is_one(witness: Witness) -> None:
    """A tree that comes unproven first, and as another one of its size later, must not pass for unproven."""
    tree = Tree.counted(9)
    fork = Tree.of([*tree.entries[:5], *Tree.counted(4, "fork").entries])
    witness.add_checkpoint(tree.request(0, 5))
    assert witness.add_checkpoint(fork.request(5, proof=[])).status == 422
    assert [each.kind for each in witness.evidence()] == ["unproven"]
    assert witness.add_checkpoint(tree.request(5)).status == 200
    cosigned = witness.checkpoint(sha256(ORIGIN.encode()).hexdigest()).body
    expected = [("split_view", fork.checkpoint(), cosigned)]
    # At once, and no other after it has been sent again.
    assert [(each.kind, each.note, each.against) for each in witness.evidence()] == expected
    assert witness.add_checkpoint(fork.request(9, proof=[])).status == 422
    assert [(each.kind, each.note, each.against) for each in witness.evidence()] == expected


def test_leave_no_room_for_the_proof_of_a_fork(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatehouse.ledger.witness.MOST_EVIDENCE", 5)
    witness.add_checkpoint(Tree.counted(3).request(0))
    for number in range(9):
        witness.add_checkpoint(Tree.counted(4 + number, f"junk {number}").request(3, proof=[]))
    fork = Tree.counted(3, "fork")
    assert witness.add_checkpoint(fork.request(3)).status == 422
    found = witness.evidence()
    assert sorted(each.kind for each in found) == ["split_view", *["unproven"] * 5]
    assert [each.note for each in found if each.kind == "split_view"] == [fork.checkpoint()]


def test_have_a_split_view_taken_for_unproven(witness: Witness) -> None:
    """Evidence gets stronger, never weaker."""
    witness.add_checkpoint(Tree.counted(3).request(0))
    fork = Tree.counted(3, "fork")
    for old in (3, 0, 1, 3):
        witness.add_checkpoint(fork.request(old, proof=[]))
    assert [(each.kind, each.seen_at) for each in witness.evidence()] == [("split_view", NOW)]

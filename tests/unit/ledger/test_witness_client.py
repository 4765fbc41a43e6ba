"""Witnesses asked over HTTP: what is taken of an answer, and what is said of those who gave none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import httpx
import pytest

from gatehouse.ledger.clock import ClocksDisagree
from gatehouse.ledger.errors import PolicyNotMet, UntrustedNote
from gatehouse.ledger.note import open_note
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.witness import Answer, Witness
from gatehouse.ledger.witness_client import Cosigned, Silent, Witnesses, collect
from gatehouse.ledger.witness_server import serving
from tests.unit.ledger.published import ORIGIN, Tree, log_signer, witness_signer

NOW = 1_793_620_800


@contextmanager
def witnesses(
    folder: Path, names: list[str], clock: Callable[[], float] = lambda: NOW
) -> Iterator[dict[str, str]]:
    """Serve a witness for each name, and give their addresses."""
    with ExitStack() as stack:
        served = {}
        for name in names:
            path = folder / f"{name}.db"
            if not path.exists():
                Witness.create(path, signer=witness_signer(name))
            witness = stack.enter_context(
                Witness.open(
                    path, signer=witness_signer(name), origins={ORIGIN: (log_signer().vkey,)}, clock=clock
                )
            )
            served[name] = stack.enter_context(serving(witness, prefix=f"/{name}"))
        yield served


def policy(addresses: dict[str, str], quorum: int) -> Policy:
    lines = [f"log {log_signer().vkey}"]
    lines += [f"witness {name} {witness_signer(name).vkey} {url}" for name, url in addresses.items()]
    lines += [f"group all-of-them {quorum} {' '.join(addresses)}", "quorum all-of-them", ""]
    return Policy.parse("\n".join(lines))


def line(name: str, tree: Tree, at: int = NOW) -> str:
    return witness_signer(name).line(tree.checkpoint().partition("\n\n")[0] + "\n", at=at)


class Scripted:
    """A witness that answers what a test tells it to."""

    vkey = "unused"

    def __init__(self, *answers: Answer, hold: Event | None = None) -> None:
        self.answers = list(answers)
        self.seen: list[bytes] = []
        self.hold = hold

    def add_checkpoint(self, body: bytes) -> Answer:
        self.seen.append(body)
        if self.hold is not None:
            self.hold.wait(30)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def checkpoint(self, origin_hash: str) -> Answer:
        return Answer(404, "")


def collect_from(scripted: Scripted, tree: Tree, *, seconds: float = 5.0) -> Cosigned:
    with serving(scripted) as url:  # type: ignore[arg-type]  # answers like a witness
        return collect(
            policy({"w": url}, 1), tree.checkpoint(), proof=tree.proof, seconds=seconds, clock=lambda: NOW
        )


def refusal(scripted: Scripted, *, seconds: float = 5.0) -> str:
    """Return why the answer does not count."""
    with pytest.raises(PolicyNotMet) as caught:
        collect_from(scripted, Tree.counted(5), seconds=seconds)
    assert caught.value.hint is not None
    return caught.value.hint


class TestCollect:
    def test_all_witnesses_cosign_a_log_that_grows(self, tmp_path: Path) -> None:
        tree = Tree.counted(300)
        with (
            witnesses(tmp_path, ["a", "b"]) as served,
            Witnesses(policy(served, 2), clock=lambda: NOW) as asked,
        ):
            for size in (1, 2, 200, 200, 300):
                shown = Tree.of(tree.entries[:size])
                found = asked.collect(shown.checkpoint(), proof=shown.proof, wait_for_all=True)
                assert found == Cosigned(shown.checkpoint() + line("a", shown) + line("b", shown), ("a", "b"))
                asked.policy.check(open_note(found.checkpoint, keys=asked.policy.keys))

    def test_a_witness_that_holds_more_than_we_know_tells_its_size(self, tmp_path: Path) -> None:
        tree = Tree.counted(9)
        with witnesses(tmp_path, ["a"]) as served:
            for size in (5, 9):
                shown = Tree.of(tree.entries[:size])
                asked_for: list[int] = []

                def proof(old: int, shown: Tree = shown, seen: list[int] = asked_for) -> list[bytes]:
                    seen.append(old)
                    return shown.proof(old)

                found = collect(policy(served, 1), shown.checkpoint(), proof=proof, clock=lambda: NOW)
                assert found.answered == ("a",)
                assert asked_for == ([] if size == 5 else [5])

    def test_those_who_do_not_answer_are_named(self, tmp_path: Path) -> None:
        tree = Tree.counted(3)
        with witnesses(tmp_path, ["a"]) as served:
            three = policy({**served, "gone": "http://127.0.0.1:9/", "b": served["a"]}, 1)
            found = collect(three, tree.checkpoint(), proof=tree.proof, clock=lambda: NOW)
        assert found.checkpoint == tree.checkpoint() + line("a", tree)
        assert found.answered == ("a",)
        assert found.silent == (
            Silent("gone", "cannot be reached: ConnectError"),
            Silent("b", "its answer bears no cosignature by its key"),
        )

    def test_too_few_is_policy_not_met_and_says_who_and_why(self, tmp_path: Path) -> None:
        tree = Tree.counted(3)
        with witnesses(tmp_path, ["a"]) as served:
            two = policy({**served, "gone": "http://127.0.0.1:9/"}, 2)
            with pytest.raises(PolicyNotMet) as caught:
                collect(two, tree.checkpoint(), proof=tree.proof, clock=lambda: NOW)
        assert (caught.value.expected, caught.value.got, caught.value.hint) == (
            "2 of a, gone",
            "a",
            "gone: cannot be reached: ConnectError",
        )

    def test_a_met_policy_waits_for_nobody_else(self, tmp_path: Path) -> None:
        tree, hold = Tree.counted(3), Event()
        slow = Scripted(Answer(200, line("slow", tree)), hold=hold)
        with (
            witnesses(tmp_path, ["a"]) as served,
            serving(slow) as url,  # type: ignore[arg-type]
            Witnesses(policy({"slow": url, **served}, 1), clock=lambda: NOW) as asked,
        ):
            found = asked.collect(tree.checkpoint(), proof=tree.proof)
            assert (found.answered, found.pending) == (("a",), ("slow",))
            more = asked.collect(tree.checkpoint(), proof=tree.proof)
            assert (more.answered, more.pending) == (("a",), ("slow",))
            hold.set()
        # The second round did not queue behind the request that was under way.
        assert len(slow.seen) == 1

    def test_a_policy_without_quorum_is_met_by_the_log_alone(self) -> None:
        tree = Tree.counted(3)
        found = collect(Policy.of_log(log_signer().vkey), tree.checkpoint(), proof=tree.proof)
        assert found == Cosigned(tree.checkpoint(), ())

    def test_a_witness_without_address_is_silent(self) -> None:
        text = f"log {log_signer().vkey}\nwitness w {witness_signer('w').vkey}\nquorum w\n"
        tree = Tree.counted(3)
        with pytest.raises(PolicyNotMet) as caught:
            collect(Policy.parse(text), tree.checkpoint(), proof=tree.proof)
        assert caught.value.hint == "w: the policy gives it no address"

    def test_a_checkpoint_that_the_log_has_not_signed_is_not_shown_to_anybody(self) -> None:
        scripted = Scripted(Answer(200, ""))
        with pytest.raises(UntrustedNote):
            collect_from(scripted, Tree.of([b"one"], signer=log_signer("another key")))
        assert scripted.seen == []

    def test_a_proof_that_cannot_be_made_is_raised(self, tmp_path: Path) -> None:
        tree = Tree.counted(9)
        scripted = Scripted(Answer(409, "4\n", "text/x.tlog.size"))

        def proof(old: int) -> list[bytes]:
            raise OSError("the disk is gone")

        with (
            serving(scripted) as url,  # type: ignore[arg-type]
            pytest.raises(OSError, match="the disk is gone"),
        ):
            collect(policy({"w": url}, 1), tree.checkpoint(), proof=proof)


class TestAnswersThatDoNotCount:
    def test_a_cosignature_over_another_checkpoint(self) -> None:
        answer = Answer(200, line("w", Tree.counted(5, "other")))
        assert refusal(Scripted(answer)) == "w: its answer does not hold: a signature does not fit the text"

    def test_a_cosignature_by_another_key_of_its_name(self) -> None:
        tree = Tree.counted(5)
        text = tree.checkpoint().partition("\n\n")[0] + "\n"
        other = type(witness_signer())("w", log_signer("other").signer, witness_signer().kind)
        answer = Answer(200, other.line(text, at=NOW))
        assert refusal(Scripted(answer)) == "w: its answer bears no cosignature by its key"

    @pytest.mark.parametrize("body", ["", "hello\n", "\n", "— w AAAA\n", "— w\n"])
    def test_no_signature_line(self, body: str) -> None:
        assert refusal(Scripted(Answer(200, body))).startswith("w: its answer ")

    def test_an_endless_answer(self) -> None:
        assert refusal(Scripted(Answer(200, "x" * 70_000))) == "w: its answer is too long"

    @pytest.mark.parametrize("status", [400, 403, 404, 422, 500, 503, 302])
    def test_a_refusal(self, status: int) -> None:
        assert refusal(Scripted(Answer(status, "no\n"))) == f"w: it refused with HTTP {status}"

    def test_a_size_beyond_ours(self) -> None:
        answer = Answer(409, "6\n", "text/x.tlog.size")
        expected = "w: it has cosigned a tree of 6 entries, larger than this one"
        assert refusal(Scripted(answer)) == expected

    def test_a_size_that_changes_each_time(self) -> None:
        told = [Answer(409, f"{size}\n", "text/x.tlog.size") for size in (1, 2, 3, 4)]
        scripted = Scripted(*told)
        assert refusal(scripted) == "w: it tells another size each time"
        assert len(scripted.seen) == 3

    @pytest.mark.parametrize("body", ["", "-1\n", "4", "four\n", "9" * 40])
    def test_a_size_that_is_none(self, body: str) -> None:
        answer = Answer(409, body, "text/x.tlog.size")
        found = refusal(Scripted(answer, Answer(500, "")))
        assert found == ("w: it refused with HTTP 500" if body == "4" else "w: it tells no size")

    def test_an_answer_that_does_not_come(self) -> None:
        hold = Event()
        scripted = Scripted(Answer(200, ""), hold=hold)
        with serving(scripted) as url:  # type: ignore[arg-type]
            tree = Tree.counted(5)
            with pytest.raises(PolicyNotMet) as caught:
                collect(policy({"w": url}, 1), tree.checkpoint(), proof=tree.proof, seconds=0.2)
            hold.set()
        assert caught.value.hint == "w: no answer within 0.2 s"


class TestClocks:
    @pytest.mark.parametrize("apart", [-60, 0, 60])
    def test_a_minute_apart_counts(self, apart: int) -> None:
        tree = Tree.counted(5)
        assert collect_from(Scripted(Answer(200, line("w", tree, NOW + apart))), tree).answered == ("w",)

    @pytest.mark.parametrize("apart", [-61, 61])
    def test_more_than_a_minute_apart_stops_releases(self, apart: int) -> None:
        tree = Tree.counted(5)
        with pytest.raises(ClocksDisagree) as caught:
            collect_from(Scripted(Answer(200, line("w", tree, NOW + apart))), tree)
        assert caught.value.hint == f"w: its clock is {apart:+} s from ours, more than 60"
        assert caught.value.exit_code == 5

    def test_one_wrong_clock_of_two_counts_for_nothing_and_stops_nothing(self, tmp_path: Path) -> None:
        tree = Tree.counted(5)
        wrong = Scripted(Answer(200, line("wrong", tree, NOW + 3600)))
        with witnesses(tmp_path, ["a"]) as served, serving(wrong) as url:  # type: ignore[arg-type]
            found = collect(
                policy({"wrong": url, **served}, 1), tree.checkpoint(), proof=tree.proof, clock=lambda: NOW
            )
        assert found.checkpoint == tree.checkpoint() + line("a", tree)
        assert found.silent == (Silent("wrong", "its clock is +3600 s from ours, more than 60"),)


class TestLatest:
    def test_each_witness_shows_what_it_cosigned_last(self, tmp_path: Path) -> None:
        tree = Tree.counted(5)
        with witnesses(tmp_path, ["a", "b"]) as served:
            addresses = {**served, "gone": "http://127.0.0.1:9/"}
            with Witnesses(policy(addresses, 1), clock=lambda: NOW) as asked:
                httpx.post(f"{served['a']}/add-checkpoint", content=tree.request(0))
                shown, silent = asked.latest(ORIGIN)
        assert shown == {"a": tree.checkpoint() + line("a", tree)}
        assert silent == (Silent("b", "HTTP 404"), Silent("gone", "cannot be reached: ConnectError"))


class TestServer:
    def test_the_statuses_and_media_types_go_over_the_wire(self, tmp_path: Path) -> None:
        tree = Tree.counted(4)
        with witnesses(tmp_path, ["a"]) as served, httpx.Client(base_url=served["a"]) as client:
            first = client.post("/add-checkpoint", content=tree.request(0, 3))
            assert (first.status_code, first.headers["content-type"]) == (200, "text/plain; charset=utf-8")
            again = client.post("/add-checkpoint", content=tree.request(0, 4))
            assert (again.status_code, again.headers["content-type"], again.text) == (
                409,
                "text/x.tlog.size",
                "3\n",
            )
            name = "f7c0a1c1" * 8
            assert client.get(f"/{name}/checkpoint").status_code == 404
            assert client.get("/add-checkpoint").status_code == 405

    def test_a_request_is_read_no_further_than_any_can_be_long(self, tmp_path: Path) -> None:
        with witnesses(tmp_path, ["a"]) as served, httpx.Client(base_url=served["a"]) as client:
            answer = client.post("/add-checkpoint", content=b"old 0\n\n" + b"x" * 70_000)
        assert (answer.status_code, answer.text) == (413, "a request has at most 65536 bytes\n")

    def test_a_state_that_cannot_be_used_is_503(self, tmp_path: Path) -> None:
        tree = Tree.counted(4)
        Witness.create(tmp_path / "a.db", signer=witness_signer("a"))
        witness = Witness.open(
            tmp_path / "a.db", signer=witness_signer("a"), origins={ORIGIN: (log_signer().vkey,)}
        )
        witness.close()
        with serving(witness) as url:
            answer = httpx.post(f"{url}/add-checkpoint", content=tree.request(0))
        assert (answer.status_code, answer.text) == (503, "the witness's state cannot be used\n")

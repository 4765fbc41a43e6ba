"""Ways for one witness of several to keep a log from its quorum, and so from releasing anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gatehouse.ledger.policy import Policy
from gatehouse.ledger.witness import Witness
from gatehouse.ledger.witness_client import Silent, Witnesses
from gatehouse.ledger.witness_server import serving
from tests.loopback import Quiet, listening
from tests.unit.ledger.published import ORIGIN, Tree, log_signer, witness_signer

NOW = 1_793_620_800
# None of these is an address; httpx parses them before anybody has said to follow, each with its own error.
NOWHERE = ["http://xn--zzzzzz999999/x", "http://xn--a/", "http://a:b/", "http://[::1", "//\u2028/"]


@contextmanager
def hostile(head: bytes) -> Iterator[str]:
    """Answer whatever is asked with some bytes."""

    class Handler(Quiet):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            self.wfile.write(head)
            self.close_connection = True

        do_GET = do_POST = answer

    with listening(Handler) as url:
        yield url


@pytest.mark.parametrize(
    "head",
    [
        *(f"HTTP/1.1 302 Found\r\nlocation: {each}\r\n\r\n".encode() for each in NOWHERE),
        b"HTTP/1.1 302 Found\r\nlocation: \xff\xfe\r\n\r\n",
        b"HTTP/1.1 999\r\n\r\n",
        b"\0\0\0\0",
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-type: \xff\r\n\r\n\xff",
        b"HTTP/1.1 409 Conflict\r\ncontent-type: text/x.tlog.size\r\n\r\n\xd9\xa3\n",
    ],
)
def test_answer_as_one_witness_of_two_with_what_no_client_can_read(tmp_path: Path, head: bytes) -> None:
    tree, good = Tree.counted(5), witness_signer("good")
    Witness.create(tmp_path / "w.db", signer=good)
    opened = Witness.open(
        tmp_path / "w.db", signer=good, origins={ORIGIN: (log_signer().vkey,)}, clock=lambda: NOW
    )
    with opened, serving(opened) as url, hostile(head) as evil:
        policy = Policy.parse(
            f"log {log_signer().vkey}\nwitness good {good.vkey} {url}\n"
            f"witness evil {witness_signer('evil').vkey} {evil}\ngroup one any good evil\nquorum one\n"
        )
        with Witnesses(policy, clock=lambda: NOW) as asked:
            for wait_for_all in (True, False):
                found = asked.collect(tree.checkpoint(), proof=tree.proof, wait_for_all=wait_for_all)
                assert found.answered == ("good",)
            shown, silent = asked.latest(ORIGIN)
    assert "good" in shown
    assert [each for each in silent if each.name == "good"] == []


def test_send_the_log_to_a_host_that_cannot_be(tmp_path: Path) -> None:
    tree = Tree.counted(5)
    with hostile(f"HTTP/1.1 302 Found\r\nlocation: {NOWHERE[0]}\r\n\r\n".encode()) as evil:
        policy = Policy.parse(
            f"log {log_signer().vkey}\nwitness evil {witness_signer('evil').vkey} {evil}\nquorum none\n"
        )
        with Witnesses(policy) as asked:
            found = asked.collect(tree.checkpoint(), proof=tree.proof, wait_for_all=True)
            assert found.silent == (Silent("evil", "cannot be reached: IDNAError"),)
            assert asked.latest(ORIGIN) == ({}, found.silent)

"""A log, its witnesses, a reader and a monitor, each the real one, over loopback and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gatehouse.ledger.committer import NotWitnessed, Position
from gatehouse.ledger.entry import draft_entry
from gatehouse.ledger.log import Log
from gatehouse.ledger.monitor import Monitor
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.source import open_source
from gatehouse.ledger.verify import verify
from gatehouse.ledger.witness import Witness
from gatehouse.ledger.witness_client import Witnesses
from gatehouse.ledger.witness_server import serving
from tests.unit.ledger.published import ORIGIN, PACK, Key, log_signer, witness_signer

NAMES = ["w1", "w2", "w3"]


@contextmanager
def witnessed(folder: Path, running: list[str]) -> Iterator[Policy]:
    """Serve some of three witnesses and give the policy that two of them must cosign."""
    with ExitStack() as stack:
        lines = [f"log {log_signer().vkey}"]
        for name in NAMES:
            address = "http://127.0.0.1:9"
            if name in running:
                path = folder / f"{name}.db"
                if not path.exists():
                    Witness.create(path, signer=witness_signer(name))
                witness = stack.enter_context(
                    Witness.open(path, signer=witness_signer(name), origins={ORIGIN: (log_signer().vkey,)})
                )
                address = stack.enter_context(serving(witness))
            lines.append(f"witness {name} {witness_signer(name).vkey} {address}")
        yield Policy.parse("\n".join([*lines, "group two 2 w1 w2 w3", "quorum two", ""]))


def entry(state: str, agency: str) -> Callable[[Position], bytes]:
    draft = draft_entry(f"search:plate:{state}", agency=agency, fields={})
    return lambda at: draft.place(sequence=at.sequence, previous=at.previous, at=at.at, pack=PACK)[0]


def search(log: Log, agency: str, policy: Policy) -> None:
    """Put a search on the record, and hold its receipts to the policy."""
    for state in ("requested", "permitted", "released"):
        appended = log.append(entry(state, agency), agency=agency)
        appended.receipt.verify(log.entry(appended.index), policy=policy)


def test_a_witnessed_log_is_verified_and_followed_from_outside(tmp_path: Path) -> None:
    Log.create(tmp_path / "log.db", origin=ORIGIN, signer=Key("log"))
    shown = tmp_path / "shown"
    early = ""
    with witnessed(tmp_path, ["w1", "w2"]) as policy, Witnesses(policy) as witnesses:
        log = Log.open(tmp_path / "log.db", signer=Key("log"), witnesses=witnesses)
        try:
            with ThreadPoolExecutor(8) as threads:
                for found in [
                    threads.submit(search, log, f"agency-{number % 3}", policy) for number in range(100)
                ]:
                    found.result()
                early = log.export(shown)
            monitor = Monitor(tmp_path / "monitor.json", policy=policy)
            with open_source(shown) as source:
                monitor.follow(source)
            search(log, "agency-0", policy)
            log.export(shown)
        finally:
            log.close()
        with open_source(shown) as source:
            verified = verify(source, keys=None, policy=policy, since=early, only_leaves=True)
            monitor.follow(source)
            for note in witnesses.latest(ORIGIN)[0].values():
                monitor.compare(source, note)
    assert verified.checkpoint.size == 303
    assert sorted(verified.agencies.values()) == [99, 99, 105]
    assert {*verified.signers} == {ORIGIN, "w1", "w2"}
    report = monitor.report()
    assert (report.size, report.read, report.findings, report.not_measurable) == (303, 303, (), ())


def test_a_log_without_its_witnesses_records_and_gives_no_receipt(tmp_path: Path) -> None:
    Log.create(tmp_path / "log.db", origin=ORIGIN, signer=Key("log"))
    with witnessed(tmp_path, ["w1"]) as policy, Witnesses(policy, seconds=1) as witnesses:
        log = Log.open(
            tmp_path / "log.db",
            signer=Key("log"),
            witnesses=witnesses,
            receipt_wait=timedelta(seconds=0.5),
        )
        try:
            with pytest.raises(NotWitnessed, match="too few witnesses"):
                log.append(entry("requested", "agency-0"), agency="agency-0")
        finally:
            log.close()
    # When a second witness is back, what was recorded is cosigned and the log goes on.
    with witnessed(tmp_path, ["w1", "w3"]) as policy, Witnesses(policy) as witnesses:
        log = Log.open(tmp_path / "log.db", signer=Key("log"), witnesses=witnesses)
        try:
            appended = log.append(entry("denied", "agency-0"), agency="agency-0")
            assert appended.index == 1
            appended.receipt.verify(log.entry(1), policy=policy)
        finally:
            log.close()


def test_a_log_that_was_put_back_to_an_older_state_is_refused_by_its_witnesses(tmp_path: Path) -> None:
    Log.create(tmp_path / "log.db", origin=ORIGIN, signer=Key("log"))
    with witnessed(tmp_path, NAMES) as policy, Witnesses(policy) as witnesses:
        for path, count in ((tmp_path / "log.db", 4), (tmp_path / "again.db", 6)):
            if not path.exists():
                Log.create(path, origin=ORIGIN, signer=Key("log"))
            log = Log.open(path, signer=Key("log"), witnesses=witnesses, receipt_wait=timedelta(seconds=0.5))
            try:
                if path.name == "log.db":
                    for _ in range(count):
                        log.append(entry("requested", "a"), agency="a")
                    log.export(tmp_path / "shown")
                else:
                    # The same key over another history: nobody cosigns it, so nobody gets a receipt.
                    for _ in range(count):
                        with pytest.raises(NotWitnessed, match="too few witnesses"):
                            log.append(entry("requested", "b"), agency="b")
            finally:
                log.close()
        notes = witnesses.latest(ORIGIN)[0]
    with open_source(tmp_path / "shown") as source:
        assert verify(source, keys=None, policy=policy).checkpoint.size == 4
        for note in notes.values():
            verify(source, keys=None, policy=policy, since=note)
    assert len(notes) == 3

"""Ways for a log that is trusted for its own entries to speak in another's name, or to put blame on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.ledger.checkpoint import Checkpoint
from gatehouse.ledger.errors import InvalidCheckpoint
from gatehouse.ledger.monitor import Monitor
from gatehouse.ledger.note import sign_note
from gatehouse.ledger.policy import Policy
from gatehouse.ledger.source import open_source
from gatehouse.ledger.verify import verify
from tests.unit.ledger.published import ORIGIN, Tree, log_signer

OTHER = log_signer("other", origin="log.example/elsewhere")
KEYS = [log_signer().vkey, OTHER.vkey]
BOTH = Policy.parse(f"log {KEYS[0]}\nlog {KEYS[1]}\nquorum none\n")
TRUSTS = [
    pytest.param({"keys": [OTHER.vkey]}, id="its key"),
    pytest.param({"keys": KEYS}, id="both keys"),
    pytest.param({"keys": None, "policy": BOTH}, id="a policy of both"),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return Tree.counted(3).publish(tmp_path / "log")


def framing(size: int = 3) -> str:
    """Return another tree under the victim's name, signed by the other log alone."""
    return sign_note(Checkpoint(ORIGIN, size, b"\7" * 32).text, signers=[OTHER])


@pytest.mark.parametrize("trust", TRUSTS)
def test_serve_a_book_under_another_logs_name(log: Path, trust: dict[str, object]) -> None:
    tree = Tree.counted(3)
    (log / "checkpoint").write_text(sign_note(Checkpoint(ORIGIN, 3, tree.root()).text, signers=[OTHER]))
    state = log.parent / "state"
    with open_source(log) as source:
        for look in (
            lambda: verify(source, **trust),  # type: ignore[arg-type]
            lambda: Monitor(state, **trust).follow(source),  # type: ignore[arg-type]
        ):
            with pytest.raises(InvalidCheckpoint, match="not of the log whose key") as caught:
                look()
            assert (caught.value.expected, caught.value.got) == (OTHER.name, ORIGIN)
    assert not state.exists()


@pytest.mark.parametrize("trust", TRUSTS[1:])
@pytest.mark.parametrize("size", [1, 3])
def test_frame_a_log_for_a_split_view(log: Path, trust: dict[str, object], size: int) -> None:
    monitor = Monitor(log.parent / "state", **trust)  # type: ignore[arg-type]
    with open_source(log) as source:
        monitor.follow(source)
        with pytest.raises(InvalidCheckpoint, match="not of the log whose key"):
            monitor.compare(source, framing(size))
        with pytest.raises(InvalidCheckpoint, match="not of the log whose key"):
            verify(source, since=framing(size), **trust)  # type: ignore[arg-type]
    assert monitor.report().findings == ()
    assert Monitor(log.parent / "state", **trust).report().findings == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("trust", TRUSTS[1:])
def test_sign_beside_the_log_itself(log: Path, trust: dict[str, object]) -> None:
    """Another log's signature beside the own one takes nothing away."""
    tree = Tree.counted(3)
    (log / "checkpoint").write_text(tree.checkpoint(signers=[log_signer(), OTHER]))
    with open_source(log) as source:
        assert verify(source, **trust).signers == (ORIGIN, OTHER.name)  # type: ignore[arg-type]

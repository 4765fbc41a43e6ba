from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatehouse.capture.agent import queue as queues
from gatehouse.capture.agent.folder import CameraFolder
from gatehouse.capture.agent.queue import Added, QueueCounts, ReadQueue
from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.vault.batch import BatchReads, Rejected, parse_batch
from tests.unit.capture.agent.cameras import AT, CAMERA, folder_of, plates_of, queue_of, read_of


@pytest.fixture
def folder(tmp_path: Path) -> CameraFolder:
    return folder_of(tmp_path)


def test_batch_holds_the_oldest_reads_in_order_and_is_signed(folder: CameraFolder) -> None:
    queue, signer = queue_of(folder), folder.signer()
    for number in range(3):
        assert queue.add(read_of(number)) is Added.KEPT

    batch = queue.batch(signer, most=2)

    assert batch is not None
    assert batch.camera == CAMERA
    Ed25519PublicKey.from_public_bytes(signer.public_key()).verify(batch.signature, batch.message)
    found = list(parse_batch(batch.body))
    assert not any(isinstance(each, Rejected) for each in found)
    first, second = BatchReads(CAMERA, [each for each in found if not isinstance(each, Rejected)])
    assert (first.captured_at, first.text, first.confidence, first.state, first.state_confidence) == (
        AT,
        "TEST0",
        0.9,
        "IL",
        0.5,
    )
    assert second.text == "TEST1"
    queue.close()


def test_batch_stays_the_same_until_it_is_done_whatever_comes_and_whoever_starts(
    folder: CameraFolder,
) -> None:
    queue, signer = queue_of(folder), folder.signer()
    queue.add(read_of(1))
    first = queue.batch(signer, most=10)
    queue.add(read_of(2))
    queue.close()
    queue = queue_of(folder)

    assert queue.batch(signer, most=10) == first
    assert first is not None
    queue.done(first.number)
    second = queue.batch(signer, most=10)
    assert second is not None
    assert (second.number, plates_of(second)) == (first.number + 1, ["TEST2"])
    queue.done(second.number)
    assert queue.batch(signer, most=10) is None
    queue.close()


def test_full_queue_keeps_the_oldest_and_counts_the_rest(folder: CameraFolder) -> None:
    queue = queue_of(folder, most=2)

    assert [queue.add(read_of(number)) for number in range(4)] == [Added.KEPT] * 2 + [Added.FULL] * 2
    assert queue.counts() == QueueCounts(waiting=2, sending=0, overflow=2, expired=0)
    assert plates_of(queue.batch(folder.signer(), most=9)) == ["TEST0", "TEST1"]
    assert queue.add(read_of(9)) is Added.KEPT
    queue.close()
    queue = queue_of(folder, most=2)
    assert queue.counts() == QueueCounts(waiting=1, sending=2, overflow=2, expired=0)
    queue.close()


def test_event_of_another_reader_is_kept_once_also_after_a_restart(folder: CameraFolder) -> None:
    queue = queue_of(folder)
    first = queue.add(read_of(1), mark=b"event 1")
    queue.close()
    queue = queue_of(folder)

    assert [first, queue.add(read_of(1), mark=b"event 1"), queue.add(read_of(1), mark=b"event 2")] == [
        Added.KEPT,
        Added.REPEAT,
        Added.KEPT,
    ]
    assert queue.counts().waiting == 2
    queue.close()


def test_event_that_found_no_place_is_not_taken_for_had(folder: CameraFolder) -> None:
    queue, signer = queue_of(folder, most=1), folder.signer()
    queue.add(read_of(1))
    assert queue.add(read_of(2), mark=b"event") is Added.FULL
    assert queue.batch(signer, most=1) is not None

    assert queue.add(read_of(2), mark=b"event") is Added.KEPT
    queue.close()


def test_purge_forgets_what_is_too_old_also_where_it_was_sent_and_counts_it(folder: CameraFolder) -> None:
    queue, signer = queue_of(folder), folder.signer()
    for number in range(4):
        queue.add(read_of(number))
    queue.batch(signer, most=2)

    assert queue.purge(AT + timedelta(seconds=1)) == 0
    assert queue.purge(AT + timedelta(seconds=3)) == 3
    assert queue.counts() == QueueCounts(waiting=1, sending=0, overflow=0, expired=3)
    assert plates_of(queue.batch(signer, most=9)) == ["TEST3"]
    queue.close()


@pytest.mark.parametrize("way", ["done", "purge"])
def test_forgotten_reads_leave_no_byte_in_the_files_while_the_queue_is_open(
    folder: CameraFolder, way: str
) -> None:
    queue = queue_of(folder)
    queue.add(read_of(4321))
    batch = queue.batch(folder.signer(), most=9)
    assert batch is not None
    assert b"TEST4321" in _files(folder)

    if way == "done":
        queue.done(batch.number)
    else:
        queue.purge(AT + timedelta(days=1))

    assert b"TEST4321" not in _files(folder)
    queue.close()


def test_queue_that_was_cut_off_opens_without_a_byte_of_what_it_had_deleted(folder: CameraFolder) -> None:
    queue = queue_of(folder)
    queue.add(read_of(4321))
    with closing(sqlite3.connect(folder.queue, isolation_level=None)) as other:
        # Another connection keeps the log in place when the queue is closed, as a kill would.
        other.execute("PRAGMA secure_delete = ON")
        other.execute("DELETE FROM waiting")
        queue.close()
        assert b"TEST4321" in _files(folder)
        queue = queue_of(folder)

    assert b"TEST4321" not in _files(folder)
    queue.close()


def _files(folder: CameraFolder) -> bytes:
    return b"".join(path.read_bytes() for path in folder.path.iterdir())


def test_new_queue_uses_no_number_again(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    queue, signer = queue_of(folder), folder.signer()
    queue.add(read_of(1))
    before = queue.batch(signer, most=1)
    queue.close()
    for path in folder.path.glob("queue.sqlite*"):
        path.unlink()
    queue = queue_of(folder)
    queue.add(read_of(1))
    after = queue.batch(signer, most=1)
    queue.close()

    assert before is not None
    assert after is not None
    assert after.number > before.number


def test_files_are_the_owners_alone(folder: CameraFolder) -> None:
    queue = queue_of(folder)
    queue.add(read_of(1))

    for path in folder.path.glob("queue.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    queue.close()


def test_second_process_is_kept_out(folder: CameraFolder) -> None:
    queue = queue_of(folder)
    with pytest.raises(BadUse, match="another process"):
        queue_of(folder)
    queue.close()
    queue_of(folder).close()


def test_queue_of_another_camera_is_refused(folder: CameraFolder) -> None:
    queue_of(folder).close()
    with pytest.raises(BadUse, match="another camera"):
        ReadQueue(folder.queue, camera="alder-pd.cam8")


def test_file_that_is_no_queue_is_refused(folder: CameraFolder) -> None:
    folder.queue.write_bytes(b"no database at all" * 100)
    with pytest.raises(PartUnavailable, match="queue cannot be used") as refused:
        queue_of(folder)
    assert refused.value.got == "SQLITE_NOTADB"


def test_queue_of_another_version_is_refused(folder: CameraFolder) -> None:
    queue_of(folder).close()
    with closing(sqlite3.connect(folder.queue)) as connection:
        connection.execute("UPDATE queue SET schema = 9")
        connection.commit()
    with pytest.raises(BadInput, match="another version"):
        queue_of(folder)


def test_log_that_could_not_be_emptied_is_emptied_by_the_next_purge(
    folder: CameraFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(queue_of(folder)) as queue:
        queue.add(read_of(417))
        batch = queue.batch(folder.signer(), most=1)
        assert batch is not None
        with monkeypatch.context() as broken, pytest.raises(PartUnavailable):
            broken.setattr(queues, "_EMPTY_LOG", "PRAGMA nothing(")
            queue.done(batch.number)
        assert b"TEST417" in b"".join(path.read_bytes() for path in queue_files(folder))
        queue.purge(AT - timedelta(days=1))
        assert b"TEST417" not in b"".join(path.read_bytes() for path in queue_files(folder))


def queue_files(folder: CameraFolder) -> list[Path]:
    return list(folder.queue.parent.glob(f"{folder.queue.name}*"))

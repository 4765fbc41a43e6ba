from __future__ import annotations

import time
from collections.abc import Generator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import enumerate as enumerate_threads

import cv2
import numpy as np
import pytest

from gatehouse.capture.sources import LiveSource, ahead, frames_told, open_source, open_sources, shown
from gatehouse.model import BadInput
from tests.unit.capture.cameras import Serve, camera, mjpeg, rtsp


def recording(path: Path, count: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (64, 48))
    for place in range(count):
        writer.write(np.full((48, 64, 3), 10 * place, np.uint8))
    writer.release()
    return path


class TestFiles:
    def test_open_sources_folder_gives_its_files_by_name(self, tmp_path: Path) -> None:
        for name in ("b.jpg", "a.mp4", "notes.txt"):
            (tmp_path / name).touch()
        found = open_sources([str(tmp_path), "rtsp://camera.example/1"])
        assert [(each.name, each.live) for each in found] == [
            (str(tmp_path / "a.mp4"), False),
            (str(tmp_path / "b.jpg"), False),
            ("rtsp://camera.example/1", True),
        ]

    def test_open_source_folder_is_no_single_source(self, tmp_path: Path) -> None:
        (tmp_path / "one.jpg").touch()
        with pytest.raises(BadInput, match="no single source"):
            open_source(str(tmp_path))

    def test_recording_mp4_gives_every_frame_with_its_time(self, tmp_path: Path) -> None:
        told: list[tuple[bool, str]] = []
        source = open_source(
            str(recording(tmp_path / "a.mp4", 5)), on_state=lambda up, why: told.append((up, why))
        )
        found = list(source)
        assert [(each.number, each.time) for each in found] == [
            (0, 0.0),
            (1, 0.04),
            (2, 0.08),
            (3, 0.12),
            (4, 0.16),
        ]
        assert [round(float(each.image.mean()), -1) for each in found] == [0, 10, 20, 30, 40]
        assert told == []

    def test_recording_closed_gives_no_more(self, tmp_path: Path) -> None:
        source = open_source(str(recording(tmp_path / "a.mp4", 5)))
        frames = iter(source)
        next(frames)
        source.close()
        assert list(frames) == []

    def test_recording_cut_short_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "cut.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
        for _ in range(40):
            writer.write(np.full((48, 64, 3), 90, np.uint8))
        writer.release()
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        told: list[tuple[bool, str]] = []
        source = open_source(str(path), on_state=lambda up, why: told.append((up, why)))
        came = len(list(source))
        assert 5 < came < 30
        assert told == [(False, f"the recording ends after {came} of 40 frames: it may be damaged")]

    @pytest.mark.parametrize("name", ["empty.mp4", "text.mp4", "text.jpg"])
    def test_damaged_file_cannot_be_decoded(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"" if name.startswith("empty") else b"no picture at all" * 40)
        with pytest.raises(BadInput, match="cannot be decoded"):
            list(open_source(str(tmp_path / name)))


class TestAhead:
    def test_ahead_recording_has_all_its_frames_in_order(self, tmp_path: Path) -> None:
        source = open_source(str(recording(tmp_path / "a.mp4", 12)))
        assert frames_told(source) == 12
        assert [each.number for each in ahead(source, most=2)] == list(range(12))

    def test_ahead_left_early_ends_its_thread(self, tmp_path: Path) -> None:
        frames = ahead(open_source(str(recording(tmp_path / "a.mp4", 12))), most=2)
        assert isinstance(frames, Generator)
        assert next(frames).number == 0
        frames.close()
        assert "decoder" not in [each.name for each in enumerate_threads()]

    def test_ahead_damaged_recording_raises_where_frames_are_asked_for(self, tmp_path: Path) -> None:
        (tmp_path / "text.mp4").write_bytes(b"no picture at all" * 40)
        source = open_source(str(tmp_path / "text.mp4"))
        assert frames_told(source) is None
        with pytest.raises(BadInput, match="cannot be decoded"):
            next(ahead(source))


@pytest.mark.parametrize("address", ["ftp://camera.example/", "rtsp://", "http://[::1/", "file:///etc/hosts"])
def test_open_source_address_of_no_camera_raises(address: str) -> None:
    with pytest.raises(BadInput, match="no address of a camera"):
        open_source(address)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("rtsp://someone:secret@camera.example:554/live?token=secret", "rtsp://camera.example:554/live"),
        ("HTTP://[::1]:8080/video", "http://[::1]:8080/video"),
    ],
)
def test_shown_address_has_no_account_and_no_query(address: str, name: str) -> None:
    assert shown(address) == name


class TestCameras:
    @pytest.mark.parametrize(("scheme", "serve"), [("http", mjpeg(120)), ("rtsp", rtsp(120))])
    def test_live_source_gives_the_newest_frame_and_counts_the_others(
        self, scheme: str, serve: Serve
    ) -> None:
        told: list[tuple[bool, str]] = []
        with camera(serve) as port:
            source = LiveSource(
                f"{scheme}://127.0.0.1:{port}/one", on_state=lambda *each: told.append(each), patience=3
            )
            frames = iter(source)
            first = next(frames)
            # On a busy machine some were dropped before the first was asked for.
            before = source.dropped
            while source.dropped < before + 5:
                time.sleep(0.01)
            second, third = islice(frames, 2)
            source.close()
            assert list(frames) == []
        assert first.source == f"{scheme}://127.0.0.1:{port}/one"
        assert second.number > first.number + 5 and third.number > second.number
        assert first.time is not None and second.time is not None and first.time < second.time
        assert abs((source.moment(second.time) - datetime.now(UTC)).total_seconds()) < 5
        assert second.image.shape == (48, 64, 3)
        assert abs(float(second.image.mean()) - 120) < 3
        assert told == [(True, "the camera's pictures come")]

    def test_live_source_camera_lost_is_found_again(self) -> None:
        told: list[tuple[bool, str]] = []
        with camera(mjpeg(60)) as port:
            source = LiveSource(
                f"http://127.0.0.1:{port}/",
                on_state=lambda *each: told.append(each),
                patience=3,
                first_wait=0.05,
            )
            frames = iter(source)
            before = next(frames)
        while (False, "the camera cannot be reached") not in told:
            time.sleep(0.01)
        with camera(mjpeg(180), port):
            after = next(each for each in frames if float(each.image.mean()) > 150)
            source.close()
            assert list(frames) == []
        assert after.number > before.number
        assert told[:2] == [
            (True, "the camera's pictures come"),
            (False, "the camera's pictures have ceased"),
        ]
        assert told[-1] == (True, "the camera's pictures come")

    def test_live_source_nobody_there_closes_at_once(self) -> None:
        told: list[tuple[bool, str]] = []
        sources: list[LiveSource] = []

        def lost(up: bool, why: str) -> None:
            told.append((up, why))
            sources[0].close()

        sources.append(LiveSource("http://127.0.0.1:9/", on_state=lost, patience=1, first_wait=60))
        assert list(sources[0]) == []
        assert told == [(False, "the camera cannot be reached")]

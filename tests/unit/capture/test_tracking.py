from __future__ import annotations

from gatehouse.capture import Box, Detection
from gatehouse.capture.tracking import Tracker

SIZE = (1920, 1080)
WHOLE = [Box(0, 0, *SIZE)]
STEP = 0.12


def seen(*boxes: Box) -> list[Detection]:
    return [Detection(each, 0.9) for each in boxes]


def approaching(place: int, *, left: float = 600.0) -> Box:
    """Return a plate that comes nearer: 12 % larger each look and lower by more than its height."""
    width = 30 * 1.12**place
    return Box(left - 6 * place, 200 + 9 * place**1.5, width, width / 2)


def test_tracker_plate_that_approaches_is_one_track() -> None:
    tracker = Tracker(patience=4)
    numbers: set[int] = set()
    for place in range(12):
        tracks, over = tracker.look(seen(approaching(place)), seconds=STEP, regions=WHOLE, size=SIZE)
        numbers.update(each.number for each in tracks)
        assert over == []
    assert numbers == {1}
    assert tracker.tracks[0].seen == 12


def test_tracker_plate_hidden_for_a_moment_is_the_same_track() -> None:
    tracker = Tracker(patience=6)
    for place in range(14):
        found = seen(approaching(place)) if not 6 <= place < 9 else []
        tracks, over = tracker.look(found, seconds=STEP, regions=WHOLE, size=SIZE)
        assert over == []
    assert [each.number for each in tracks] == [1]


def test_tracker_two_plates_side_by_side_keep_their_tracks() -> None:
    tracker = Tracker(patience=4)
    for place in range(10):
        boxes = approaching(place), approaching(place, left=760)
        order = boxes if place % 2 else boxes[::-1]
        tracks, _ = tracker.look(seen(*order), seconds=STEP, regions=WHOLE, size=SIZE)
        by_place = {round(track.box.x): track.number for track in tracks}
        assert [by_place[key] for key in sorted(by_place)] == [2, 1]


def test_tracker_plate_not_seen_for_its_patience_is_over() -> None:
    tracker = Tracker(patience=3)
    tracker.look(seen(approaching(0)), seconds=0.0, regions=WHOLE, size=SIZE)
    over = [len(tracker.look([], seconds=STEP, regions=WHOLE, size=SIZE)[1]) for _ in range(4)]
    assert over == [0, 0, 1, 0]


def test_tracker_plate_that_stands_where_nothing_moves_is_waited_for() -> None:
    tracker = Tracker(patience=3)
    standing = Box(600, 500, 80, 40)
    tracker.look(seen(standing), seconds=0.0, regions=WHOLE, size=SIZE)
    elsewhere = [Box(1200, 0, 400, 400)]
    for regions in [[], elsewhere] * 20:
        assert tracker.look([], seconds=STEP, regions=regions, size=SIZE) == ([], [])
    tracks, _ = tracker.look(seen(standing), seconds=STEP, regions=WHOLE, size=SIZE)
    assert [each.number for each in tracks] == [1]


def test_tracker_plate_on_its_way_out_is_not_waited_for() -> None:
    tracker = Tracker(patience=3)
    for place in range(8):
        box = Box(900, 600 + 60 * place, 80, 40)
        tracker.look(seen(box), seconds=STEP, regions=WHOLE, size=SIZE)
    gone = [len(tracker.look([], seconds=STEP, regions=WHOLE, size=SIZE)[1])]
    gone += [len(tracker.look([], seconds=STEP, regions=[], size=SIZE)[1]) for _ in range(4)]
    assert sum(gone) == 1


def test_tracker_end_gives_all_that_is_left() -> None:
    tracker = Tracker(patience=3)
    tracker.look(seen(approaching(0), Box(50, 50, 30, 15)), seconds=0.0, regions=WHOLE, size=SIZE)
    assert [each.number for each in tracker.end()] == [1, 2]
    assert tracker.tracks == []

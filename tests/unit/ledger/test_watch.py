"""The state that a monitor keeps between two looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.ledger.watch import Finding, Watch
from gatehouse.model import BadInput
from tests.unit.ledger.followed import Followed, searches


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


class TestState:
    def test_a_state_is_what_was_saved(self, followed: Followed) -> None:
        followed.look(searches(300).tree())
        watch = Watch.load(followed.state)
        watch.find(Finding("gap", "found", evidence=("a", "b")))
        before = followed.state.read_bytes()
        watch.save(followed.state)
        again = Watch.load(followed.state)
        assert again.findings == [Finding("gap", "found", evidence=("a", "b"))]
        again.findings.clear()
        again.save(followed.state)
        assert followed.state.read_bytes() == before

    @pytest.mark.parametrize(
        ("part", "other"),
        [
            ('"size":6', '"size":7'),
            ("gatehouse-monitor/1", "gatehouse-monitor/2"),
            ('"nodes":["', '"nodes":["00'),
            ('"foreign":0', '"foreign":null'),
            ('"unlisted":0', '"unlisted":true'),
            ('"ahead":false', '"ahead":0'),
            ('"hour":"', '"hour":"\\ud800'),
            ('"first_day":"', '"first_day":1,"":"'),
            ('"days":{', '"days":{"2026-11-23":{"alder-pd":{"search:plate:requested":-1}},'),
            ('"agencies":{"alder-pd":[', '"agencies":{"other-pd":[null,""],"alder-pd":['),
        ],
    )
    def test_a_state_that_was_changed_is_refused(self, followed: Followed, part: str, other: str) -> None:
        followed.look(searches(3).tree())
        text = followed.state.read_text()
        assert part in text
        followed.state.write_text(text.replace(part, other, 1))
        with pytest.raises(BadInput, match="no state of a monitor"):
            followed.monitor()

    def test_a_state_of_nothing_but_brackets_is_refused(self, followed: Followed) -> None:
        followed.state.write_text("[" * 100_000)
        with pytest.raises(BadInput, match="no state of a monitor"):
            followed.monitor()

    def test_findings_beyond_counting_are_counted(self) -> None:
        watch = Watch()
        for number in range(1_003):
            watch.find(Finding("gap", "found", where=str(number)))
        assert (len(watch.findings), watch.unlisted) == (1_000, 3)
        watch.find(Finding("split_view", "found"))
        assert (watch.findings[-1].kind, watch.unlisted) == ("split_view", 3)

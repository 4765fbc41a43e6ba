"""The synthetic export: its shape, its reproducible bytes, and a truth that its rows bear out."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gatehouse.model import AgencyKind, BadUse, Signal
from gatehouse.records.organizations import parse
from gatehouse.records.synth import FILE_NAME, MARKER, OWNER, Truth, generate, is_synthetic
from gatehouse.records.synth import vocabulary as words
from gatehouse.records.synth.agencies import FIRST_DAY, LIST_LAST_DAY, build, day_index
from tests.unit.records.exports import AUDIT
from tests.unit.records.record_sets import File, record_set

ROWS = 3_000


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    directory = tmp_path_factory.mktemp("plain")
    return directory, generate(rows=ROWS, seed=7, directory=directory)


def lines(directory: Path) -> list[dict[str, str]]:
    with (directory / FILE_NAME).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(directory: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


class TestExport:
    def test_generate_writes_fourteen_columns_and_a_row_a_search(self, plain: tuple[Path, Truth]) -> None:
        rows = lines(plain[0])
        assert tuple(rows[0]) == AUDIT
        assert len(rows) == ROWS
        assert len({row["ID"] for row in rows}) == ROWS

    def test_generate_same_arguments_same_bytes(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            generate(rows=800, seed=3, quirks=True, directory=tmp_path / name)
        assert digests(tmp_path / "one") == digests(tmp_path / "two")

    def test_generate_other_seed_other_searches(self, tmp_path: Path, plain: tuple[Path, Truth]) -> None:
        generate(rows=ROWS, seed=8, directory=tmp_path)
        assert not {row["ID"] for row in lines(tmp_path)} & {row["ID"] for row in lines(plain[0])}

    def test_generate_in_several_chunks_counts_all(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gatehouse.records.synth.export._CHUNK", 700)
        told: list[int] = []
        truth = generate(rows=2_000, seed=3, quirks=True, directory=tmp_path, advance=told.append)
        assert told == [700, 700, 600]
        assert (truth.total("searches"), sum(truth.counts["months"].values())) == (2_000, 2_000)

    @pytest.mark.parametrize(("rows", "seed"), [(0, 1), (-5, 1), (10, -1), (2_000_000_000, 1)])
    def test_generate_impossible_arguments_are_refused(self, tmp_path: Path, rows: int, seed: int) -> None:
        with pytest.raises(BadUse, match="cannot"):
            generate(rows=rows, seed=seed, directory=tmp_path / "none")
        assert not (tmp_path / "none").exists()

    @pytest.mark.parametrize("rows", [1, 2, 499, 500])
    def test_generate_few_rows_works(self, tmp_path: Path, rows: int) -> None:
        assert generate(rows=rows, seed=1, quirks=True, directory=tmp_path).total("searches") == rows

    def test_generate_masks_other_agencies_from_the_vendors_change_on(
        self, plain: tuple[Path, Truth]
    ) -> None:
        late = [row for row in lines(plain[0]) if _day(row) >= "2025-12-17"]
        assert {row["Name"] == "***" for row in late if row["Org Name"] != OWNER} == {True}
        assert {row["Name"] == "***" for row in late if row["Org Name"] == OWNER} == {False}
        early = [row for row in lines(plain[0]) if _day(row) < "2025-12-17"]
        assert "***" not in {row["Name"] for row in early}

    def test_generate_offense_labels_come_in_2026(self, plain: tuple[Path, Truth]) -> None:
        labeled = {_day(row)[:4] for row in lines(plain[0]) if row["Reason"].startswith("Burglary -")}
        assert labeled == {"2026"}


class TestTruth:
    def test_truth_is_what_the_file_holds(self, plain: tuple[Path, Truth]) -> None:
        directory, truth = plain
        rows = lines(directory)
        reasons = {reason.text: reason for reason in words.load().reasons if not reason.numbered}
        immigration = [row for row in rows if row["Reason"] in reasons and reasons[row["Reason"]].immigration]
        empty = [row for row in rows if row["Reason"] in ("", "n/a", "none", ".", "x", "-")]
        counts = truth.counts
        assert counts["families"]["immigration"]["n"] == len(immigration)
        assert counts["signals"]["none_stated"] == {
            "n": len(empty),
            "readable": ROWS,
            "masked": 0,
            "total": ROWS,
        }
        assert {row["name"]: row["searches"] for row in counts["organizations"]} == Counter(
            row["Org Name"] for row in rows
        )
        assert counts["months"] == Counter(_day(row)[:7] for row in rows)
        assert list(counts["signals"]) == [signal.value for signal in Signal]

    def test_truth_pathways_follow_the_sharing_list(self, plain: tuple[Path, Truth]) -> None:
        directory, truth = plain
        listed = {}
        with (directory / "sharing.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                listed[row["Organization Name"]] = row["Shared From"], row["Shared To"] or "9999"
        back = unknown = 0
        for row in lines(directory):
            first, last = listed.get(row["Org Name"], ("9999", ""))
            if row["Org Name"] == OWNER:
                continue
            day = _owner_day(row)
            if not FIRST_DAY.isoformat() <= day <= LIST_LAST_DAY.isoformat():
                unknown += 1
            elif not first <= day <= last:
                back += 1
        assert truth.counts["pathways"]["back"] == {"n": back, "unknown": unknown}

    def test_truth_document_is_the_file_beside_the_export(self, plain: tuple[Path, Truth]) -> None:
        directory, truth = plain
        document = json.loads((directory / "truth.json").read_text("utf-8"))
        assert document == truth.as_document()
        assert (document["owner"], document["marker"]) == (OWNER, MARKER)
        assert document["rows"] == document["searches"] == ROWS

    def test_truth_with_quirks_balances(self, tmp_path: Path) -> None:
        truth = generate(rows=ROWS, seed=7, quirks=True, directory=tmp_path)
        for file in truth.files:
            assert file.rows == file.searches + file.duplicates + file.rejects + file.non_search
        main, release = truth.files
        assert main.searches == ROWS
        assert min(main.duplicates, main.rejects, main.non_search) > 0
        assert (release.searches, release.duplicates) == (0, release.rows)
        tally = truth.counts["families"]["immigration"]
        assert tally["masked"] > 0
        assert tally["readable"] + tally["masked"] == tally["total"] == ROWS

    def test_truth_planted_searches_are_all_there(self, plain: tuple[Path, Truth]) -> None:
        directory, truth = plain
        abortion = [row for row in lines(directory) if row["Reason"] == "abortion, locate female"]
        assert len(abortion) == truth.counts["planted"]["abortion"]["n"] == 2
        assert all(int(row["Total Networks Searched"]) >= 6_000 for row in abortion)
        plates = Counter(row["License Plate"] for row in lines(directory) if row["License Plate"] != "***")
        del plates[""]
        assert plates.most_common(1)[0][1] >= truth.counts["planted"]["repeat_plate"]["readable"]


class TestInvented:
    def test_marker_stands_in_the_first_record_and_the_rules(self, plain: tuple[Path, Truth]) -> None:
        assert lines(plain[0])[0]["Moderation"] == MARKER
        assert (
            MARKER in json.loads((plain[0] / "policies.json").read_text("utf-8"))[0]["acceptable_use_policy"]
        )

    def test_is_synthetic_tells_by_name_or_marker(self) -> None:
        assert is_synthetic(record_set(File([], name=FILE_NAME)))
        assert is_synthetic(record_set(File([{"moderation": MARKER}], name="renamed")))
        assert not is_synthetic(record_set(File([{"moderation": "allow"}], name="real")))

    def test_agencies_read_as_what_the_truth_says(self) -> None:
        for agency in build(words.load(), 1).items:
            organization = parse(agency.name)
            assert (agency.name, organization.state, organization.kind, organization.immigration) == (
                agency.name,
                agency.state,
                agency.kind,
                agency.immigration_body,
            )

    def test_agencies_are_told_apart_by_their_comparison_keys(self) -> None:
        names = [agency.name for agency in build(words.load(), 1).items]
        assert len({parse(name).key for name in names}) == len(names)

    def test_agencies_detainers_are_local_and_out_of_state(self) -> None:
        agencies = build(words.load(), 1)
        detainers = [agencies.items[int(index)] for index in (agencies.style == 3).nonzero()[0]]
        assert len(detainers) == 14
        assert {agency.state for agency in detainers}.isdisjoint({"IL", None})
        assert AgencyKind.FEDERAL not in {agency.kind for agency in detainers}

    def test_sharing_list_ends_before_the_export_does(self) -> None:
        agencies = build(words.load(), 1)
        assert agencies.shared_until[1:].max() == day_index(LIST_LAST_DAY)

    @pytest.mark.shared
    def test_agencies_bear_no_name_of_a_real_one(self, reference: Path) -> None:
        policies = json.loads((reference / "records" / "portal-policies.json").read_text("utf-8"))
        real = {name for policy in policies for name in policy["sharing_outbound"] or ()}
        real |= {policy["crawled_name"] for policy in policies}
        assert len(real) > 1_000
        keys = {parse(name).key for name in real if name}
        assert not {agency.name for agency in build(words.load(), 1).items if parse(agency.name).key in keys}


def _owner_day(row: dict[str, str]) -> str:
    at = datetime.strptime(row["Search Time"], "%m/%d/%Y, %I:%M:%S %p UTC").replace(tzinfo=UTC)
    return at.astimezone(ZoneInfo("America/Chicago")).date().isoformat()


def _day(row: dict[str, str]) -> str:
    month, day, year = row["Search Time"].split(",")[0].split("/")
    return f"{year}-{month}-{day}"

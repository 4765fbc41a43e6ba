"""The files and the document of a reconciliation."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from gatehouse.audit.reconcile import reconcile, write
from gatehouse.model import FieldState
from tests.unit.audit.reconcile.searches import ALDER, AUDIT, MONTH
from tests.unit.audit.record_sets import File, record_set


class TestOutputs:
    def test_write_every_row_stands_in_the_csv_and_no_text_of_a_cell_does(self, tmp_path: Path) -> None:
        later = [{**MONTH[2], "reason": FieldState.WITHHELD, "networks": 999}, *MONTH[3:]]
        records = record_set(
            File("a.csv", AUDIT, MONTH[:4] + MONTH[5:], ALDER), File("b.csv", AUDIT, MONTH[:2] + later, ALDER)
        )
        reconciliation = reconcile(records)
        paths = write(reconciliation, tmp_path / "out")
        assert [path.name for path in paths] == ["reconcile.json", "reconcile.csv"]
        with paths[1].open(newline="") as stream:
            rows = list(csv.reader(stream))
        assert rows == [
            ["comparison", "kind", "outcome", "tier", "file_a", "row_a", "file_b", "row_b", "differs"],
            ["1", "productions", "matched", "exact", "a.csv", "2", "b.csv", "2", ""],
            ["1", "productions", "matched", "exact", "a.csv", "3", "b.csv", "3", ""],
            [
                *("1", "productions", "matched", "id", "a.csv", "4", "b.csv", "4"),
                "reason: value > withheld; networks: differs",
            ],
            ["1", "productions", "matched", "exact", "a.csv", "5", "b.csv", "5", ""],
            ["1", "productions", "matched", "exact", "a.csv", "6", "b.csv", "7", ""],
            ["1", "productions", "matched", "exact", "a.csv", "7", "b.csv", "8", ""],
            ["1", "productions", "missing", "", "", "", "b.csv", "6", ""],
        ]
        assert json.loads(paths[0].read_text()) == reconciliation.as_document()
        assert "reason 3" not in paths[0].read_text() + paths[1].read_text()

    def test_write_twice_gives_the_same_bytes(self, tmp_path: Path) -> None:
        records = record_set(File("a.csv", AUDIT, MONTH, ALDER), File("b.csv", AUDIT, MONTH[::-1], ALDER))
        first = [path.read_bytes() for path in write(reconcile(records), tmp_path / "1")]
        assert first == [path.read_bytes() for path in write(reconcile(records), tmp_path / "2")]

    def test_as_document_small_comparison_holds_every_key(self) -> None:
        a = [MONTH[0], {**MONTH[4], "reason": "other"}, MONTH[6]]
        b = [MONTH[0], MONTH[3], MONTH[4], MONTH[6]]
        files = (File("a.csv", AUDIT, a, ALDER), File("b.csv", AUDIT, b, ALDER))
        none = {"not_covered": 0, "collapsed": 0, "not_reached": 0, "duplicate": 0, "undated": 0}
        assert reconcile(record_set(*files)).as_document() == {
            "files": [
                {
                    "path": path,
                    "sha256": f"{position:064x}",
                    "owner": ALDER,
                    "layout": "organization_audit",
                    "rows": rows,
                }
                for position, (path, rows) in enumerate((("a.csv", 3), ("b.csv", 4)))
            ],
            "comparisons": [
                {
                    "kind": "productions",
                    "organization": ALDER,
                    "owner_assumed": False,
                    "coverage": {
                        "start": "2025-03-01T15:00:00Z",
                        "end": "2025-03-03T16:00:00Z",
                        "days": 3,
                        "days_only_a": 0,
                        "days_only_b": 0,
                        "time_zone": "America/Chicago",
                    },
                    "a": {
                        "path": "a.csv",
                        "rows": 3,
                        "outcomes": {"matched": 3, "missing": 0, **none},
                        "missing": [],
                    },
                    "b": {
                        "path": "b.csv",
                        "rows": 4,
                        "outcomes": {"matched": 3, "missing": 1, **none},
                        "missing": [{"file": "b.csv", "row": 3}],
                    },
                    "matched": {"id": 1, "exact": 2},
                    "differing": 1,
                    "masked_later": 0,
                    "cells": [
                        {"field": "reason", "before": "value", "after": "value", "change": "value", "n": 1}
                    ],
                    "not_in_both": [],
                    "evidence": [{"a": {"file": "a.csv", "row": 3}, "b": {"file": "b.csv", "row": 4}}],
                }
            ],
            "not_compared": [],
        }

"""Request documents: what they mean, what is refused and how, and what the answer says."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.law.deciding import Rulebook, decide
from gatehouse.law.document import Question, ask, parse
from gatehouse.law.pack import Pack
from gatehouse.model import (
    AgencyKind,
    Agreement,
    BadInput,
    Behalf,
    Declaration,
    OwnerTerms,
    Party,
    Process,
    ProcessKind,
    Purpose,
    SearchRequest,
    Signal,
    Window,
)

BOOK = Rulebook(Pack.load())
SMALL: dict[str, Any] = {
    "searched_at": "2026-03-02T15:00:00Z",
    "searcher": {"name": "Larkspur PD", "state": "MO", "kind": "police"},
    "owner": {"name": "Prairie Bend PD", "state": "IL", "kind": "police"},
}
FULL: dict[str, Any] = {
    "searched_at": "2026-03-02T09:00:00-06:00",
    "searcher": {"name": "Larkspur PD", "state": "MO", "kind": "police"},
    "owner": {
        "name": "Prairie Bend PD",
        "state": "IL",
        "kind": "police",
        "params": {"retention": "P9M", "bans": ["federal", "immigration"], "optins": ["on_behalf_of"]},
    },
    "plate": "QX7 193",
    "window": {"from": "2026-02-20T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
    "purpose": "criminal_investigation",
    "offense": "240",
    "case_number": "26-00417",
    "reason": "stolen vehicle",
    "on_behalf_of": {"name": "Gravel Ford SO", "state": "MO", "kind": "sheriff"},
    "process": {"kind": "search_warrant", "issuer": "Circuit Court", "reference": "W-9"},
    "approvals": ["Sgt. Amber Quill", {"by": "Lt. Rowan Pike", "at": "2026-03-02T14:00:00Z"}],
    "agreement": {"purposes": ["criminal_investigation"], "from": "2026-01-01T00:00:00Z", "to": None},
    "declaration": {"covers": ["civil_immigration", "reproductive_care", "gender"]},
}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(FULL)) | st.text(), inner),
    max_leaves=12,
)


def read(document: Any) -> Question:
    (question,) = parse(json.dumps(document).encode()).questions
    return question


def changed(path: str, value: Any, document: dict[str, Any] = FULL) -> dict[str, Any]:
    """Return the document with the value at a path such as `owner.params.bans` replaced."""
    copy = deepcopy(document)
    *parents, last = path.split(".")
    inner = copy
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return copy


def refusal(document: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        parse(json.dumps(document).encode(), where="request.json")
    return caught.value


class TestParse:
    def test_parse_full_document_gives_every_field(self) -> None:
        question = read(FULL)
        assert question.at == datetime(2026, 3, 2, 15, tzinfo=UTC)
        assert question.signals == frozenset()
        assert question.request == SearchRequest(
            searcher=Party("Larkspur PD", "MO", AgencyKind.POLICE),
            purpose=Purpose.CRIMINAL_INVESTIGATION,
            offense="240",
            case_number="26-00417",
            window=Window(datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
            on_behalf_of=Party("Gravel Ford SO", "MO", AgencyKind.SHERIFF),
            process=Process(ProcessKind.WARRANT, "Circuit Court", "W-9"),
            approvals=("Sgt. Amber Quill", "Lt. Rowan Pike"),
        )
        assert question.owner == OwnerTerms(
            party=Party("Prairie Bend PD", "IL", AgencyKind.POLICE),
            retention=timedelta(days=273),
            bans=frozenset({"federal", "civil_immigration", "immigration_criminal", "immigration_agency"}),
            optins=frozenset({"on_behalf_of"}),
            agreement=Agreement(
                frozenset({Purpose.CRIMINAL_INVESTIGATION}), datetime(2026, 1, 1, tzinfo=UTC), None
            ),
            declaration=Declaration(frozenset({"immigration", "reproductive", "gender"})),
        )

    def test_parse_missing_keys_read_as_the_contract_says(self) -> None:
        question = read(SMALL)
        assert question.request == SearchRequest(Party("Larkspur PD", "MO", AgencyKind.POLICE))
        assert question.request.on_behalf_of is Behalf.NONE
        assert question.owner == OwnerTerms(Party("Prairie Bend PD", "IL", AgencyKind.POLICE))
        assert question.matches == ()

    def test_parse_null_and_missing_are_the_same(self) -> None:
        nulls = dict.fromkeys(
            ("plate", "window", "purpose", "offense", "case_number", "reason", "on_behalf_of", "process",
             "approvals", "agreement", "declaration")
        )  # fmt: skip
        assert read(SMALL | nulls) == read(SMALL)

    def test_parse_unknown_principal_stays_unknown(self) -> None:
        assert read(SMALL | {"on_behalf_of": "unknown"}).request.on_behalf_of is Behalf.UNKNOWN

    def test_parse_names_and_plates_become_no_signals(self) -> None:
        elsewhere = SMALL | {
            "on_behalf_of": {"name": "ICE ERO", "state": None, "kind": "federal"},
            "approvals": ["ICE ERO"],
            "plate": "ICE ERO",
        }
        assert read(elsewhere).signals == frozenset()
        assert Signal.CIVIL_IMMIGRATION in read(SMALL | {"reason": "ICE ERO"}).signals
        assert read(SMALL | {"reason": ""}).signals == {Signal.NONE_STATED}

    @pytest.mark.parametrize(
        ("duration", "span"),
        [
            ("P30D", timedelta(days=30)),
            ("PT3M", timedelta(minutes=3)),
            ("P2W", timedelta(days=14)),
            ("P1Y", timedelta(days=365)),
            ("P1M", timedelta(days=28)),
            ("P1DT12H", timedelta(hours=36)),
            (None, None),
        ],
    )
    def test_parse_retention_is_the_shortest_span(self, duration: str | None, span: timedelta | None) -> None:
        assert read(changed("owner.params.retention", duration)).owner.retention == span

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("probable_cause_warrant", ProcessKind.WARRANT),
            ("judicial_subpoena", ProcessKind.JUDICIAL_SUBPOENA),
            ("subpoena", ProcessKind.ADMINISTRATIVE_SUBPOENA),
            ("admin_subpoena", ProcessKind.ADMINISTRATIVE_SUBPOENA),
        ],
    )
    def test_parse_other_names_of_process_are_read(self, name: str, kind: ProcessKind) -> None:
        assert read(changed("process.kind", name)).request.process == Process(kind, "Circuit Court", "W-9")

    def test_parse_declaration_of_a_part_covers_no_matter(self) -> None:
        declared = read(changed("declaration.covers", ["immigration_criminal"])).owner.declaration
        assert declared == Declaration(frozenset())


class TestRefuse:
    @pytest.mark.parametrize(
        ("path", "value", "where"),
        [
            ("searched_at", None, "searched_at"),
            ("searched_at", "2026-03-02T15:00:00", "searched_at"),
            ("searched_at", "2026-02-30T15:00:00Z", "searched_at"),
            ("searched_at", "0001-01-01T00:00:00+14:00", "searched_at"),
            ("searched_at", "9999-12-31T23:59:59-14:00", "searched_at"),
            ("searched_at", 1772463600, "searched_at"),
            ("searcher", "Larkspur PD", "searcher"),
            ("searcher.name", "  ", "searcher.name"),
            ("searcher.state", "Missouri", "searcher.state"),
            ("searcher.kind", "town_watch", "searcher.kind"),
            ("searcher.badge", 7, "searcher"),
            ("owner", None, "owner"),
            ("owner.params.bans", "federal", "owner.params.bans"),
            ("owner.params.bans", ["federal", "weather"], "owner.params.bans[1]"),
            ("owner.params.retention", "30 days", "owner.params.retention"),
            ("owner.params.retention", "P0D", "owner.params.retention"),
            ("owner.params.retention", "P99999999999999Y", "owner.params.retention"),
            ("owner.params.retention", 30, "owner.params.retention"),
            ("plate", 7, "plate"),
            ("window", {"from": "2026-02-20T00:00:00Z"}, "window.to"),
            ("window.to", "2026-02-19T23:59:59Z", "window"),
            ("window.to", "2026-03-02T15:00:01Z", "window"),
            ("purpose", "immigration_enforcement", "purpose"),
            ("purpose", [], "purpose"),
            ("offense", "13Z", "offense"),
            ("case_number", 26, "case_number"),
            ("reason", ["stolen"], "reason"),
            ("on_behalf_of", "nobody", "on_behalf_of"),
            ("on_behalf_of.name", None, "on_behalf_of.name"),
            ("process.kind", "letter", "process.kind"),
            ("approvals", "Sgt. Amber Quill", "approvals"),
            ("approvals", [""], "approvals[0]"),
            ("approvals", [{"at": "2026-03-02T14:00:00Z"}], "approvals[0].by"),
            ("agreement", "yes", "agreement"),
            ("agreement.purposes", ["immigration"], "agreement.purposes[0]"),
            ("agreement.to", "2026-01-01T00:00:00Z", "agreement"),
            ("declaration.covers", ["weather"], "declaration.covers[0]"),
            ("colour", "red", "the document"),
        ],
    )
    def test_parse_wrong_value_names_its_place(self, path: str, value: Any, where: str) -> None:
        error = refusal(changed(path, value))
        place = "request.json" if where == "the document" else f"request.json, {where}"
        assert error.where == place
        assert error.expected and error.got and error.hint == "see docs/deciding.md"

    def test_parse_wrong_value_in_a_list_names_its_number(self) -> None:
        error = refusal([SMALL, changed("searcher.kind", "town_watch", SMALL)])
        assert error.where == "request.json, [1].searcher.kind"
        assert error.got == "town_watch"
        assert error.expected == "one of " + ", ".join(AgencyKind)

    @pytest.mark.parametrize(
        ("content", "got"),
        [
            (b"", "line 1, column 1"),
            (b"{", "line 1, column 2"),
            (b"\xff", "other bytes"),
            (b'{"plate": "\\ud800"}', "other bytes"),
            (b'{"plate": 1, "plate": 2}', "an object that has a key twice"),
            (b'{"plate": NaN}', "a number that is none"),
            (b"[" * 100_000, "JSON nested too deeply"),
            (b'"a"', "a string of 1 characters"),
            (b"[[]]", "a list"),
        ],
    )
    def test_parse_what_is_no_document_is_refused(self, content: bytes, got: str) -> None:
        with pytest.raises(BadInput) as caught:
            parse(content)
        assert caught.value.got == got

    @pytest.mark.parametrize("secret", ["QX7 193", "amber quill", "stolen by neighbor"])
    @pytest.mark.parametrize(
        "path",
        [
            "searched_at", "searcher", "searcher.state", "searcher.kind", "owner.params",
            "owner.params.bans", "owner.params.retention", "window", "window.from", "purpose", "offense",
            "on_behalf_of", "process", "process.kind", "agreement", "agreement.purposes", "declaration",
            "declaration.covers",
        ],
    )  # fmt: skip
    def test_parse_refusal_repeats_no_text(self, path: str, secret: str) -> None:
        for value in (secret, [secret], {secret: secret}):
            error = refusal(changed(path, value))
            assert secret not in json.dumps(error.as_document())

    @settings(deadline=None)
    @given(JSON)
    def test_parse_any_json_is_read_or_refused(self, value: Any) -> None:
        try:
            parse(json.dumps(value).encode())
        except BadInput as error:
            assert error.where and error.expected and error.got


class TestAnswer:
    def test_answer_names_decision_rules_and_pack(self) -> None:
        document = SMALL | {"purpose": "stolen_vehicle_or_plate", "agreement": True, "declaration": False}
        answer = parse(json.dumps(document).encode()).answer(BOOK)
        assert answer == {
            "decision": "deny",
            "rules": [
                {
                    "id": "us-il/2-130(c)/declaration",
                    "citation": "625 ILCS 5/2-130(c)",
                    "sentence": BOOK.pack.rules["us-il/2-130(c)/declaration"].sentence,
                    "confidence": "text",
                    "unsettled": [],
                }
            ],
            "judgeable": True,
            "signals": [],
            "pack": {"version": BOOK.pack.id.version, "sha256": BOOK.pack.id.sha256},
        }

    def test_answer_of_a_list_is_a_list_in_its_order(self) -> None:
        permitted = SMALL | {"purpose": "criminal_warrant", "agreement": True, "declaration": True}
        document = [permitted, SMALL, permitted | {"reason": "ICE ERO"}, permitted]
        answers = parse(json.dumps(document).encode()).answer(BOOK)
        assert [each["decision"] for each in answers] == ["permit", "deny", "deny", "permit"]
        assert [each["judgeable"] for each in answers] == [True, False, True, True]
        assert answers[2]["signals"][0] == {
            "signal": "civil_immigration",
            "rule": "civil-ero",
            "span": [4, 7],
            "field": "reason",
        }

    @pytest.mark.parametrize(
        ("more", "field", "span"),
        [
            ({"case_number": "26-1 ICE ERO deport"}, "case_number", [9, 12]),
            ({"process": {"kind": "court_order", "issuer": "ICE ERO"}}, "process.issuer", [4, 7]),
            ({"process": {"kind": "court_order", "reference": "ERO ICE 7"}}, "process.reference", [0, 3]),
        ],
    )
    def test_answer_reads_words_beside_the_reason(
        self, more: dict[str, Any], field: str, span: list[int]
    ) -> None:
        permitted = SMALL | {"purpose": "criminal_warrant", "agreement": True, "declaration": True}
        document = permitted | {"reason": "stolen vehicle"} | more
        answer = parse(json.dumps(document).encode()).answer(BOOK)
        assert answer["decision"] == "deny"
        assert "gatehouse/no-civil-immigration" in {rule["id"] for rule in answer["rules"]}
        found = {"signal": "civil_immigration", "rule": "civil-ero", "span": span, "field": field}
        assert found in answer["signals"]

    @pytest.mark.parametrize("number", ["26-01234", "-", "2", "vague", "inv 26-1", "n/a", "8-1325"])
    def test_answer_case_number_is_no_poor_reason(self, number: str) -> None:
        assert read(SMALL | {"case_number": number}).matches == ()

    def test_answer_is_the_one_that_decide_gives(self) -> None:
        question = read(FULL)
        alone = decide(
            question.request, [question.owner], at=question.at, signals=question.signals, pack=BOOK.pack
        )
        assert ask([question], BOOK) == alone

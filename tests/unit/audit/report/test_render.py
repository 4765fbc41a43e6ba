from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from gatehouse.audit.document import Audit
from gatehouse.audit.report import render
from gatehouse.audit.report.evidence import breakable
from tests.unit.audit.report.page_parser import Element, parse
from tests.unit.audit.report.sample import bare_audit, huge_audit, sample_audit

AUDITS = {"sample": sample_audit, "bare": bare_audit, "huge": huge_audit}
BESIDE = {"manifest.json"}


@pytest.fixture(scope="module", params=sorted(AUDITS))
def page(request: pytest.FixtureRequest) -> Element:
    make: Callable[[], Audit] = AUDITS[request.param]
    return parse(render(make()))


@pytest.fixture(scope="module")
def sample() -> Element:
    return parse(render(sample_audit()))


def by_id(page: Element, id: str) -> Element:
    (found,) = (element for element in page.all() if element.attributes.get("id") == id)
    return found


class TestSelfContained:
    def test_report_holds_no_script_handler_or_inline_style(self, page: Element) -> None:
        assert page.all("script", "iframe", "object", "link", "img", "form", "input") == []
        names = {name for element in page.all() for name in element.attributes}
        assert {
            name for name in names if name.startswith("on") or name in ("style", "src", "srcset")
        } == set()

    def test_report_refers_to_itself_and_to_files_beside_it_only(self, page: Element) -> None:
        targets = {element.attributes["href"] for element in page.all() if "href" in element.attributes}
        assert {target for target in targets if not target.startswith("#")} == BESIDE
        (style,) = page.all("style")
        assert re.findall(r"url\((?!#)|@import|https?:", style.text) == []

    def test_policy_of_the_page_allows_its_own_style_sheet_alone(self, page: Element) -> None:
        (style,) = page.all("style")
        digest = base64.b64encode(hashlib.sha256(style.texts[0].encode()).digest()).decode()
        policy = [
            meta.attributes["content"]
            for meta in page.all("meta")
            if meta.attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy == [
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        ]

    def test_report_of_the_same_audit_is_the_same_text(self) -> None:
        assert render(sample_audit()) == render(sample_audit())

    def test_report_of_17_million_rows_stays_under_one_and_a_half_megabytes(self) -> None:
        assert len(render(huge_audit()).encode()) < 1_500_000


class TestStructure:
    def test_every_id_is_unique_and_every_link_arrives(self, page: Element) -> None:
        ids = [element.attributes["id"] for element in page.all() if "id" in element.attributes]
        assert len(ids) == len(set(ids))
        links = {element.attributes["href"] for element in page.all("a")} - BESIDE
        named = {
            name
            for element in page.all()
            for key in ("aria-labelledby", "aria-describedby")
            for name in element.attributes.get(key, "").split()
        }
        assert {link.removeprefix("#") for link in links} | named <= set(ids)

    def test_headings_descend_one_level_at_a_time(self, page: Element) -> None:
        levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))

    def test_every_table_has_a_caption_and_scoped_headings(self, page: Element) -> None:
        tables = page.all("table")
        assert tables
        for table in tables:
            assert len(table.all("caption")) == 1
            assert all(heading.attributes.get("scope") in ("col", "row") for heading in table.all("th"))
            widths = {
                sum(int(cell.attributes.get("colspan", "1")) for cell in row.all("th", "td"))
                for row in table.all("tr")
            }
            assert len(widths) == 1

    def test_every_table_scrolls_in_a_named_region_that_the_keyboard_reaches(self, page: Element) -> None:
        regions = [table.parent for table in page.all("table")]
        assert all(
            region is not None
            and region.attributes["tabindex"] == "0"
            and region.attributes["aria-labelledby"]
            for region in regions
        )

    def test_every_chart_is_an_image_with_words_and_a_table(self, sample: Element) -> None:
        figures = sample.all("figure")
        assert len(figures) == 6
        for figure in figures:
            pictures = [svg for svg in figure.all("svg") if svg.attributes.get("role") == "img"]
            assert pictures
            assert all(len(svg.all("desc")[0].text) > 20 for svg in pictures)
            assert len(figure.all("table")) == 1


class TestWords:
    def test_synthetic_audit_says_so_on_top_in_the_title_and_in_print(self, sample: Element) -> None:
        mark = "Synthetic: invented agencies and searches"
        (title,) = sample.all("title")[:1]
        assert title.text.startswith(mark)
        assert mark in sample.all("header")[0].text
        assert f'@top-right {{ content: "{mark}"; }}' in sample.all("style")[0].text

    def test_audit_of_a_real_record_does_not_say_synthetic(self) -> None:
        html = render(bare_audit())
        assert "Synthetic" not in html

    def test_percent_sign_stays_beside_its_number(self, page: Element) -> None:
        texts = [
            text for element in page.all() if element.tag not in ("style", "text") for text in element.texts
        ]
        assert not [text for text in texts if re.search(r"\d[ \n]%", text)]

    def test_long_file_name_may_break_between_its_parts_and_nowhere_else(self) -> None:
        written = breakable("Invented_<b>_Audit-11.csv")
        assert written == "Invented_<wbr>&lt;b&gt;_<wbr>Audit-<wbr>11.<wbr>csv"

    def test_fixed_lines_stand_on_the_first_screen(self, page: Element) -> None:
        summary = by_id(page, "summary").text
        assert "Findings are leads, not verdicts." in summary
        assert "Nothing here is legal advice." in summary

    def test_first_screen_tells_whose_files_period_and_balance(self, sample: Element) -> None:
        summary = by_id(sample, "summary").text
        assert "Prairie Bend IL PD" in summary
        assert "2025-01-01 to 2026-03-30. 2 files, 79,716 searches." in summary
        assert "81,873 rows = 79,716 searches + 2,117 duplicates + 38 rejects + 2 rows" in summary
        assert "of 61,204 readable, 0.5 %; 312 to 18,824 with the 18,512 masked" in summary

    def test_balance_says_how_many_files_the_list_has(self, sample: Element) -> None:
        assert "Rows of each of 2 files, and what became of them" in by_id(sample, "balance").text

    def test_figure_that_is_not_measurable_says_why_in_its_place(self) -> None:
        page = parse(render(bare_audit()))
        assert "not measurable: the export has no column for it" in by_id(page, "figure-states").text
        assert "not measurable: the export has no column for it" in by_id(page, "reasons").text
        assert "Organizations not measurable" in by_id(page, "summary").text

    def test_count_of_a_signal_leads_to_the_finding_about_it(self, sample: Element) -> None:
        links = {link.text: link.attributes["href"] for link in by_id(sample, "reasons").all("a")}
        assert links["97"] == "#finding-immigration-civil"
        assert links["312"] == "#finding-immigration-civil"
        assert links["640"] == "#files"

    def test_finding_with_no_search_is_no_card_but_a_line(self, sample: Element) -> None:
        assert by_id(sample, "finding-reproductive-care").tag == "tr"
        assert [article.attributes["id"] for article in sample.all("article")] == [
            "finding-immigration-civil",
            "finding-side-door",
            "finding-out-of-state",
            "finding-reason-missing",
            "finding-vague-reasons",
            "finding-coverage",
        ]

    def test_finding_that_is_not_measurable_stands_with_its_reason(self, sample: Element) -> None:
        missing = by_id(sample, "not-measurable").text
        assert "Finding: One plate again and again plates of other agencies are blank" in missing

    def test_rows_that_do_not_add_up_are_not_hidden(self) -> None:
        audit = sample_audit()
        wrong = replace(audit, files=(replace(audit.files[0], rejects=39), audit.files[1]))
        assert "The rows below do not add up." in by_id(parse(render(wrong)), "balance").text

    def test_names_from_an_export_cannot_become_markup(self) -> None:
        hostile = "</style><script>alert(1)</script>\"'}*{"
        audit = sample_audit()
        organizations = audit.figures["top_organizations"]
        rows = ((hostile, "IL", "police", 99_999, 1), *organizations.table.rows)
        audit = replace(
            audit,
            files=tuple(replace(file, owner=hostile, path=f"{hostile}{file.path}") for file in audit.files),
            figures={
                **audit.figures,
                "top_organizations": replace(
                    organizations, title=hostile, table=replace(organizations.table, rows=rows)
                ),
            },
        )
        page = parse(render(audit))
        assert page.all("script") == []
        assert len(page.all("style")) == 1
        assert hostile in by_id(page, "summary-heading").text

"""The report in a real browser: accessible, whole without scripts, silent on the network, printable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from tools.picture import Theme

from gatehouse.audit.report import render
from tests.unit.audit.report.sample import bare_audit, sample_audit

pytestmark = pytest.mark.browser

Visits = Callable[..., Any]
# An element of a hidden group has no box.
SHOWN_TEXTS = (
    "[...document.querySelectorAll('figure svg text')].filter(t => t.getBoundingClientRect().width > 0)"
)
PRINTED = {"prefer_css_page_size": True, "print_background": True}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(sample_audit()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def bare_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bare") / "report.html"
    path.write_text(render(bare_audit()), encoding="utf-8")
    return path


class TestAccessibility:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [1280, 768, 320])
    def test_report_in_every_theme_and_width_has_no_violation(
        self, report: Path, visit: Visits, theme: Theme, width: int
    ) -> None:
        with visit(report, width=width, theme=theme) as opened:
            opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert opened.axe() == []

    def test_report_without_findings_has_no_violation(self, bare_report: Path, visit: Visits) -> None:
        with visit(bare_report, width=320) as opened:
            assert opened.axe() == []

    def test_axe_on_a_faulty_page_reports_it(self, tmp_path: Path, visit: Visits) -> None:
        page = tmp_path / "faulty.html"
        page.write_text("<!doctype html><p style='color:#ccc'>pale</p><img src='data:,'>", encoding="utf-8")
        with visit(page) as opened:
            found = {violation["id"] for violation in opened.axe()}
        assert {"color-contrast", "image-alt", "html-has-lang"} <= found

    def test_tab_key_reaches_the_skip_link_first_and_then_main(self, report: Path, visit: Visits) -> None:
        with visit(report) as opened:
            opened.page.keyboard.press("Tab")
            assert opened.page.evaluate("document.activeElement.textContent") == "Skip to the report"
            opened.page.keyboard.press("Enter")
            assert opened.page.evaluate("document.activeElement.id") == "main"


class TestLayout:
    @pytest.mark.parametrize("width", [320, 390, 768, 1280])
    def test_report_at_any_width_does_not_scroll_sideways(
        self, report: Path, visit: Visits, width: int
    ) -> None:
        with visit(report, width=width) as opened:
            opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert opened.page.evaluate("document.documentElement.scrollWidth") == width

    @pytest.mark.parametrize(("width", "smallest"), [(320, 11), (390, 11), (768, 10.5), (1280, 12)])
    def test_chart_text_at_any_width_stays_legible(
        self, report: Path, visit: Visits, width: int, smallest: float
    ) -> None:
        with visit(report, width=width) as opened:
            sizes = opened.page.evaluate(
                f"{SHOWN_TEXTS}.map(t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)"
            )
        assert len(sizes) > 50
        assert min(sizes) >= smallest

    @pytest.mark.parametrize("width", [320, 1280])
    def test_chart_text_stays_within_its_picture(self, report: Path, visit: Visits, width: int) -> None:
        with visit(report, width=width) as opened:
            outside = opened.page.evaluate(
                SHOWN_TEXTS
                + """.filter(t => {
                  const text = t.getBoundingClientRect();
                  const picture = t.ownerSVGElement.getBoundingClientRect();
                  return text.left < picture.left - 1 || text.right > picture.right + 1
                    || text.top < picture.top - 1 || text.bottom > picture.bottom + 1;
                }).map(t => t.textContent)"""
            )
        assert outside == []


class TestSelfContained:
    def test_report_asks_for_nothing_but_itself(self, report: Path, visit: Visits) -> None:
        with visit(report) as opened:
            opened.page.wait_for_load_state("networkidle")
            assert opened.requested == [report.as_uri()]
            assert opened.problems == []

    def test_report_without_scripts_shows_every_section_and_chart(self, report: Path, visit: Visits) -> None:
        with visit(report, scripts=False) as opened:
            page = opened.page
            assert page.locator("main > section:visible").count() == 12
            assert page.locator("figure.chart svg[role=img]:visible").count() == 6
            summary = page.locator("#finding-immigration-civil-evidence summary")
            summary.click()
            assert page.get_by_text("rows 12; 625; 1,238").first.is_visible()

    def test_count_in_a_headline_leads_to_its_evidence(self, report: Path, visit: Visits) -> None:
        with visit(report, scripts=False) as opened:
            opened.page.locator(".key-figures a", has_text="312").click()
            assert opened.page.url.endswith("#finding-immigration-civil")
            assert opened.page.locator("#finding-immigration-civil h3").is_visible()


class TestPrint:
    def test_print_opens_details_and_repeats_the_synthetic_mark(self, report: Path, visit: Visits) -> None:
        with visit(report, theme="dark") as opened:
            document = pypdfium2.PdfDocument(opened.page.pdf(**PRINTED))
        pages = [page.get_textpage().get_text_range() for page in document]
        assert len(pages) > 5
        assert all("Synthetic: invented agencies and searches" in page for page in pages)
        assert any("rows 12; 625; 1,238" in page for page in pages)

    def test_print_of_a_dark_page_is_on_white(self, report: Path, visit: Visits) -> None:
        with visit(report, theme="dark") as opened:
            document = pypdfium2.PdfDocument(opened.page.pdf(**PRINTED))
        picture = document[0].render(scale=0.5).to_numpy()
        assert picture[2, 2].tolist()[:3] == [255, 255, 255]
        assert picture.mean() > 200

    def test_print_of_a_real_record_carries_no_synthetic_mark(self, bare_report: Path, visit: Visits) -> None:
        with visit(bare_report) as opened:
            document = pypdfium2.PdfDocument(opened.page.pdf(**PRINTED))
        assert all("Synthetic" not in page.get_textpage().get_text_range() for page in document)

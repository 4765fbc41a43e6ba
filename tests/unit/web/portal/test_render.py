"""The portal's files: whole, linked, in both languages, and without anything that must not show."""

from __future__ import annotations

import csv
import io
import json
import posixpath
import re
from html.parser import HTMLParser

import polars as pl
import pytest

from gatehouse.web.portal.render import COLUMNS, files
from gatehouse.web.portal.words import LANGUAGES, catalogue
from tests.unit.web.portal.town import CASE, OFFICERS, REASON, Town, plate


@pytest.fixture(scope="module")
def made(town: Town) -> dict[str, bytes]:
    return dict(files(town.document()))


class Links(HTMLParser):
    """What a page refers to, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)
        assert tag != "style"


class TestFiles:
    def test_files_links_of_every_page_lead_to_a_file(self, made: dict[str, bytes]) -> None:
        pages = [name for name in made if name.endswith(".html")]
        assert len(pages) == 2 * 6
        for page in pages:
            links = Links()
            links.feed(made[page].decode())
            for link in links.found:
                path = link.partition("#")[0]
                target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
                assert target in made or target == "ledger/checkpoint", (page, link)

    def test_files_hold_no_plate_person_case_or_reason(self, made: dict[str, bytes]) -> None:
        forbidden = [REASON, CASE, "ICE+ERO", *(plate(number) for number in range(6))]
        forbidden += [each.id for each in OFFICERS] + [each.name for each in OFFICERS]
        for name, content in made.items():
            text = content.decode("utf-8", "replace")
            assert [
                each for each in forbidden if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text)
            ] == [], name

    def test_files_downloads_agree_with_each_other(self, made: dict[str, bytes]) -> None:
        rows = json.loads(made["data/portal.json"])["rows"]
        frame = pl.read_parquet(io.BytesIO(made["data/searches.parquet"]))
        table = list(csv.DictReader(io.StringIO(made["data/searches.csv"].decode())))
        assert tuple(frame.columns) == COLUMNS
        assert frame.to_dicts() == [{**row, "rules": row["rules"], "owners": row["owners"]} for row in rows]
        assert [each["purpose"] for each in table] == [each["purpose"] or "" for each in rows]

    def test_files_openings_are_of_the_rows_with_their_hour_only(self, made: dict[str, bytes]) -> None:
        entries = {row["entry"] for row in json.loads(made["data/portal.json"])["rows"]} - {None}
        part = json.loads(made["data/openings/0.json"])
        assert {int(index) for index in part} == entries
        assert {each["field"] for opened in part.values() for each in opened} == {
            "decision",
            "owners",
            "purpose",
            "rules",
        }

    def test_files_same_document_gives_the_same_bytes(self, town: Town, made: dict[str, bytes]) -> None:
        assert dict(files(town.document())) == made

    def test_files_each_page_is_light(self, made: dict[str, bytes]) -> None:
        assets = sum(len(content) for name, content in made.items() if name.startswith("assets/"))
        pages = [len(content) for name, content in made.items() if name.endswith(".html")]
        assert assets + max(pages) < 150_000


class TestCatalogue:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_catalogue_every_language_has_the_same_strings_and_values(self, language: str) -> None:
        english, other = catalogue("en"), catalogue(language)
        assert other.keys() == english.keys()
        names = {key: set(re.findall(r"\{([a-z]+)\}", text)) for key, text in english.items()}
        assert {key: set(re.findall(r"\{([a-z]+)\}", text)) for key, text in other.items()} == names

    def test_catalogue_names_every_code_that_a_row_can_have(self) -> None:
        from gatehouse.model import Purpose, SearchState, StandingState

        keys = catalogue("en").keys()
        assert {f"purpose.{each}" for each in Purpose} <= keys
        assert {f"outcome.{each}" for each in (*SearchState, *StandingState)} <= keys

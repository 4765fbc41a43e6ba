from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.capture.formats import Formats, formats
from gatehouse.model import BadInput

SOURCE = 'source = "https://example.org/plates"'


@pytest.mark.parametrize(
    ("state", "plate", "fits"),
    [
        ("CA", "7ZZZ123", True),
        ("CA", "ZZZ7123", False),
        ("NY", "ZZZ1234", True),
        ("IL", "ZZ12345", True),
        ("NY", "ZZZ123", False),
        ("NY", "0ZZ1234", False),
        ("QQ", "ZZZ1234", False),
        (None, "ZZZ1234", True),
        (None, "Z", False),
    ],
)
def test_fit_plate_of_a_state_returns_whether_a_series_has_it(
    state: str | None, plate: str, fits: bool
) -> None:
    assert formats().fit(plate, state) is fits


@pytest.mark.parametrize(("plate", "fits"), [("0ZZ1234", True), ("ZZZO234", False), ("1ZZ1234", False)])
def test_fit_pooled_zero_stands_for_the_letter_and_no_letter_for_a_zero(plate: str, fits: bool) -> None:
    assert formats().fit(plate, "NY", pooled=True) is fits


def test_formats_shipped_have_every_state_with_a_source_of_its_own() -> None:
    states = formats().states
    assert len({each.code for each in states}) == len(states) == 51
    assert len({each.source for each in states}) == 51


@given(st.sampled_from(formats().states), st.data())
def test_fit_serial_made_from_a_pattern_fits(state: object, data: st.DataObject) -> None:
    found = next(each for each in formats().states if each is state)
    pattern = data.draw(st.sampled_from(found.patterns))
    expression = re.sub("A", "[B-HJ-NP-Z]", re.sub("9", "[0-9]", pattern))
    assert found.fit(data.draw(st.from_regex(expression, fullmatch=True)))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("=", "not TOML"),
        (f'[Zzz]\npatterns = ["AAA999"]\n{SOURCE}', "name no state"),
        ('ZZ = "AAA999"', "name no state"),
        (f'[ZZ]\npatterns = ["AAB999"]\n{SOURCE}', "is none"),
        (f"[ZZ]\npatterns = []\n{SOURCE}", "is none"),
        ('[ZZ]\npatterns = ["AAA999"]', "no source"),
        ('[ZZ]\npatterns = ["AAA999"]\nsource = "hearsay"', "no source"),
    ],
)
def test_parse_formats_that_are_none_raises(text: str, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        Formats.parse(text)

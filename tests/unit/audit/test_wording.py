"""Numbers and verbs in sentences."""

from __future__ import annotations

import pytest

from gatehouse.audit.document import Tally
from gatehouse.audit.wording import agree, bounded, of_readable


@pytest.mark.parametrize(
    ("several", "one"),
    [
        ("are by federal agencies", "is by federal agencies"),
        ("have none", "has none"),
        ("name a use", "names a use"),
        (
            "state enforcement as their purpose or name an agency",
            "states enforcement as its purpose or names an agency",
        ),
        ("name no agency and are not tested", "names no agency and is not tested"),
    ],
)
def test_agree_follows_the_count(several: str, one: str) -> None:
    assert [agree(n, several) for n in (0, 1, 2)] == [several, one, several]


def test_of_readable_one_search_of_one_is_singular() -> None:
    assert of_readable(Tally(1, 1, 1, 2), "state none") == (
        "1 of 1 search whose reason can be read states none. The reason of 1 more is masked, so among all "
        "2 searches the number lies between 1 and 2"
    )


def test_bounded_several_masked_are_plural() -> None:
    assert bounded(3, 1_200, 5_000) == (
        ". The reasons of 1,200 more are masked, so among all 5,000 searches the number lies "
        "between 3 and 1,203"
    )

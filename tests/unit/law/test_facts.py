"""Facts of a jurisdiction: what is not text, not a date or not to be seen is refused with the file's name."""

from __future__ import annotations

import pytest

from gatehouse.law.facts import read_facts
from gatehouse.model import BadInput

FACTS = """
code = "us-wy"
name = "Wyoming"
summary = "An example."
sources = ["docs/writing-rules.md [text]"]

[[provisions]]
id = "us-wy/1"
citation = "Wyo. Stat. 1"
binds = ["owner"]
matter = ["retention"]
confidence = "text"
says = "Reads are destroyed."
no_rule = "an example only"
"""

LISTED = "none of text, secondary, unverified"
WRONG = {
    '"rule"': f"us-wy/1 has the confidence 'rule', {LISTED}",
    '"certain"': f"us-wy/1 has the confidence 'certain', {LISTED}",
    "5": "confidence holds something else than text",
    "[]": "confidence holds something else than text",
}


class TestReadFacts:
    def test_read_facts_example_is_read(self) -> None:
        assert (
            read_facts(FACTS.encode(), where="facts.toml").provisions["us-wy/1"].says
            == "Reads are destroyed."
        )

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"Wyoming"', '"Wyo\\u202Eming"'),
            ('"An example."', '"An \\u001B[2Jexample."'),
            ('"Wyoming"', "5"),
            ('["docs/writing-rules.md [text]"]', "[5]"),
            ('["docs/writing-rules.md [text]"]', '"docs"'),
            ('"us-wy/1"', "5"),
            ('"Reads are destroyed."', '["Reads"]'),
            ('"Reads are destroyed."', '"Reads\\u200B are destroyed."'),
            ('"text"', '"text"\nretention = "P99999999999999999999D"'),
            ('"text"', '"text"\nretention = "P99999999999999999999M"'),
            ('"text"', '"text"\nretention = 30'),
            ('"text"', '"text"\napproximate = "no"'),
            ('["retention"]', "[" * 2000 + "]" * 2000),
        ],
    )
    def test_read_facts_what_cannot_be_meant_is_refused(self, old: str, new: str) -> None:
        assert FACTS.count(old) == 1
        with pytest.raises(BadInput, match="the facts of a jurisdiction cannot be read") as caught:
            read_facts(FACTS.replace(old, new).encode(), where="us-wy/facts.toml")
        assert caught.value.where == "us-wy/facts.toml"

    @pytest.mark.parametrize("known", ['"rule"', '"certain"', "5", "[]"])
    def test_read_facts_unknown_confidence_lists_those_there_are(self, known: str) -> None:
        with pytest.raises(BadInput) as caught:
            read_facts(FACTS.replace('"text"', known).encode(), where="us-wy/facts.toml")
        assert str(caught.value.got).endswith(WRONG[known])

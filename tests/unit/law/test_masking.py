"""Masking: what a report may show of free text. Every name, plate and number here is invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.law.masking import mask


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("7ZZZ123", "[plate]"),
        ("stolen veh ZZZ4567", "stolen veh [plate]"),
        ("plate ZQX 1234", "plate [name] [plate]"),
        ("Stolen Vehicle VANITY - 2026-01-02T03:04:05.678Z", "Stolen Vehicle [plate] - [date]"),
        ("DOE, JANE ANN 01/02/1990", "[name] [date]"),
        ("Quimbly 010290", "[name] [date]"),
        ("DOB 1-2-90", "DOB [date]"),
        ("Jan 2, 1990", "[date]"),
        ("call (555) 010-1234", "call [number]"),
        ("123-45-6789", "[number]"),
        ("id X1234567", "id [number]"),
        ("OFC QUIMBLY", "OFC [name]"),
        ("SA John Quimbly/HSI", "SA [name]/HSI"),
        ("Border Patrol Assist - Agent Quimbly", "Border Patrol Assist - Agent [name]"),
        ("Agent White assist", "Agent [name] assist"),
        ("White, Amber", "[name]"),
        ("jane quimbly", "[name]"),
        ("José Núñez", "[name]"),
        ("O'Quimbly req", "[name] req"),
    ],
)
def test_mask_personal_text_is_replaced(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ICE+ERO", "Border Patrol", "Stolen Vehicle", "IMMIGRATION VIOLATION", "lCE detainer", "1mm1gr4t10n",
        "8 USC 1326", "I-247A", "287(g)", "211PC", "10851(a)CVC", "PC 459", "26-01234", "PA2026-01234",
        "Quimbly PD request", "assist ECPD", "HSI narcs", "More Like This: STOLEN VEHICLE", "white truck", "",
        "Immigration (civil/administrative) - HSI", "Daytime search for best result",
    ],
)  # fmt: skip
def test_mask_vocabulary_and_codes_stay_readable(text: str) -> None:
    assert mask(text) == text


@given(st.text(max_size=80))
def test_mask_of_masked_text_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.from_regex(r"[0-9][A-Z]{3}[0-9]{3}", fullmatch=True))
def test_mask_plate_of_a_common_format_is_hidden(plate: str) -> None:
    assert plate not in mask(f"search for {plate} today")

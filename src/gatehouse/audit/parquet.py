"""`records.parquet`: the normal form for other programs, with ordinals instead of people and plates.

One row a record, searches and their copies, in file order. Texts are masked. `signals` names what the text
of a search suggests, on the row that the search is judged by; its other rows carry none.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.annotate import identity, with_agency
from gatehouse.audit.masked import masked
from gatehouse.audit.roster import shown_name
from gatehouse.audit.texts import BIT
from gatehouse.law.masking import mask
from gatehouse.records.frame import COUNT_FIELDS, FIELDS, TIME_FIELDS
from gatehouse.records.organizations import parse

if TYPE_CHECKING:
    from pathlib import Path

    from gatehouse.audit.ground import Ground

TEXTS = ("org", "reason", "offense", "case_number", "filters", "search_type", "text_prompt", "moderation")
TOKEN_BYTES = 16


def write_records(ground: Ground, path: Path) -> None:
    """Write the file, sorted by file and row; the same record gives the same bytes."""
    frame = with_agency(ground.linked.frame, ground.roster).with_columns(_person=identity())
    for name in TEXTS:
        frame = frame.join(_masked(ground, name), on=name, how="left", maintain_order="left")
    frame = (
        frame.join(
            ground.officer_ordinals.lazy().rename({"officer": "_person", "ordinal": "_officer"}),
            on=["agency", "_person"],
            how="left",
            maintain_order="left",
        )
        .join(_plates(ground), on="plate", how="left", maintain_order="left")
        .join(_signals(ground), on=["file", "row"], how="left", maintain_order="left")
    )
    owners = [ground.roster.name(owner) if owner else None for owner in ground.roster.owners]
    index = list(range(len(owners)))
    table = frame.select(
        path=pl.col("file").replace_strict(index, [file.path for file in ground.files]),
        owner=pl.col("file").replace_strict(index, owners, return_dtype=pl.String),
        row="row",
        search="search",
        tier="tier",
        officer="_officer",
        plate="_plate",
        plate_token="_token",  # noqa: S106  # a column name
        **{name: pl.col(f"_text_{name}") for name in TEXTS},
        **{name: pl.col(name) for name in (*TIME_FIELDS, *COUNT_FIELDS)},
        signals="_signals",
        **{f"{name}_state": pl.col(f"{name}_state") for name in FIELDS},
    )
    table.sink_parquet(path, compression="zstd", row_group_size=1_000_000, maintain_order=True)


def _masked(ground: Ground, name: str) -> pl.LazyFrame:
    """Return a field's texts by key, each masked once; none where the record set did not keep them."""
    kept = ground.linked.records.texts.get(name)
    column = f"_text_{name}"
    if kept is None:
        return pl.LazyFrame(schema={name: pl.UInt64, column: pl.String})
    shown = masked(kept["text"]) if name != "org" else _org_names(kept["text"])
    return pl.LazyFrame({name: kept["key"], column: shown})


def _org_names(texts: pl.Series) -> pl.Series:
    """Return the names as exported, masked where nothing tells that one is an agency's."""
    shown = [text if shown_name(found := parse(text)) == found.name else mask(text) for text in texts]
    return pl.Series(texts.name, shown, dtype=pl.String)


def _plates(ground: Ground) -> pl.LazyFrame:
    """Return ordinal and, with a token key, token of every plate."""
    table = ground.plate_ordinals.lazy().rename({"ordinal": "_plate"})
    key = ground.options.token_key
    kept = ground.linked.records.texts.get("plate")
    if key is None or kept is None:
        return table.with_columns(_token=pl.lit(None, pl.String))
    tokens = [plate_token(key, text) for text in kept["text"]]
    return table.join(
        pl.LazyFrame({"plate": kept["key"], "_token": tokens}, schema_overrides={"_token": pl.String}),
        on="plate",
        how="left",
    )


def plate_token(key: bytes, text: str) -> str:
    """Return the keyed token of a plate: HMAC-SHA256 of its letters and digits, the first 16 bytes in hex."""
    plate = "".join(char for char in text.upper() if char.isalnum())
    return hmac.new(key, plate.encode(), hashlib.sha256).digest()[:TOKEN_BYTES].hex()


def _signals(ground: Ground) -> pl.LazyFrame:
    """Return the names of every search's signals, joined by blanks."""
    masks = ground.measures.signals["bits"].unique().sort().to_list()
    names = [" ".join(signal.value for signal, bit in BIT.items() if mask_ & bit) for mask_ in masks]
    return ground.slim.select(
        "file",
        "row",
        _signals=pl.col("bits").replace_strict(masks, names, return_dtype=pl.String) if masks else pl.lit(""),
    )

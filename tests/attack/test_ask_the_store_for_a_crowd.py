"""Attempts to get from the read store more than the reads of named plates of owners that permit it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, cast

import pytest

from gatehouse.model import BadUse
from gatehouse.reads import MAX_LOOKUPS, Lookup, ReadStore, SealedRead, init_reads, open_reads
from tests.postgres import Postgres, postgres
from tests.unit.reads.examples import BUCKET, asked, batch, sealed, token

__all__ = ["postgres"]

CROWD = [
    sealed(f"plate {plate}", owner=owner, bucket=BUCKET + 60 * (plate % 20), read=f"{owner} {plate}")
    for plate in range(40)
    for owner in ("alder-pd", "birch-pd")
]
ANYBODY = ("alder-pd", "birch-pd")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadStore]:
    """Yield a store with reads of forty plates by two owners, which no attempt may change."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('reads')}/reads.sqlite"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
    init_reads(url)
    store = open_reads(url)
    assert store.add([batch(1, *CROWD)]) == [True]
    yield store
    assert len(store.lookup(asked(*CROWD), owners=ANYBODY)) == len(CROWD)
    store.close()


@pytest.mark.parametrize(
    "owners",
    [
        ["%"],
        ["alder%"],
        ["_" * 8],
        ["*"],
        ["alder-pd' OR '1'='1"],
        ["alder-pd') OR owner_id IN ('birch-pd"],
        ["{alder-pd,birch-pd}"],
        ['["alder-pd"]'],
        ["ALDER-PD"],
        ["alder-pd "],
        ["NULL"],
    ],
)
def test_owner_that_is_a_pattern_or_a_statement_matches_nobody(
    crowded: ReadStore, owners: Collection[str]
) -> None:
    assert crowded.lookup(asked(*CROWD), owners=owners) == []
    assert len(crowded.lookup(asked(*CROWD), owners=ANYBODY)) == len(CROWD)


@pytest.mark.parametrize("owners", [(), [], frozenset(), "alder-pd", "", None, [""], ["alder\0pd"]])
def test_lookup_that_names_no_owner_is_refused(crowded: ReadStore, owners: Any) -> None:
    with pytest.raises(BadUse, match=r"must name the owners|no proper id"):
        crowded.lookup(asked(*CROWD), owners=owners)


def test_owner_that_did_not_permit_gives_nothing(crowded: ReadStore) -> None:
    found = crowded.lookup(asked(*CROWD), owners=["alder-pd"])
    assert {row.owner_id for row in found} == {"alder-pd"}
    assert crowded.lookup(asked(*CROWD), owners=["cedar-pd"]) == []


@pytest.mark.parametrize(
    "pattern",
    [
        b"%" * 16,
        b"plate%".ljust(16, b"%"),
        b"_" * 16,
        b"*" * 16,
        b"\0" * 16,
        b"\xff" * 16,
        b"' OR 1=1 OR '1'=",
    ],
)
def test_token_that_is_a_pattern_or_a_statement_matches_nothing(crowded: ReadStore, pattern: bytes) -> None:
    lookups = [Lookup(row.bucket, pattern) for row in CROWD]
    assert crowded.lookup(lookups, owners=ANYBODY) == []


@pytest.mark.parametrize(
    "wrong", [b"", b"%", b"plate 1", token("plate 1") + b"%", None, 16, "plate 1" + "." * 9]
)
def test_token_of_another_length_or_kind_is_refused(crowded: ReadStore, wrong: Any) -> None:
    with pytest.raises(BadUse, match="wrong length"):
        crowded.lookup([Lookup(BUCKET, wrong)], owners=ANYBODY)


def test_no_token_at_all_gives_nothing(crowded: ReadStore) -> None:
    assert crowded.lookup([], owners=ANYBODY) == []


@pytest.mark.parametrize("bucket", [-1, 2**31, 2**63, 1e9, float("nan"), None, "0 OR 1=1"])
def test_bucket_that_is_no_minute_is_refused(crowded: ReadStore, bucket: Any) -> None:
    with pytest.raises(BadUse, match="bucket is out of bounds"):
        crowded.lookup([Lookup(bucket, CROWD[0].token)], owners=ANYBODY)


def test_more_tokens_than_one_search_may_have_are_refused(crowded: ReadStore) -> None:
    def lookups(number: int) -> Sequence[Lookup]:
        return [Lookup(BUCKET, number.to_bytes(16)) for number in range(number)]

    assert crowded.lookup(lookups(MAX_LOOKUPS), owners=ANYBODY) == []
    with pytest.raises(BadUse, match="at most 4,096; got 4,097; next: narrow the window"):
        crowded.lookup(lookups(MAX_LOOKUPS + 1), owners=ANYBODY)


def test_a_plate_of_one_bucket_does_not_lead_to_its_other_buckets(crowded: ReadStore) -> None:
    moved = [Lookup(row.bucket + 1, row.token) for row in CROWD]
    assert crowded.lookup(moved, owners=ANYBODY) == []


def test_rows_cannot_be_had_without_tokens(crowded: ReadStore) -> None:
    for attempt in (iter, list, len, dict, sorted):
        with pytest.raises(TypeError):
            cast(Any, attempt)(crowded)
    with pytest.raises(TypeError):
        cast(Any, crowded).lookup(owners=ANYBODY)
    with pytest.raises(TypeError):
        cast(Any, crowded).lookup(asked(*CROWD), owners=ANYBODY, before=BUCKET)


def test_deletion_answers_with_a_number_and_takes_no_pattern(crowded: ReadStore) -> None:
    assert crowded.expire(owner="%", before=BUCKET + 14_400) == 0
    assert crowded.expire(owner="alder-pd", before=BUCKET) == 0


def test_what_a_row_shows_in_clear_is_what_the_design_names() -> None:
    assert SealedRead._fields == ("token", "bucket", "owner_id", "read_id", "sealed")

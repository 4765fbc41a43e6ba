"""Tokens and sealed rows, by the RFCs' definitions, and what changes break."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.model import Read
from gatehouse.reads.rows import SealedRead
from gatehouse.vault.batch import Captured
from gatehouse.vault.errors import RowAltered
from gatehouse.vault.sealing import Packer, Sealer, Unsealed, make_token, token_state, unpack_read, unseal_row
from gatehouse.vault.times import from_microseconds, to_microseconds

AT = datetime(2026, 11, 23, 16, 4, 5, 678901, UTC)
CAPTURED = to_microseconds(AT)
KEY, READ_ID = bytes(range(32)), bytes(range(16))
READ = Read("gate-1", AT, "test-123", "TEST123", 0.93, "IL", 0.5, "ab" * 32)

shares = st.none() | st.floats(0, 1)
reads = st.builds(
    Read,
    camera=st.text(st.characters(codec="utf-8"), max_size=60),
    captured_at=st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)),
    text=st.text(st.characters(codec="utf-8"), max_size=16),
    plate=st.from_regex("[A-Z0-9]{1,10}", fullmatch=True),
    confidence=shares,
    state=st.none() | st.from_regex("[A-Z]{2}", fullmatch=True),
    state_confidence=shares,
    image=st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex),
)


def packed_of(read: Read, *, received: int) -> bytes:
    captured = Captured(
        to_microseconds(read.captured_at),
        read.text,
        read.plate,
        read.confidence,
        read.state,
        read.state_confidence,
        read.image,
    )
    return Packer(read.camera, received=received).pack(captured)


def sealed(read: Read = READ) -> SealedRead:
    sealer = Sealer(AESGCM(KEY), bucket=29_000_000, owner="alder-pd")
    return sealer.row(packed_of(read, received=CAPTURED + 5), b"t" * 16, READ_ID)


def test_token_is_a_truncated_hmac() -> None:
    expected = hmac.digest(KEY, b"TEST123", "sha256")[:16]
    state = token_state(KEY)
    assert [make_token(state, "TEST123") for _ in range(2)] == [expected, expected]
    assert make_token(state, "TEST124") != expected


def test_row_is_sealed_with_its_clear_columns() -> None:
    row = sealed()
    bound = row.token + row.read_id + (29_000_000).to_bytes(8, "big") + b"alder-pd"
    packed = AESGCM(KEY).decrypt(READ_ID[:12], row.sealed, bound)
    assert packed == unseal_row(row, key=AESGCM(KEY))
    assert unpack_read(packed) == Unsealed(READ, CAPTURED + 5)


@given(reads)
def test_packed_read_comes_back_as_it_was(read: Read) -> None:
    captured = to_microseconds(read.captured_at)
    packed = packed_of(read, received=captured - 1)
    assert len(packed) % 32 == 0
    assert unpack_read(packed) == Unsealed(read, captured - 1)


@given(st.integers(-(2**55), 2**57))
def test_microseconds_come_back_as_they_were(at: int) -> None:
    assert to_microseconds(from_microseconds(at)) == at


def test_length_of_a_row_tells_nothing_of_its_plate() -> None:
    camera = "a" * 20
    lengths = {len(sealed(Read(camera, AT, "T" * n, "T" * n)).sealed) for n in range(1, 11)}
    assert lengths == {96 + 16}


@pytest.mark.parametrize(
    "changed",
    [
        {"token": b"u" * 16},
        {"bucket": 29_000_001},
        {"owner_id": "birch-so"},
        {"owner_id": "alder-p"},
        {"read_id": bytes(16)},
        {"read_id": READ_ID[:15] + b"\0"},
        {"sealed": b""},
        {"bucket": 2**63},
    ],
)
def test_row_with_a_changed_column_does_not_open(changed: dict[str, object]) -> None:
    row = sealed()._replace(**changed)  # type: ignore[arg-type]  # each column has its own type
    with pytest.raises(RowAltered, match="does not open"):
        unseal_row(row, key=AESGCM(KEY))


def test_row_with_any_byte_changed_does_not_open() -> None:
    row = sealed()
    for at in range(len(row.sealed)):
        changed = bytearray(row.sealed)
        changed[at] ^= 1
        with pytest.raises(RowAltered):
            unseal_row(row._replace(sealed=bytes(changed)), key=AESGCM(KEY))


def test_row_does_not_open_with_another_key() -> None:
    with pytest.raises(RowAltered):
        unseal_row(sealed(), key=AESGCM(bytes(32)))


@given(st.binary(max_size=120))
def test_any_bytes_are_a_read_or_refused(packed: bytes) -> None:
    try:
        found = unpack_read(packed)
    except RowAltered:
        return
    assert isinstance(found.read, Read)


def test_read_of_another_version_is_refused() -> None:
    packed = packed_of(READ, received=CAPTURED)
    for changed in (b"\2" + packed[1:], packed[:60], b""):
        with pytest.raises(RowAltered, match="another form"):
            unpack_read(changed)

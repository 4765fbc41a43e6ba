from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.model import BadInput
from gatehouse.vault.jpeg import bare_jpeg
from tests.unit.vault.pictures import COMMENT, END, EXIF, FRAME, SCAN, START, TABLE, jpeg, segment


def test_bare_jpeg_of_a_plain_picture_is_the_same() -> None:
    assert bare_jpeg(jpeg()) == jpeg()


def test_bare_jpeg_leaves_out_what_stands_beside_the_picture() -> None:
    every = b"".join(segment(code, b"GPS") for code in range(0xE0, 0xF0))
    assert bare_jpeg(jpeg(beside=EXIF + COMMENT + every, after=b"GPS and more")) == jpeg()


def test_bare_jpeg_leaves_out_what_stands_between_scans() -> None:
    tail = COMMENT + SCAN + b"\x01\x02"
    assert bare_jpeg(jpeg(b"\x01" + tail)) == jpeg(b"\x01" + SCAN + b"\x01\x02")


def test_bare_jpeg_of_a_real_encoder_shows_the_same_picture() -> None:
    cv2 = pytest.importorskip("cv2")
    numpy = pytest.importorskip("numpy")
    drawn = numpy.arange(40 * 80 * 3, dtype=numpy.uint32).astype(numpy.uint8).reshape(40, 80, 3)
    for options in ([], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 1]):
        made = cv2.imencode(".jpg", drawn, options)[1].tobytes()
        with_exif = made[:2] + EXIF + made[2:]
        bare = bare_jpeg(with_exif)
        assert b"Exif" not in bare and b"JFIF" not in bare
        shown, wanted = (
            cv2.imdecode(numpy.frombuffer(each, numpy.uint8), cv2.IMREAD_COLOR) for each in (bare, made)
        )
        assert (shown == wanted).all()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<svg onload=alert(1)>",
        START,
        START + END,
        START + TABLE + FRAME + END,
        START + SCAN + b"\x01" + END,
        START + FRAME + FRAME + SCAN + b"\x01" + END,
        START + segment(0xC3, FRAME[4:]) + SCAN + b"\x01" + END,
        START + segment(0xC0, b"\x08\x00\x00" + FRAME[7:]) + SCAN + b"\x01" + END,
        START + segment(0xC0, b"\x08\xff\xff\xff\xff" + FRAME[9:]) + SCAN + b"\x01" + END,
        jpeg()[:-1],
        jpeg()[:-2],
        START + b"text" + jpeg()[2:],
        START + b"\xff\xe1\x00\x01" + jpeg()[2:],
    ],
)
def test_bare_jpeg_of_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        bare_jpeg(body)


@given(st.binary(max_size=60), st.integers(0, len(jpeg())))
def test_bare_jpeg_of_damaged_bytes_is_bare_or_refused(noise: bytes, at: int) -> None:
    damaged = jpeg()[:at] + noise + jpeg()[at:]
    try:
        found = bare_jpeg(damaged)
    except BadInput:
        return
    assert bare_jpeg(found) == found
    assert len(found) <= len(damaged)

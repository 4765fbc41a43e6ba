"""Text in open-licence fonts: what plates print beside their characters, and characters not embossed.

Fonts are taken from `training/out/fonts` and from the system; only families named here, whose licences are
open (SIL OFL, Apache-2.0, Bitstream Vera), are used. Where a font is missing the others serve; where none is
found, OpenCV's strokes do.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from training.render.dies import Mask

FOLDERS: Final = (Path(__file__).resolve().parent.parent / "out/fonts", Path("/usr/share/fonts"))

# Style: the beginnings of the file names that serve it.
FAMILIES: Final = {
    "plate": (
        "BebasNeue-Bold", "BebasNeue-Regular", "B612-Bold", "Cabin-Bold", "DejaVuSans-Bold",
        "DejaVuSansCondensed-Bold", "DejaVuSansMono-Bold", "Dosis-Bold", "Dosis-ExtraBold", "Jura-Bold",
        "Lato-Bold", "LeagueSpartan-Medium", "NationalPark-Regular", "NationalPark-Heavy",
        "OpenSans-CondBold", "OpenSans-Bold", "Play-Bold", "Quicksand-Bold", "Roboto-Bold", "Roboto-Medium",
        "RobotoCondensed-Bold", "RobotoCondensed-Medium", "DejaVuSerif-Bold", "EBGaramond12-Bold",
        "allerta_medium",
    ),
    "sans": ("Lato-Bold", "OpenSans-Bold", "Roboto-Bold", "DejaVuSans-Bold", "Cabin-Bold",
            "LeagueSpartan-Bold", "NationalPark-Heavy"),
    "narrow": ("RobotoCondensed-Bold", "OpenSans-CondBold", "BebasNeue-Bold", "DejaVuSansCondensed-Bold"),
    "serif": ("DejaVuSerif-Bold", "EBGaramond12-Bold", "EBGaramond12-Regular", "DejaVuSerifCondensed-Bold"),
    "script": ("KaushanScript", "DancingScript-Bold", "DejaVuSerif-BoldItalic", "EBGaramond12-Italic",
            "Lato-BlackItalic"),
}  # fmt: skip

_SIZE: Final = 96


@cache
def fonts(style: str) -> tuple[Path, ...]:
    """List the font files found for a style of `FAMILIES`, in a fixed order."""
    found = {
        path.stem: path
        for folder in reversed(FOLDERS)
        if folder.is_dir()
        for path in folder.rglob("*.[ot]tf")
    }
    return tuple(
        found[stem] for stem in sorted(found) if stem in FAMILIES[style] or stem.startswith(FAMILIES[style])
    )


@lru_cache(maxsize=4096)
def _drawn(font: Path | None, text: str) -> Mask:
    if font is None:
        (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 3.0, 9)
        mask = np.zeros((height + base + 12, width + 12), np.uint8)
        cv2.putText(mask, text, (6, height + 6), cv2.FONT_HERSHEY_DUPLEX, 3.0, 255, 9, cv2.LINE_AA)
    else:
        from PIL import Image, ImageDraw, ImageFont

        face = ImageFont.truetype(str(font), _SIZE)
        left, top, right, bottom = face.getbbox(text)
        picture = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
        ImageDraw.Draw(picture).text((1 - left, 1 - top), text, fill=255, font=face)
        mask = np.asarray(picture)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return np.zeros((1, 1), np.uint8)
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def choose(rng: np.random.Generator, style: str) -> Path | None:
    """Draw a font of a style; None where none is found, which `text_mask` draws in OpenCV's strokes."""
    found = fonts(style)
    return found[int(rng.integers(len(found)))] if found else None


def text_mask(font: Path | None, text: str, height: int, *, widest: int | None = None) -> Mask:
    """Draw a text as coverage, cut close and `height` pixels high; wider ones are pressed into `widest`."""
    mask = _drawn(font, text)
    width = max(1, round(mask.shape[1] * height / mask.shape[0]))
    return cv2.resize(
        mask, (min(width, widest or width), max(1, height)), interpolation=cv2.INTER_AREA
    ).astype(np.uint8)

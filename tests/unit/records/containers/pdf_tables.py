"""Invented audits and their pictures: tables drawn to PDF in the styles that real documents come in."""

from __future__ import annotations

import io
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, BinaryIO

from reportlab.lib import colors
from reportlab.lib.pagesizes import landscape, letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Spacer, Table

HEADER = (
    "ID",
    "Org Name",
    "Total Networks Searched",
    "Total Devices Searched",
    "Time Frame",
    "Reason",
    "Search Time",
    "Search Type",
    "Moderation",
)
WIDTHS = (82, 62, 52, 52, 112, 92, 88, 52, 58)

_REASONS = (
    "stolen vehicle",
    "bolo",
    "hit-and-run on Harbor Street",
    "missing person",
    "Investigation",
    "burglary to a business, dark sedan seen leaving the lot eastbound",
    "wanted subject - felony",
    "theft from auto",
    "25-0001234",
    "",
)
_TYPES = ("lookup", "visual", "freeform", "multiGeo", "search")


def _stamp(moment: datetime) -> str:
    return moment.strftime("%m/%d/%Y, %I:%M:%S %p UTC")


def invented_rows(count: int, *, seed: int = 1, org: str = "Harbor Point IL PD") -> list[tuple[str, ...]]:
    """Return records in the shape of an organization audit."""
    source = random.Random(seed)
    moment = datetime(2025, 11, 14, 9, 53, 36)
    rows: list[tuple[str, ...]] = []
    for _ in range(count):
        moment += timedelta(seconds=source.randint(20, 4000))
        frame = (moment - timedelta(days=source.choice((1, 7, 30))), moment)
        rows.append(
            (
                str(uuid.UUID(int=source.getrandbits(128), version=4)),
                org,
                str(source.choice((0, 12, 840, 6601))),
                str(source.choice((0, 96, 17652, 100034))),
                "\n".join(map(_stamp, frame)),
                source.choice(_REASONS),
                _stamp(moment),
                source.choice(_TYPES),
                source.choice(("", "", "", "allow", "warn", "block")),
            )
        )
    return rows


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a table is drawn."""

    order: tuple[int, ...] = tuple(range(len(HEADER)))
    grid: bool = True
    columns_only: bool = False
    rows_only: bool = False
    shaded: bool = False
    repeat_header: bool = True
    valign: str = "TOP"
    align: str = "LEFT"
    font: str = "Helvetica"
    size: float = 7
    leading: float = 1.2
    padding: float = 3
    wide: bool = True
    turned: bool = False
    title: str = ""
    footer: str = ""
    split_rows: bool = False
    frame_space: bool = True


def draw(rows: Sequence[Sequence[str]], style: Style, *, header: Sequence[str] = HEADER) -> bytes:
    """Return a PDF of the rows under the header."""
    text = ParagraphStyle(
        "cell", fontName=style.font, fontSize=style.size, leading=style.size * style.leading, splitLongWords=1
    )
    text.alignment = {"LEFT": 0, "CENTER": 1, "RIGHT": 2}[style.align]

    def cell(content: str) -> Paragraph:
        safe = content.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br/>")
        return Paragraph(safe, text)

    page = landscape(letter) if style.wide else letter
    widths = [WIDTHS[index] for index in style.order]
    scale = (page[0] - 60) / sum(widths)
    table = Table(
        [[cell(row[index]) for index in style.order] for row in [header, *rows]],
        colWidths=[width * scale for width in widths],
        repeatRows=1 if style.repeat_header else 0,
        splitInRow=1 if style.split_rows else 0,
        style=_commands(style),
    )
    story: list[Any] = [Spacer(1, 8)]
    if style.title:
        story = [Paragraph(style.title, text), Spacer(1, 14)]
    out = io.BytesIO()
    sheet = (page[1], page[0]) if style.turned else page
    document = BaseDocTemplate(out, pagesize=sheet, invariant=1)
    frame = Frame(30, 40, page[0] - 60, page[1] - 70, leftPadding=0, rightPadding=0, showBoundary=0)
    document.addPageTemplates(
        PageTemplate("page", [frame], pagesize=sheet, onPage=partial(_furniture, style=style, page=page))
    )
    document.build([*story, table])
    return out.getvalue()


def _furniture(canvas: Any, document: Any, *, style: Style, page: tuple[float, float]) -> None:
    if style.turned:
        canvas.rotate(90)
        canvas.translate(0, -page[1])
    if style.footer:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(page[0] / 2 - 20, 18, style.footer.format(page=document.page))


def _commands(style: Style) -> list[tuple[Any, ...]]:
    commands: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), style.valign),
        ("TOPPADDING", (0, 0), (-1, -1), style.padding),
        ("BOTTOMPADDING", (0, 0), (-1, -1), style.padding),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]
    whole = ((0, 0), (-1, -1), 0.5, colors.black)
    if style.grid:
        commands.append(("GRID", *whole))
    if style.columns_only:
        commands += [("LINEBEFORE", *whole), ("BOX", *whole)]
    if style.rows_only:
        commands.append(("LINEBELOW", *whole))
    if style.shaded:
        commands.append(("ROWBACKGROUNDS", (0, 0), (-1, -1), [colors.white, colors.lightgrey]))
    return commands


def opener(data: bytes) -> Callable[[], BinaryIO]:
    """Return a function that opens the bytes anew each time."""
    return lambda: io.BytesIO(data)

"""The story as people read it, and as programs do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from gatehouse.demo.step import Step

WIDTH: Final = 100
SCHEMA: Final = "gatehouse-demo/1"
HEAD: Final = (
    "SYNTHETIC. Agencies, people, cameras, plates and cases are invented, and the reads are generated, not "
    "recognized from pictures. Everything else is real: the node, its accounts, the rulebook with the "
    "statutes it cites, the vault, the record. Each outcome below is what the node answered. Days that must "
    "pass are passed by turning the node's clock, which ends at the present."
)


def head() -> str:
    """Return what a reader must know before the first step."""
    return f"{_wrapped(HEAD)}\n"


def paragraph(number: int, step: Step) -> str:
    """Return a step as the transcript tells it."""
    lines = ["", f"{number}. {step.title}"]
    lines += [_wrapped(each, indent="   ") for each in step.sentences]
    lines.append(_wrapped(f"=> {step.outcome}", indent="   ", further="      "))
    lines += [
        _wrapped(f"{each.label} - {each.text}", indent="      ", further="        ") for each in step.shown
    ]
    return "\n".join(lines)


def document(steps: Sequence[Step], folder: Path) -> dict[str, Any]:
    """Return the story as one JSON object."""
    return {
        "schema": SCHEMA,
        "synthetic": HEAD,
        "folder": str(folder),
        "steps": [each.as_document() for each in steps],
    }


def text(steps: Sequence[Step]) -> Iterator[str]:
    """Yield the whole transcript, part by part."""
    yield head()
    for number, step in enumerate(steps, start=1):
        yield paragraph(number, step)


def _wrapped(words: str, *, indent: str = "", further: str | None = None) -> str:
    return textwrap.fill(
        words,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if further is None else further,
        break_long_words=False,
        break_on_hyphens=False,
    )

"""The folder of a demonstration: made anew each time, and never in place of anything else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gatehouse.demo import transcript
from gatehouse.demo.client import Person
from gatehouse.demo.step import Step
from gatehouse.model import BadUse
from gatehouse.signing.private_file import create_private

PEOPLE: Final = "people.json"
# Only a folder that holds this file is replaced.
MARK: Final = "SYNTHETIC-gatehouse-demo.txt"


def made_anew(folder: Path) -> Path:
    """Return an empty folder; one of an earlier demonstration is emptied, any other is `BadUse`."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise BadUse(
                "there is something else already",
                where=str(folder),
                expected="a new or an empty folder, or one of an earlier demonstration",
                hint="name another folder with --out DIR",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(f"{transcript.HEAD}\n", encoding="utf-8")
    return folder


def hand_out(folder: Path, people: Iterable[Person]) -> None:
    """Write down what lets one sign in as the people of the story, who exist nowhere else."""
    found = [
        {
            "login": each.login,
            "name": each.officer.name,
            "agency": each.officer.agency,
            "password": each.password,
            "authenticator": each.uri,
        }
        for each in people
    ]
    create_private(folder / PEOPLE, f"{json.dumps(found, indent=1)}\n".encode())


def left_behind(folder: Path, steps: Sequence[Step]) -> None:
    """Write the transcript of what was told so far, for people and for programs."""
    text = "\n".join(transcript.text(steps))
    (folder / "transcript.txt").write_text(f"{text}\n", encoding="utf-8")
    found = json.dumps(transcript.document(steps, folder), ensure_ascii=False, indent=1)
    (folder / "steps.json").write_text(f"{found}\n", encoding="utf-8")

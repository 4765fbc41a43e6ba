"""Where a figure's evidence stands in the report: anchors of files and findings, and rows grouped by file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from gatehouse.audit.document import SEVERITY_ORDER, Audit, Cite
from gatehouse.audit.report.numbers import count


def anchor(kind: str, name: str) -> str:
    """Return an id for an element, from any name."""
    return f"{kind}-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}"


@dataclass(frozen=True, slots=True)
class RowsOfFile:
    """Rows of one file as evidence; `href` leads to the file with its hash, `number` is its place there."""

    file: str
    number: int | None
    href: str | None
    rows: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the file's name without its folders."""
        return base_name(self.file)


class Evidence:
    """The anchors of one audit."""

    def __init__(self, audit: Audit) -> None:
        self._files = {file.path: index for index, file in enumerate(audit.files, start=1)}
        self._by_subject: dict[str, str] = {}
        # The gravest finding about a signal is where its figure leads.
        for finding in sorted(audit.findings, key=lambda each: SEVERITY_ORDER.index(each.severity)):
            if finding.count is None:
                continue
            for subject in (*finding.about, finding.id):
                self._by_subject.setdefault(subject, f"#{anchor('finding', finding.id)}")

    def file(self, path: str) -> str | None:
        """Return the link to a file's line, or None for a file that is not of this audit."""
        index = self._files.get(path)
        return None if index is None else f"#file-{index}"

    def subject(self, name: str) -> str:
        """Return the link to the finding about a signal, family or pathway, else to the files and hashes."""
        return self._by_subject.get(name, "#files")

    def linked(self, number: int, subject: str) -> Markup:
        """Write a count as a link to its evidence."""
        return Markup('<a class="count" href="{}">{}</a>').format(self.subject(subject), count(number))

    def grouped(self, cites: Iterable[Cite]) -> list[RowsOfFile]:
        """Group rows by file, in the order of the audit's files, rows ascending."""
        groups: dict[str, list[int]] = {}
        for cite in cites:
            groups.setdefault(cite.file, []).append(cite.row)
        last = len(self._files) + 1
        return [
            RowsOfFile(
                path, self._files.get(path), self.file(path), tuple(count(row) for row in sorted(set(rows)))
            )
            for path, rows in sorted(
                groups.items(), key=lambda item: (self._files.get(item[0], last), item[0])
            )
        ]

    def inline(self, cites: Iterable[Cite]) -> Markup:
        """Write rows for a table's cell: "file 1, row 12"."""
        parts = []
        for rows in self.grouped(cites):
            name = f"file {rows.number}" if rows.href else rows.name
            link = Markup('<a href="{}">{}</a>').format(rows.href, name) if rows.href else escape(name)
            noun = "row" if len(rows.rows) == 1 else "rows"
            parts.append(Markup("{}, {} {}").format(link, noun, "; ".join(rows.rows)))
        return Markup(" and ").join(parts)


def breakable(name: str) -> Markup:
    """Return a file's name that breaks, where a line is too short for it, between its parts."""
    # What the parts hold is escaped; the rest is this program's own.
    return Markup("<wbr>").join(part for part in re.split(r"(?<=[_./\\-])(?=[^_./\\-])", name))


def base_name(path: str) -> str:
    """Return the last part of a path; a member of an archive keeps the archive's name."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]

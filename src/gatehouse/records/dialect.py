"""How a delimited text file separates its cells, found from its first records.

A delimiter is taken because the records then look like a known export, or failing that because they
then have one width; a comma that stands in many reasons does neither.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gatehouse.records.columns import known_labels
from gatehouse.records.csvscan import scan

DELIMITERS = (",", ";", "\t", "|")
_RECORDS = 200


@dataclass(frozen=True, slots=True)
class Dialect:
    """A delimiter, whether blanks stand between it and an opening quote, and the usual number of cells."""

    delimiter: str = ","
    spaced: bool = False
    width: int = 1


def sniff(sample: bytes) -> Dialect:
    """Return the dialect of a sample of UTF-8 text that starts at the first record."""
    best, best_score = Dialect(), (-1, 0.0)
    for delimiter in DELIMITERS:
        spaced = sample.count(f'{delimiter} "'.encode()) > sample.count(f'{delimiter}"'.encode())
        dialect = Dialect(delimiter, spaced)
        records = [
            record
            for record in scan(sample, delimiter=delimiter, spaced=spaced, width=0, stop=len(sample)).records
            if any(cell.strip() for cell in record)
        ][:_RECORDS]
        # The sample ends somewhere inside its last record.
        records = records[:-1] or records
        if not records:
            continue
        widths = Counter(len(record) for record in records)
        width, times = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        labels = max(known_labels(record) for record in records)
        score = (labels, times / len(records) * width if width > 1 else 0.0)
        if score > best_score:
            best, best_score = Dialect(dialect.delimiter, spaced, width), score
    return best

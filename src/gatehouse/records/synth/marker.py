"""How an invented export says that it is invented, and how a reader sees it."""

from __future__ import annotations

from pathlib import PurePath

from gatehouse.records.frame import RecordSet

MARKER = "SYNTHETIC: invented agencies, people and searches"
FILE_PREFIX = "SYNTHETIC"


def is_synthetic(records: RecordSet) -> bool:
    """Whether any file says that it is invented: by its name, or by the marker in its first record.

    The marker stands in the moderation column, so that renaming the file does not lose it.
    """
    if any(PurePath(file.path).name.startswith(FILE_PREFIX) for file in records.files):
        return True
    moderation = records.texts.get("moderation")
    return moderation is not None and MARKER in moderation["text"]

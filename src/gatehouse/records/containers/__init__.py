"""Files that hold tables inside of something else: workbooks, archives, PDFs."""

from gatehouse.records.containers.opening import open_container

__all__ = ["open_container"]

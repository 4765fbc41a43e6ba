"""Copies of one search find each other, so that searches are counted and not rows.

How, and what it cannot know: `docs/counting-searches.md`.
"""

from gatehouse.records.link.linkage import link

__all__ = ["link"]

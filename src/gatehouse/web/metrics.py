"""Counters for Prometheus. Labels are routes, statuses and reason codes, never a plate, person or place."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gatehouse.vault.batch import ReadRefusal
from gatehouse.vault.images import ImageRefusal, ImageState

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one application, apart from those of any other in the process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "gatehouse_http_requests",
            "Requests answered, by route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "gatehouse_http_request_seconds",
            "How long requests took until their response began, by route.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.reads = Counter("gatehouse_reads_accepted", "Reads taken in.", registry=self._registry)
        self.refused = Counter(
            "gatehouse_reads_refused", "Reads refused, by reason.", ("reason",), registry=self._registry
        )
        for reason in ReadRefusal:
            # A reason that has not come up yet shows as 0, not as missing.
            self.refused.labels(reason.value)
        self.batches = Counter(
            "gatehouse_batches",
            "Batches of cameras, by how they were taken.",
            ("outcome",),
            registry=self._registry,
        )
        self.images = Counter(
            "gatehouse_images",
            "Pictures of reads, by what became of them.",
            ("outcome",),
            registry=self._registry,
        )
        for outcome in (*ImageState, *ImageRefusal):
            self.images.labels(outcome.value)
        self.searches = Counter(
            "gatehouse_searches",
            "Searches asked, by the state they came to.",
            ("state",),
            registry=self._registry,
        )
        self.streams = Gauge("gatehouse_hit_streams", "Open streams of hits.", registry=self._registry)

    def text(self) -> bytes:
        """Return all counters in the text format."""
        return generate_latest(self._registry)

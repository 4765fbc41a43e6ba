"""Probes, counters and the document of the API. None of them needs a session, and none says who or what."""

from __future__ import annotations

from starlette.responses import Response

from gatehouse.web.api.model import Told
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.metrics import MEDIA_TYPE, Metrics


class Alive(Told):
    """The process answers."""

    alive: bool


class Part(Told):
    """A part of the node, and why it cannot do its work if so."""

    part: str
    ready: bool
    why: str | None


class Ready(Told):
    """Whether the node takes searches and reads."""

    ready: bool
    parts: list[Part]


def endpoints(metrics: Metrics) -> list[Endpoint]:
    """Return the routes."""

    def counters(_call: Call) -> Response:
        """Return the counters."""
        return Response(metrics.text(), headers={"content-type": MEDIA_TYPE})

    return [
        Endpoint("GET", "/healthz", "Whether the process answers", "health", alive, {200: Alive}, roles=None),
        Endpoint(
            "GET",
            "/readyz",
            "Whether each part of the node can do its work",
            "health",
            ready,
            {200: Ready, 503: Ready},
            roles=None,
        ),
        Endpoint(
            "GET",
            "/metrics",
            "Counters for Prometheus",
            "health",
            counters,
            {200: None},
            roles=None,
            plain=True,
            media="text/plain",
        ),
    ]


def alive(_call: Call) -> Reply:
    """Answer that the process is there."""
    return Reply(Alive(alive=True))


def ready(call: Call) -> Reply:
    """Answer whether each part is ready."""
    parts = [Part(part=each.part, ready=each.ready, why=each.why) for each in call.site.health()]
    whole = all(each.ready for each in parts)
    return Reply(Ready(ready=whole, parts=parts), 200 if whole else 503)

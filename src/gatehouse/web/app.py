"""A node's web application: every route declared, guarded, counted and described.

app = create_app(node)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from threading import Event
from typing import Final

from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute

import gatehouse
from gatehouse.web import openapi
from gatehouse.web.api import (
    account,
    changes,
    countersigning,
    enrolling,
    enrollment,
    exigency,
    health,
    hits,
    holds,
    hotlists,
    images,
    reads,
    record,
    registry,
    requests,
    searches,
    session,
    signing,
)
from gatehouse.web.endpoint import Call, Endpoint
from gatehouse.web.guard import Guard
from gatehouse.web.metrics import Metrics
from gatehouse.web.ports import Site
from gatehouse.web.problem import on_http
from gatehouse.web.routing import route

TITLE: Final = "Gatehouse"
# Requests that wait for a disk, a lock or a hash at once; batches of reads have threads of their own.
THREADS: Final = 40


def endpoints(metrics: Metrics) -> list[Endpoint]:
    """Return every route of the API, but for the one of its own document."""
    return [
        reads.endpoint(metrics),
        *searches.endpoints(metrics),
        *requests.endpoints(),
        *exigency.endpoints(),
        *holds.endpoints(),
        *signing.endpoints(),
        *hotlists.endpoints(),
        *hits.endpoints(metrics),
        *images.endpoints(metrics),
        *registry.endpoints(),
        *enrolling.endpoints(),
        *changes.endpoints(),
        *record.endpoints(),
        *session.endpoints(),
        *enrollment.endpoints(),
        *account.endpoints(),
        *countersigning.endpoints(),
        *health.endpoints(metrics),
    ]


def create_app(site: Site, *, more: Sequence[BaseRoute] = ()) -> Starlette:
    """Return the application of a node. `more` are further routes, such as pages."""
    metrics = Metrics()
    known = endpoints(metrics)
    threads = CapacityLimiter(THREADS)
    text = ""

    def document(_call: Call) -> Response:
        """Return the document of the API."""
        return Response(text, media_type="application/json")

    known.append(
        Endpoint(
            "GET",
            "/openapi.json",
            "The document of this API (OpenAPI 3.1)",
            "health",
            document,
            {200: None},
            roles=None,
            plain=True,
            media="application/json",
        )
    )
    text = json.dumps(openapi.document(known, title=TITLE, version=gatehouse.__version__))
    app = Starlette(
        routes=[*(route(each, site, metrics, threads) for each in known), *more],
        middleware=[Middleware(Guard, origins=site.accounts.passkeys.relying.origins)],
        exception_handlers={HTTPException: on_http},
    )
    # Set when the server is told to end, so that streams do not keep it.
    app.state.closing = Event()
    return app

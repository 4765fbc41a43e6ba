"""From an endpoint's declaration to a route that checks who asks, reads what comes, and answers in JSON."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from typing import cast

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatehouse.model import Error
from gatehouse.node.accounts.errors import NotPermitted, SessionEnded
from gatehouse.node.sessions import Session
from gatehouse.web.bodies import LARGEST_JSON, read_model
from gatehouse.web.cookies import SESSION, forgotten
from gatehouse.web.endpoint import Call, Endpoint, Reply
from gatehouse.web.errors import RequestRefused
from gatehouse.web.metrics import Metrics
from gatehouse.web.ports import Site
from gatehouse.web.problem import faults_of, on_error, on_fault


def route(endpoint: Endpoint, site: Site, metrics: Metrics, threads: CapacityLimiter) -> Route:
    """Return the route of an endpoint; what waits for a disk or a lock runs on the given threads."""

    async def run(request: Request) -> Response:
        began = time.monotonic()
        response = await answered(request)
        labels = endpoint.method, endpoint.path
        metrics.requests.labels(*labels, str(response.status_code)).inc()
        metrics.seconds.labels(*labels).observe(time.monotonic() - began)
        return response

    async def answered(request: Request) -> Response:
        try:
            return await checked(request)
        except SessionEnded as error:
            response = on_error(request, error)
            response.headers.append("set-cookie", forgotten(SESSION))
            return response
        except Error as error:
            return on_error(request, error)
        except Exception as error:
            return on_fault(request, error)

    async def checked(request: Request) -> Response:
        token = request.cookies.get(SESSION)
        session: Session | None = None
        if endpoint.roles is not None:
            session = await run_sync(_session, site, endpoint, token, limiter=threads)
        query = None if endpoint.query is None else _query(request, endpoint)
        body = None
        if endpoint.body is not None:
            body = await read_model(request, endpoint.body, most=endpoint.largest or LARGEST_JSON)
        call = Call(
            site,
            request,
            request.client.host if request.client else "",
            request.path_params,
            body,
            query,
            session,
            token,
        )
        if endpoint.plain and inspect.iscoroutinefunction(endpoint.handle):
            return await cast("Callable[[Call], Awaitable[Response]]", endpoint.handle)(call)
        found = await run_sync(endpoint.handle, call, limiter=threads)
        if isinstance(found, Response):
            return found
        return _response(endpoint, cast("Reply", found))

    return Route(endpoint.path, run, methods=[endpoint.method], name=endpoint.name)


def _session(site: Site, endpoint: Endpoint, token: str | None) -> Session:
    """Return the session of a request, whose person must have one of the route's roles."""
    if token is None:
        raise SessionEnded("nobody is signed in", hint="sign in first")
    session = site.accounts.sessions.find(token)
    assert endpoint.roles is not None
    if endpoint.roles.isdisjoint(session.officer.roles):
        raise NotPermitted(
            "the role does not permit this",
            expected=" or ".join(sorted(role.value for role in endpoint.roles)),
            got=" and ".join(sorted(role.value for role in session.officer.roles)) or "no role",
        )
    return session


def _query(request: Request, endpoint: Endpoint) -> BaseModel:
    assert endpoint.query is not None
    pairs = request.query_params.multi_items()
    if len({name for name, _ in pairs}) < len(pairs):
        raise RequestRefused(422, "the query names something twice")
    try:
        return endpoint.query.model_validate(dict(pairs))
    except ValidationError as error:
        raise RequestRefused(422, "the query does not fit", faults=faults_of(error)) from None


def _response(endpoint: Endpoint, reply: Reply) -> Response:
    declared = endpoint.answers[reply.status]
    assert (declared is None) is (reply.body is None)
    assert declared is None or isinstance(reply.body, declared)
    content = b"" if reply.body is None else reply.body.model_dump_json(by_alias=True).encode()
    response = Response(content, reply.status, media_type=None if reply.body is None else endpoint.media)
    for name, value in reply.headers.items():
        response.headers[name] = value
    for cookie in reply.cookies:
        response.headers.append("set-cookie", cookie)
    return response

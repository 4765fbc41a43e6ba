"""What a route is: who may ask, what it takes, what it answers.

Routing, checks and `/openapi.json` all come of these declarations, so no route is undocumented and none
forgets to ask who is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gatehouse.model import Officer, Role
from gatehouse.node.sessions import Session
from gatehouse.web.ports import Site

ANYONE_SIGNED_IN: Final = frozenset(Role)
# What every route may answer beside its own.
COMMON: Final = (403, 421, 500)

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has passed every check of its route. `address` is where it comes from."""

    site: Site
    request: Request
    address: str
    path: Mapping[str, str]
    body: BaseModel | None = None
    query: BaseModel | None = None
    session: Session | None = None
    token: str | None = None

    @property
    def officer(self) -> Officer:
        """Return who is signed in; the route MUST ask for roles."""
        assert self.session is not None, "the route lets in who is not signed in"
        return self.session.officer

    def read(self, model: type[Model]) -> Model:
        """Return the body, which the route declares to be of this model."""
        assert isinstance(self.body, model)
        return self.body

    def asked(self, model: type[Model]) -> Model:
        """Return the query, which the route declares to be of this model."""
        assert isinstance(self.query, model)
        return self.query


@dataclass(frozen=True, slots=True)
class Reply:
    """A model to answer with. `cookies` are whole Set-Cookie values."""

    body: BaseModel | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route.

    `roles` None lets in anyone, without looking at a session; else one of them is needed. `answers` gives
    the model of each good status, None for an empty body; `refusals` are further statuses of problems.
    `plain` routes read the request and make the response themselves: `media` says of which type it is.
    `parameters` are further OpenAPI parameter objects, such as headers.
    """

    method: str
    path: str
    summary: str
    tag: str
    handle: Callable[[Call], Reply] | Callable[[Call], Any]
    answers: Mapping[int, type[BaseModel] | None]
    roles: frozenset[Role] | None = ANYONE_SIGNED_IN
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    refusals: tuple[int, ...] = ()
    plain: bool = False
    media: str = "application/json"
    takes: str | None = None
    parameters: tuple[Mapping[str, Any], ...] = ()
    security: str | None = None
    largest: int | None = None

    @property
    def name(self) -> str:
        """Return the operation's id: its handler's module and name."""
        return f"{self.tag}.{self.handle.__name__}"

    @property
    def problems(self) -> tuple[int, ...]:
        """Return every status that a problem may have here."""
        found = {*COMMON, *self.refusals, 503}
        if self.roles is not None:
            found.add(401)
        if self.body is not None:
            found |= {400, 408, 413, 415, 422}
        if self.query is not None:
            found.add(422)
        if self.roles is not None:
            # What a day key sealed is gone once that is destroyed.
            found.add(410)
        return tuple(sorted(found))


Plain = Callable[[Call], Response]

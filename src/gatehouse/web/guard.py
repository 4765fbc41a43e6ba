"""What every request passes before a route sees it, and every response after: ASGI middleware.

- The host must be one of the node's: a page that rebinds its own name to this address is turned away.
- A request that could change something must come from the node's own pages: `Sec-Fetch-Site` (Fetch
  Metadata) and `Origin` (RFC 6454) must both agree, and one must be there. Cameras carry no cookie and sign
  instead.
- Responses get the headers that keep them where they belong (CSP 3, HSTS, COOP, CORP), unless the route has
  set its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gatehouse.web.errors import RequestRefused
from gatehouse.web.lingering import Lingering
from gatehouse.web.problem import answer, problem_of

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Neither asks with a cookie: probes know no name of the node, cameras sign what they send.
ANY_HOST: Final = frozenset({"/healthz", "/readyz"})
SIGNED: Final = frozenset({"/reads", "/images"})

_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
_HSTS: Final = "max-age=63072000"


class Guard:
    """Middleware that lets through what comes from the node's own origins."""

    def __init__(self, app: ASGIApp, *, origins: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._hosts = frozenset(urlsplit(each).netloc for each in self._origins)
        self._headers = dict(_HEADERS)
        if all(each.startswith("https:") for each in self._origins):
            self._headers["strict-transport-security"] = _HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        lingering = Lingering(receive, with_headers)
        refused = self.refusal(scope["method"], scope["path"], Headers(scope=scope))
        if refused is None:
            await self._app(scope, lingering.receive, lingering.send)
        else:
            problem, headers = problem_of(refused)
            await answer(problem, headers)(scope, lingering.receive, lingering.send)

    def refusal(self, method: str, path: str, headers: Headers) -> RequestRefused | None:
        """Return why a request is not let through, None if it is."""
        if path in ANY_HOST:
            return None
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return RequestRefused(421, "the node has another name", expected=" or ".join(sorted(self._hosts)))
        if method in SAFE or path in SIGNED:
            return None
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is None and origin is None:
            return RequestRefused(
                403,
                "the request does not say where it comes from",
                expected="the header Origin",
                hint="a program sends the node's own origin",
            )
        if (site is not None and site not in ("same-origin", "none")) or (
            origin is not None and origin not in self._origins
        ):
            return RequestRefused(403, "the request comes from a page of another site")
        return None

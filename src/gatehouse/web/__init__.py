"""The web: what a node answers over HTTP. `docs/api.md` lists every route; pages stand on the same routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.web.app import create_app
    from gatehouse.web.ports import Site
    from gatehouse.web.serve import serve, serving

__all__ = ["Site", "create_app", "serve", "serving"]

_HOMES = {"Site": "ports", "create_app": "app", "serve": "serve", "serving": "serve"}

__getattr__ = names_of(__name__, _HOMES)

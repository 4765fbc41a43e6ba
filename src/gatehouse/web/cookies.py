"""Cookies: host-bound (`__Host-`, RFC 6265bis section 4.1.3.2), unseen by scripts, not sent from other sites.

`SameSite=Lax` and not `Strict`, since an OpenID provider sends the browser back from its own site.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

SESSION: Final = "__Host-gatehouse-session"
LOGIN: Final = "__Host-gatehouse-login"


def kept(name: str, value: str, *, life: timedelta) -> str:
    """Return a Set-Cookie value."""
    return f"{name}={value}; Path=/; Max-Age={int(life.total_seconds())}; Secure; HttpOnly; SameSite=Lax"


def forgotten(name: str) -> str:
    """Return a Set-Cookie value that removes a cookie."""
    return f"{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"

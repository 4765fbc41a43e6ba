"""Accounts: what people of the registry sign in with, and how that is lost, regained and ended.

Two factors always: a password with a one-time code, a passkey with user verification, or an OpenID provider.
`docs/accounts.md` says what is held where and what each part withstands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatehouse.on_demand import names_of

if TYPE_CHECKING:
    from gatehouse.node.accounts.accounts import Accounts
    from gatehouse.node.accounts.errors import NotPermitted, NotSignedIn, SessionEnded, TooManyAttempts
    from gatehouse.node.accounts.oidc import OidcProvider, OidcSettings
    from gatehouse.node.accounts.passkeys import RelyingParty
    from gatehouse.node.accounts.people import AccountEvent, Officers, Recorder
    from gatehouse.node.accounts.step_up import Evidence, Factor, verify_evidence

__all__ = [
    "AccountEvent",
    "Accounts",
    "Evidence",
    "Factor",
    "NotPermitted",
    "NotSignedIn",
    "Officers",
    "OidcProvider",
    "OidcSettings",
    "Recorder",
    "RelyingParty",
    "SessionEnded",
    "TooManyAttempts",
    "verify_evidence",
]

_HOMES = {
    "AccountEvent": "people",
    "Accounts": "accounts",
    "Evidence": "step_up",
    "Factor": "step_up",
    "NotPermitted": "errors",
    "NotSignedIn": "errors",
    "Officers": "people",
    "OidcProvider": "oidc",
    "OidcSettings": "oidc",
    "Recorder": "people",
    "RelyingParty": "passkeys",
    "SessionEnded": "errors",
    "TooManyAttempts": "errors",
    "verify_evidence": "step_up",
}

__getattr__ = names_of(__name__, _HOMES)

"""Sign-in through an OpenID provider: authorization code with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636).

What comes of it is a verified issuer and subject, nothing else: roles and agency are the registry's
(`subjects`). The rules of the protocol are Authlib's (PKCE, the claims of an ID token) and joserfc's
(signatures, RFC 7515). The requests are made here, since Authlib's own client stands on a successor of httpx
that this project does not use, and since each answer is bounded in size and no redirect is followed.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import (  # type: ignore[import-untyped]  # it ships no types
    create_s256_code_challenge,
)
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # it ships no types
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gatehouse.model import BadInput, PartUnavailable
from gatehouse.node.accounts.errors import NotSignedIn
from gatehouse.node.accounts.file import Clock

# Signatures only: an HMAC with the client's secret, or none, is not what a provider signs with here.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LARGEST_ANSWER: Final = 256 * 1024
LEEWAY: Final = timedelta(seconds=30)
_TIMEOUT_SECONDS: Final = 5.0
_KEPT: Final = timedelta(minutes=10)
_KEYS_AT_MOST_EVERY: Final = timedelta(seconds=30)
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """How a node signs people in at a provider.

    `redirect_uri` is the node's `/session/oidc/callback`. `max_age` is how old a sign-in at the provider may
    be; `acr_values` are asked for, and one of them must be answered; one of `required_amr` (RFC 8176, such as
    `mfa` or `hwk`) must be among the methods, if any is named.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str | None = field(default=None, repr=False)
    max_age: timedelta = timedelta(hours=8)
    acr_values: tuple[str, ...] = ()
    required_amr: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, repr=False)
class LoginRequest:
    """A sign-in under way: where the browser is sent, and what must fit when it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a provider has verified, and when."""

    issuer: str
    subject: str
    at: datetime


class OidcProvider:
    """One provider that a node trusts to say who somebody is."""

    def __init__(self, settings: OidcSettings, *, clock: Clock, http: httpx.Client | None = None) -> None:
        _check_url(settings.issuer, "the issuer")
        self.settings = settings
        self._clock = clock
        self._http = http or httpx.Client(timeout=_TIMEOUT_SECONDS)
        self._lock = Lock()
        self._metadata: tuple[datetime, Mapping[str, Any]] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def begin(self) -> LoginRequest:
        """Return where to send a browser; the caller keeps the request until it comes back."""
        endpoint = str(self._discovered()["authorization_endpoint"])
        state, nonce, verifier = (secrets.token_urlsafe(_TOKEN_BYTES) for _ in range(3))
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
            "max_age": str(int(self.settings.max_age.total_seconds())),
        }
        if self.settings.acr_values:
            query["acr_values"] = " ".join(self.settings.acr_values)
        joint = "&" if "?" in endpoint else "?"
        return LoginRequest(f"{endpoint}{joint}{urlencode(query)}", state, nonce, verifier)

    def finish(self, request: LoginRequest, answer: Mapping[str, str]) -> Subject:
        """Return whom the provider has verified, from the query that the browser came back with.

        Whatever does not fit the request is `NotSignedIn`.
        """
        metadata = self._discovered()
        if not hmac.compare_digest(answer.get("state", "").encode(), request.state.encode()):
            raise NotSignedIn("the answer belongs to another sign-in")
        # RFC 9207: whose answer it is, so that no other provider's is taken for it.
        issuer = answer.get("iss")
        promised = metadata.get("authorization_response_iss_parameter_supported") is True
        if (issuer is not None or promised) and issuer != self.settings.issuer:
            raise NotSignedIn("the answer is of another provider")
        if "error" in answer or not answer.get("code"):
            raise NotSignedIn("the provider signed nobody in")
        tokens = self._exchange(answer["code"], request, metadata)
        return self._verified(tokens, request)

    def _exchange(self, code: str, request: LoginRequest, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": request.verifier,
        }
        headers = {}
        secret, name = self.settings.client_secret, self.settings.client_id
        # OpenID Connect Discovery 1.0, section 3: without a list it is client_secret_basic.
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if secret is None:
            body["client_id"] = name
        elif "client_secret_basic" in methods:
            # RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
            pair = f"{quote(name, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            body |= {"client_id": name, "client_secret": secret}
        status, found = self._fetch("POST", str(metadata["token_endpoint"]), data=body, headers=headers)
        if 400 <= status < 500:
            raise NotSignedIn("the provider did not take the code", got=f"status {status}")
        if status != 200:
            raise _silent(f"status {status}")
        return found

    def _verified(self, tokens: Mapping[str, Any], request: LoginRequest) -> Subject:
        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise NotSignedIn("the provider gave no ID token")
        now = self._clock()
        try:
            token = self._decoded(text)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "values": [self.settings.client_id]},
                },
                {
                    "nonce": request.nonce,
                    "client_id": self.settings.client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(int(now.timestamp()), int(LEEWAY.total_seconds()))
        except JoseError as error:
            # The description may quote the token.
            raise NotSignedIn("the ID token does not hold", got=error.error) from None
        except (ValueError, TypeError):
            raise NotSignedIn("the ID token cannot be read") from None
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise NotSignedIn("the ID token names nobody")
        self._check_strength(claims, now)
        return Subject(self.settings.issuer, subject, now)

    def _decoded(self, text: str) -> jwt.Token:
        """Return a token whose signature holds; keys are fetched anew where the provider has changed them."""
        try:
            return jwt.decode(text, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            renewed = self._key_set(renew=True)
            return jwt.decode(text, renewed, algorithms=ALGORITHMS)

    def _check_strength(self, claims: Mapping[str, Any], now: datetime) -> None:
        signed_in = claims.get("auth_time")
        if signed_in is not None:
            oldest = (now - self.settings.max_age - LEEWAY).timestamp()
            if not isinstance(signed_in, int | float) or signed_in < oldest:
                raise NotSignedIn("the sign-in at the provider is too old", hint="sign in there again")
        if self.settings.acr_values and claims.get("acr") not in self.settings.acr_values:
            raise NotSignedIn(
                "the sign-in at the provider is too weak", expected=" or ".join(self.settings.acr_values)
            )
        methods = claims.get("amr")
        if self.settings.required_amr and not (
            isinstance(methods, list)
            and self.settings.required_amr.intersection(each for each in methods if isinstance(each, str))
        ):
            raise NotSignedIn(
                "the sign-in at the provider is too weak",
                expected=" or ".join(sorted(self.settings.required_amr)),
            )

    def _discovered(self) -> Mapping[str, Any]:
        """Return the provider's metadata (OpenID Connect Discovery 1.0, section 4), fetched if it is old."""
        with self._lock:
            now = self._clock()
            if self._metadata is None or not timedelta() <= now - self._metadata[0] < _KEPT:
                url = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
                status, found = self._fetch("GET", url)
                if status != 200:
                    raise _silent(f"status {status}")
                self._metadata = now, self._checked(found)
            return self._metadata[1]

    def _checked(self, found: Mapping[str, Any]) -> Mapping[str, Any]:
        if found.get("issuer") != self.settings.issuer:
            raise BadInput(
                "the provider's metadata are of another issuer",
                where=self.settings.issuer,
                expected=self.settings.issuer,
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _check_url(found.get(name), name)
        methods = found.get("code_challenge_methods_supported")
        if methods is not None and "S256" not in methods:
            raise BadInput("the provider does not know PKCE", where=self.settings.issuer, expected="S256")
        return found

    def _key_set(self, *, renew: bool = False) -> KeySet:
        url = str(self._discovered()["jwks_uri"])
        with self._lock:
            now = self._clock()
            kept = None if self._keys is None else now - self._keys[0]
            fresh = _KEYS_AT_MOST_EVERY if renew else _KEPT
            if self._keys is None or kept is None or not timedelta() <= kept < fresh:
                status, found = self._fetch("GET", url)
                if status != 200:
                    raise _silent(f"status {status}")
                try:
                    keys = KeySet.import_key_set({"keys": found["keys"]})
                except (JoseError, ValueError, TypeError, KeyError) as error:
                    raise _silent(f"keys that cannot be read ({type(error).__name__})") from None
                self._keys = now, keys
            return self._keys[1]

    def _fetch(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Mapping[str, Any]]:
        """Return status and JSON object of an answer; what is too long or no object is `PartUnavailable`."""
        body = bytearray()
        try:
            with self._http.stream(
                method, url, data=data, headers={"accept": "application/json", **(headers or {})}
            ) as response:
                for chunk in response.iter_bytes(16 * 1024):
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        raise _silent("an answer that does not end")
                status = response.status_code
        except httpx.HTTPError as error:
            raise _silent(type(error).__name__) from error
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            if status == 200:
                raise _silent("an answer that is no JSON object")
            found = {}
        return status, found


def _check_url(url: object, what: str) -> None:
    """Refuse an address that others on the way could read: https, or http on this very machine."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or not parts.hostname or parts.fragment or parts.username is not None:
        raise BadInput("an address of the OpenID provider is none", where=what, expected="an https address")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise BadInput("an address of the OpenID provider is not safe", where=what, expected="https")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _silent(got: str) -> PartUnavailable:
    return PartUnavailable(
        "the OpenID provider does not answer as it should",
        got=got,
        hint="sign in with a passkey of this node meanwhile, if you have one",
    )
